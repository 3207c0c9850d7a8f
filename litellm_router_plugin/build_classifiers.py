"""From a classifier's settings to the running classifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

from litellm_router_plugin.config.base import Settings
from litellm_router_plugin.config.classifiers import (
    ContextSettings,
    DomainSettings,
    EmbeddingSettings,
    FirstSettings,
    HighestSettings,
    HybridSettings,
    LlmSettings,
    PythonSettings,
    RulesSettings,
    parts,
)
from litellm_router_plugin.config.learned import LearnedSettings
from litellm_router_plugin.core.ports import Classifier
from litellm_router_plugin.core.tiers import Ladder

BuildLearned: TypeAlias = Callable[[LearnedSettings, Ladder, str], Classifier]
"""Makes the learned classifier from its settings, the ladder and the path of the settings."""


def build_classifier(
    settings: Settings, ladder: Ladder, *, learned: BuildLearned, where: str = "classifier"
) -> Classifier:
    """The classifier that some settings describe.

    Args:
        settings: One of the variants of `ClassifierSettings`.
        ladder: The tiers.
        learned: Makes the learned variant.
        where: Path of the settings; errors are told under it.

    Raises:
        ConfigError: A pattern, prompt file or dotted path that cannot be used.
        DataError: A file of examples that cannot be used.
        UnknownTier: A tier that the ladder does not have.
    """
    if inner := dict(parts(settings)):
        built = {
            key: build_classifier(part, ladder, learned=learned, where=f"{where}.{key}") for key, part in inner.items()
        }
        return _combination(settings, ladder, built)
    match settings:
        case RulesSettings() | DomainSettings() | ContextSettings():
            return _local(settings, ladder, where)
        case LlmSettings() | EmbeddingSettings():
            return _by_a_model(settings, ladder, where)
        case PythonSettings():
            return _python(settings, ladder, where)
        case LearnedSettings():
            return learned(settings, ladder, where)
    raise TypeError(f"no settings of a classifier: {type(settings).__name__}")


def _combination(settings: Settings, ladder: Ladder, built: dict[str, Classifier]) -> Classifier:
    from litellm_router_plugin.classifiers import combined  # noqa: PLC0415  only the kinds in use are loaded

    match settings:
        case HybridSettings(ask_below=ask_below):
            return combined.HybridClassifier(built["local"], built["llm"], ask_below=ask_below)
        case HighestSettings():
            return combined.HighestClassifier(ladder, tuple(built.values()))
        case FirstSettings():
            return combined.FirstClassifier(tuple(built.values()))
    raise TypeError(f"no combination of classifiers: {type(settings).__name__}")


def _local(settings: RulesSettings | DomainSettings | ContextSettings, ladder: Ladder, where: str) -> Classifier:
    from litellm_router_plugin.classifiers import context, domain, rules  # noqa: PLC0415  only the kinds in use

    match settings:
        case RulesSettings(patterns=patterns, keywords=keywords, scope=scope):
            return rules.RulesClassifier(ladder, patterns=patterns, keywords=keywords, scope=scope, where=where)
        case ContextSettings():
            limits = {tier: cast("context.Limits", of.given) for tier, of in settings.limits.items()}
            return context.ContextClassifier(ladder, limits=limits, where=where)
        case DomainSettings(domains=None, fallback=fallback):
            return domain.DomainClassifier(ladder, fallback=fallback, where=where)
    domains = {name: domain.Domain(of.patterns, of.keywords, of.tier) for name, of in (settings.domains or {}).items()}
    return domain.DomainClassifier(ladder, domains=domains, fallback=settings.fallback, where=where)


def _by_a_model(settings: LlmSettings | EmbeddingSettings, ladder: Ladder, where: str) -> Classifier:
    if isinstance(settings, LlmSettings):
        from litellm_router_plugin.classifiers import llm  # noqa: PLC0415  only the kinds in use are loaded

        return llm.LlmClassifier(
            ladder,
            model=settings.model,
            prompt_file=settings.prompt_file,
            timeout_s=settings.timeout_s,
            on_failure=settings.on_failure,
            cache_ttl_s=settings.cache_ttl_s,
            where=where,
        )
    from litellm_router_plugin.classifiers import embedding  # noqa: PLC0415  numpy, for this kind only

    return embedding.EmbeddingClassifier(
        ladder,
        model=settings.model,
        examples=settings.examples,
        k=settings.k,
        timeout_s=settings.timeout_s,
        on_failure=settings.on_failure,
        where=where,
    )


def _python(settings: PythonSettings, ladder: Ladder, where: str) -> Classifier:
    from litellm_router_plugin.classifiers import python  # noqa: PLC0415  only the kinds in use are loaded

    return python.PythonClassifier(
        ladder,
        python.construct(settings.path, settings.settings, where),
        timeout_s=settings.timeout_s,
        on_failure=settings.on_failure,
        where=where,
    )
