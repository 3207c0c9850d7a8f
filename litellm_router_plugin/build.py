"""From settings to running objects: the only place that picks implementations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from litellm_router_plugin.build_checks import Graders, OnFault, build_graders
from litellm_router_plugin.build_classifiers import build_classifier
from litellm_router_plugin.config.base import Settings
from litellm_router_plugin.config.classifiers import may_suspend
from litellm_router_plugin.config.tier_router import TierRouterConfig
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.ports import Classifier
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ConfigError, TierRouterError


@dataclass(frozen=True, slots=True)
class Policy:
    """A tier router ready to decide: its settings and what was built from them."""

    name: str
    config: TierRouterConfig
    ladder: Ladder
    classifier: Classifier
    graders: Graders | None = None

    @property
    def asks_models(self) -> bool:
        """Whether deciding may call a model, or a user's code that may await something."""
        return may_suspend(self.config.classifier)


def build_policy(
    name: str,
    config: TierRouterConfig,
    prices: Mapping[str, Price | None],
    *,
    on_fault: OnFault,
    checker: object = None,
) -> Policy:
    """Build everything that a tier router needs.

    Args:
        name: The model name that clients call.
        config: Its settings.
        prices: Tier name -> price; None where unknown.
        on_fault: Counts failures of checks, checkers and judges.
        checker: A checker given in code.

    Raises:
        ConfigError: A setting names something that cannot be built: a pattern, a file, an artefact, a class.
    """
    ladder = config.ladder
    where = f"{name}.classifier"

    def learned(settings: Settings, ladder: Ladder, path: str) -> Classifier:
        return build_learned(settings, ladder, prices, path)

    try:
        classifier = build_classifier(config.classifier, ladder, learned=learned, where=where)
    except ConfigError:
        raise
    except TierRouterError as error:  # a file or an artefact that cannot be used: the settings named it
        raise ConfigError(where, str(error)) from error
    graders = None
    if config.cascade is not None:
        graders = build_graders(config.cascade, f"{name}.cascade", on_fault, checker)
    return Policy(name, config, ladder, classifier, graders)


def build_learned(settings: Settings, ladder: Ladder, prices: Mapping[str, Price | None], where: str) -> Classifier:
    """The learned classifier for a ladder at its prices."""
    raise ConfigError(where, f"{type(settings).__name__} cannot be built yet", str(prices and ladder and ""))
