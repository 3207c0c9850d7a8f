"""What a classifier forecasts when it failed."""

from __future__ import annotations

from litellm_router_plugin.core.forecasts import ClassifierCause, Forecast


def failed_forecast(kind: ClassifierCause, tier: str | None, reason: str) -> Forecast:
    """The failure policy's forecast.

    Args:
        kind: The kind of classifier that failed.
        tier: The tier that its policy names; None: the default tier.
        reason: Why, in a word fit for a log: an exception's class, ``unparsable``, ``circuit_open``.
    """
    cause: ClassifierCause = "default" if tier is None else kind
    return Forecast(tier=tier, cause=cause, signals=(f"{kind}:failed:{reason}",), failed=True)


def reason_of(error: BaseException) -> str:
    """The class of an error in a word; of several that came together, that of the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return type(error).__name__
