"""Settings of the classifiers, one variant a kind, told apart by ``type``; combinations nest them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from litellm_router_plugin.config.base import DottedPath, LocalPath, Settings
from litellm_router_plugin.config.learned import LearnedSettings

Words: TypeAlias = tuple[Annotated[str, Field(min_length=1, max_length=1_000)], ...]
"""Patterns or keywords; the limit in characters keeps one of them readable and its program small."""
TimeoutS: TypeAlias = Annotated[float, Field(gt=0, le=60)]
Count: TypeAlias = Annotated[int, Field(ge=0)]


class RulesSettings(Settings):
    """Patterns and keywords for tiers; the highest tier that fires wins.

    Attributes:
        patterns: Tier -> regular expressions (RE2 syntax, case ignored). Absent: the shipped ones; ``{}``: none.
        keywords: Tier -> words or phrases, matched whole, case ignored. Absent: the shipped ones; ``{}``: none.
        scope: What is read: the last user message, or the system prompt and all turns.
    """

    type: Literal["rules"]
    patterns: dict[str, Words] | None = None
    keywords: dict[str, Words] | None = None
    scope: Literal["last_user", "all"] = "last_user"


class DomainEntry(Settings):
    """One domain.

    Attributes:
        patterns: Regular expressions (RE2 syntax, case ignored).
        keywords: Words or phrases, matched whole, case ignored.
        tier: The tier of its requests. Absent: the default tier.
    """

    patterns: Words = ()
    keywords: Words = ()
    tier: str | None = None


class DomainSettings(Settings):
    """Domains told apart by patterns and keywords; each has its tier.

    Attributes:
        domains: Domain -> what tells it, and its tier. Absent: the shipped ones.
        fallback: The domain of a request in which nothing matches.
    """

    type: Literal["domain"]
    domains: Annotated[dict[str, DomainEntry], Field(min_length=1)] | None = None
    fallback: str = "general"

    @model_validator(mode="after")
    def _fallback_is_a_domain(self) -> DomainSettings:
        if self.domains is not None and self.fallback not in {*self.domains, "general"}:
            known = ", ".join(self.domains)
            raise ValueError(f"fallback {self.fallback!r} is not one of the domains; name one of {known}, or general")
        return self


class ContextLimits(Settings):
    """What a conversation may hold before it goes up; a limit that is absent does not count.

    Attributes:
        words: Words of all turns.
        code_blocks: Fenced code blocks of all turns.
        turns: Messages without the system prompt.
        tools: Tools on offer.
    """

    words: Count | None = None
    code_blocks: Count | None = None
    turns: Count | None = None
    tools: Count | None = None

    @model_validator(mode="after")
    def _has_a_limit(self) -> ContextLimits:
        if not self.model_fields_set:
            raise ValueError(f"no limit is given; set at least one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def given(self) -> dict[str, int]:
        """The limits that are set, by what they measure."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


class ContextSettings(Settings, extra="allow"):
    """Size of the whole conversation; every other key is a tier's name and holds its `ContextLimits`.

    Over any limit of a tier the request goes at least to that tier. No tier named: the shipped limits.
    """

    type: Literal["context"]
    __pydantic_extra__: dict[str, ContextLimits] = Field(init=False)

    @property
    def limits(self) -> dict[str, ContextLimits]:
        """Tier -> its limits, as written."""
        return dict(self.__pydantic_extra__ or {})


class LlmSettings(Settings):
    """A model reads the request and names a tier.

    Attributes:
        model: The model group that is asked.
        prompt_file: The instructions, with ``$tiers`` and ``$boundary`` in them. Absent: the shipped ones.
        timeout_s: Seconds after which the failure policy decides.
        on_failure: The tier when the model fails or says no tier. Absent: the default tier.
        cache_ttl_s: Seconds that a verdict on the same text is reused; 0: never.
    """

    type: Literal["llm"]
    model: Annotated[str, Field(min_length=1)]
    prompt_file: LocalPath | None = None
    timeout_s: TimeoutS = 2.0
    on_failure: str | None = None
    cache_ttl_s: Annotated[float, Field(ge=0)] = 300.0


class EmbeddingSettings(Settings):
    """The nearest labelled examples vote.

    Attributes:
        model: The embedding model group.
        examples: JSONL file of ``{"text" or "prompt", "tier"}``.
        k: How many examples vote.
        timeout_s: Seconds after which the failure policy decides.
        on_failure: The tier when the embedding fails. Absent: the default tier.
    """

    type: Literal["embedding"]
    model: Annotated[str, Field(min_length=1)]
    examples: LocalPath
    k: Annotated[int, Field(ge=1, le=1_000)] = 5
    timeout_s: TimeoutS = 2.0
    on_failure: str | None = None


class PythonSettings(Settings):
    """A class of the user's own.

    Attributes:
        path: Where it is: ``package.module.Class``.
        settings: Keyword arguments of its constructor.
        timeout_s: Seconds that an asynchronous ``classify`` may take.
        on_failure: The tier when it raises, runs out of time or returns nonsense. Absent: the default tier.
    """

    type: Literal["python"]
    path: DottedPath
    settings: dict[str, object] = Field(default_factory=dict)
    timeout_s: TimeoutS = 2.0
    on_failure: str | None = None


MAX_PARTS = 16
"""Classifiers of one combination; each may add its time to every request."""


def _some(parts: tuple[Settings, ...]) -> tuple[Settings, ...]:
    if not 1 <= len(parts) <= MAX_PARTS:
        raise ValueError(f"expected 1 to {MAX_PARTS} classifiers, found {len(parts)}")
    return parts


class HighestSettings(Settings):
    """The highest tier that any of several classifiers proposes."""

    type: Literal["highest"]
    of: Annotated[tuple[ClassifierSettings, ...], AfterValidator(_some)]


class FirstSettings(Settings):
    """The first of several classifiers that says something other than the default tier."""

    type: Literal["first"]
    of: Annotated[tuple[ClassifierSettings, ...], AfterValidator(_some)]


class HybridSettings(Settings):
    """A local classifier, and a second one where the first does not know.

    Attributes:
        local: Asked first.
        llm: Asked when ``local`` proposes nothing, abstains, fails, or is not confident enough.
        ask_below: The confidence below which ``llm`` is asked.
    """

    type: Literal["hybrid"]
    local: ClassifierSettings
    llm: ClassifierSettings
    ask_below: Annotated[float, Field(ge=0, le=1)] = 0.6


KINDS: Mapping[str, type[Settings]] = {
    "rules": RulesSettings,
    "domain": DomainSettings,
    "context": ContextSettings,
    "llm": LlmSettings,
    "learned": LearnedSettings,
    "embedding": EmbeddingSettings,
    "python": PythonSettings,
    "highest": HighestSettings,
    "first": FirstSettings,
    "hybrid": HybridSettings,
}
"""``type`` -> its settings."""


def _by_type(raw: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> object:
    """Hand on to the model that ``type`` names, so that error paths hold the user's own keys and nothing else."""
    if isinstance(raw, Settings):
        return handler(raw)
    if not isinstance(raw, Mapping):
        message = f"expected a classifier such as {{type: rules}}, found {type(raw).__name__}"
        raise PydanticCustomError("classifier_type", "{message}", {"message": message})
    kind = raw.get("type")
    if isinstance(kind, str) and kind in KINDS:
        return KINDS[kind].model_validate(raw, context=info.context)
    raise _unknown_kind(kind)


def _unknown_kind(kind: object) -> ValidationError:
    known = ", ".join(KINDS)
    if kind is None:
        message = f"this key is required; it says which kind of classifier it is, one of: {known}"
    else:
        close = difflib.get_close_matches(str(kind), KINDS, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        message = f"there is no classifier {str(kind)[:64]!r}. The kinds are: {known}.{hint}"
    error = PydanticCustomError("classifier_type", "{message}", {"message": message})
    return ValidationError.from_exception_data("classifier", [InitErrorDetails(type=error, loc=("type",), input=kind)])


ClassifierSettings: TypeAlias = Annotated[
    Annotated[
        RulesSettings
        | DomainSettings
        | ContextSettings
        | LlmSettings
        | LearnedSettings
        | EmbeddingSettings
        | PythonSettings
        | HighestSettings
        | FirstSettings
        | HybridSettings,
        Field(discriminator="type"),
    ],
    WrapValidator(_by_type),
]
"""Any classifier's settings."""

for _combination in (HighestSettings, FirstSettings, HybridSettings):
    _combination.model_rebuild()


def parts(settings: Settings) -> Iterator[tuple[str, Settings]]:
    """The classifiers directly inside a combination, as (path, settings); none of any other kind."""
    if isinstance(settings, HighestSettings | FirstSettings):
        for index, part in enumerate(settings.of):
            yield f"of[{index}]", part
    elif isinstance(settings, HybridSettings):
        yield "local", settings.local
        yield "llm", settings.llm


def tier_names(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every tier that a classifier's settings name, as (path of the key inside these settings, tier name)."""
    if isinstance(settings, RulesSettings):
        yield from ((f"patterns.{tier}", tier) for tier in settings.patterns or ())
        yield from ((f"keywords.{tier}", tier) for tier in settings.keywords or ())
    elif isinstance(settings, DomainSettings):
        for name, domain in (settings.domains or {}).items():
            if domain.tier is not None:
                yield f"domains.{name}.tier", domain.tier
    elif isinstance(settings, ContextSettings):
        yield from ((tier, tier) for tier in settings.limits)
    elif isinstance(settings, LlmSettings | EmbeddingSettings | PythonSettings) and settings.on_failure is not None:
        yield "on_failure", settings.on_failure
    for where, part in parts(settings):
        yield from ((f"{where}.{path}", tier) for path, tier in tier_names(part))


def may_suspend(settings: Settings) -> bool:
    """Whether a forecast may wait for something, so that it needs a running event loop."""
    if isinstance(settings, LlmSettings | EmbeddingSettings | PythonSettings):
        return True
    return any(may_suspend(part) for _, part in parts(settings))
