"""Everything this package raises on purpose.

TierRouterError
├── ConfigError              a setting is wrong: where (path), what, how to fix it
│   └── ConfigErrors         several of them at once
├── RequestRefused           the client asked for something that cannot be; becomes a 400
│   ├── UnknownTier          a tier name that the ladder does not have
│   ├── ContradictoryBounds  the floor lies above the cap
│   ├── NoTierFits           no allowed tier can take the request (context window, modality, tools)
│   └── NotTextRequest       embeddings, images or audio on a tier router
├── NotAttached              a marker was called although no plugin is attached
├── ClassifierFailed         a classifier could not answer; the failure policy decides
├── JudgeFailed              a judge could not answer; the failure policy decides
├── ArtefactError            a model folder is missing, damaged, or of another version
├── DataError                a line of input data is wrong: file, line number, what
├── UnsupportedHost          the installed LiteLLM is outside the range this package knows
├── StoreError               the decision store cannot be opened or migrated
└── FeedbackRefused          a rating was not taken
    ├── InvalidRating        it is out of range, or not a rating
    ├── UnknownDecision      there is no such decision, or none is left
    ├── ForeignDecision      the decision is another key's
    ├── ExpiredDecision      the decision is too old to be rated
    └── FeedbackNotKept      the store cannot take it now
"""

from __future__ import annotations

from collections.abc import Sequence


class TierRouterError(Exception):
    """Base of all errors that this package raises on purpose."""


class ConfigError(TierRouterError, ValueError):
    """A setting is wrong.

    Args:
        path: Where: the key's path, such as ``smart.tiers[1].model_group``.
        problem: What is wrong.
        fix: How to mend it.
    """

    def __init__(self, path: str, problem: str, fix: str = "") -> None:
        self.path = path
        self.problem = problem
        self.fix = fix
        super().__init__(f"{path}: {problem}" + (f". {fix}" if fix else ""))


class ConfigErrors(ConfigError):
    """Several settings are wrong; ``errors`` holds each."""

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        self.errors = tuple(errors)
        super().__init__(errors[0].path, errors[0].problem, errors[0].fix)
        self.args = ("\n".join(str(error) for error in errors),)


class RequestRefused(TierRouterError, ValueError):
    """The client's request cannot be routed as it stands; the client gets a 400 with this message."""


class UnknownTier(RequestRefused):
    """A tier name that the ladder does not have."""

    def __init__(self, name: object, tiers: Sequence[str], where: str) -> None:
        self.name = name
        self.tiers = tuple(tiers)
        super().__init__(f"{where}: there is no tier {str(name)[:64]!r}. The tiers are: {', '.join(tiers)}")


class ContradictoryBounds(RequestRefused):
    """The floor lies above the cap."""

    def __init__(self, floor: str, cap: str, tiers: Sequence[str]) -> None:
        super().__init__(
            f"min_tier {floor!r} is above max_tier {cap!r}. The tiers, cheapest first, are: {', '.join(tiers)}"
        )


class NoTierFits(RequestRefused):
    """No tier that the request may use can take it."""


class NotTextRequest(RequestRefused):
    """The call is not a text generation, and a tier router routes nothing else."""


class NotAttached(TierRouterError):
    """A marker deployment was called although the plugin is not attached to its router."""


class ClassifierFailed(TierRouterError):
    """A classifier could not answer. The failure policy of its configuration decides what happens."""


class JudgeFailed(TierRouterError):
    """A judge could not answer. Its ``on_failure`` decides what happens."""


class ArtefactError(TierRouterError, ValueError):
    """A model folder is missing, damaged, or of another version; nothing of it was loaded."""


class DataError(TierRouterError, ValueError):
    """A line of input data is wrong.

    Args:
        source: The file, as the user named it.
        line: 1-based line number; 0 when the whole file is meant.
        problem: What is wrong.
    """

    def __init__(self, source: str, line: int, problem: str) -> None:
        self.source = source
        self.line = line
        self.problem = problem
        super().__init__(f"{source}:{line}: {problem}" if line else f"{source}: {problem}")


class UnsupportedHost(TierRouterError):
    """The installed LiteLLM is outside the range that this package was tested with."""


class StoreError(TierRouterError):
    """The decision store cannot be opened, read or migrated."""


class FeedbackRefused(TierRouterError):
    """A rating was not taken."""


class InvalidRating(FeedbackRefused, ValueError):
    """What was sent is not a rating, or out of range."""


class UnknownDecision(FeedbackRefused, LookupError):
    """There is no such decision, or it has left memory and store."""


class ForeignDecision(FeedbackRefused):
    """The decision is another key's. Who may not see it should be told the same as for one that is unknown."""


class ExpiredDecision(FeedbackRefused):
    """The decision is too old to be rated."""


class FeedbackNotKept(FeedbackRefused):
    """The store cannot take the rating now; the same rating may be sent again."""
