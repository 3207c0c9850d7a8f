"""Why a prompt gets its tier and not the next cheaper one, in words and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from litellm_router_plugin.core.decisions import LACK_WORDS, Cause, Lack
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.tiers import Ladder

CAPABILITIES = ("context_window", "modality", "tools")


@dataclass(frozen=True)
class Explanation:
    """A decision and its reasons.

    Attributes:
        router: The tier router.
        tier: The tier it chose.
        cause: Why, from the closed list of causes.
        why: The same in words.
        why_not_cheaper: What speaks against the next cheaper tier; empty at the cheapest.
        signals: What fired.
        p_success: Tier -> P(its model answers well enough), where estimated.
        difficulty: 0..1, where estimated.
        confidence: 0..1, where estimated.
        lacks: Tier -> what it cannot take of this request.
    """

    router: str
    tier: str
    cause: str
    why: str
    why_not_cheaper: str
    signals: tuple[str, ...] = ()
    p_success: Mapping[str, float] = field(default_factory=dict)
    difficulty: float | None = None
    confidence: float | None = None
    lacks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decided:
    """What an explanation is made from: a decision and everything that it depended on."""

    router: str
    ladder: Ladder
    default_tier: str
    rung: int
    cause: Cause
    forecast: Forecast
    lacks: Mapping[str, Lack]


def explain_decision(decided: Decided) -> Explanation:
    """The reasons of a decision that was made on a prompt alone."""
    forecast = decided.forecast
    return Explanation(
        router=decided.router,
        tier=decided.ladder[decided.rung].name,
        cause=decided.cause,
        why=_why(decided),
        why_not_cheaper=_why_not_cheaper(decided),
        signals=forecast.signals,
        p_success=dict(forecast.p_success),
        difficulty=forecast.difficulty,
        confidence=forecast.confidence,
        lacks={tier: LACK_WORDS[lack] for tier, lack in decided.lacks.items()},
    )


def _why(decided: Decided) -> str:
    tier, proposed = decided.ladder[decided.rung].name, decided.forecast.tier or decided.default_tier
    if decided.cause in CAPABILITIES:
        return f"{proposed} was proposed, but {LACK_WORDS[decided.lacks[proposed]]}; {tier} is the next one that fits"
    if decided.cause == "plugin_error":
        return f"deciding failed, and {tier} is the default; the log says how"
    if decided.cause == "classifier_failed":
        return f"the classifier failed, and its failure policy says {tier}"
    if decided.cause == "default":
        return f"nothing speaks for another tier, and {tier} is the default"
    fired = f": {', '.join(decided.forecast.signals)}" if decided.forecast.signals else ""
    return f"the {decided.cause} classifier proposes {tier}{fired}"


def _why_not_cheaper(decided: Decided) -> str:
    if decided.rung == 0:
        return ""
    cheaper, tier = (decided.ladder[rung].name for rung in (decided.rung - 1, decided.rung))
    if cheaper in decided.lacks:
        return f"{cheaper}: {LACK_WORDS[decided.lacks[cheaper]]}"
    forecast = decided.forecast
    if cheaper in forecast.p_success and tier in forecast.p_success:
        success = forecast.p_success
        return f"{cheaper}: its model succeeds with P = {success[cheaper]:.2f}, that of {tier} with {success[tier]:.2f}"
    if decided.cause == "default":
        return f"{cheaper}: the default is {tier}, and nothing proposed {cheaper}"
    named = [signal for signal in forecast.signals if signal.startswith(f"{tier}:")] or list(forecast.signals)
    if named:
        return (
            f"{cheaper}: {', '.join(named)} fired; had nothing fired, it would be the default, {decided.default_tier}"
        )
    return f"{cheaper}: it was not proposed"


def in_words(told: Explanation) -> str:
    """An explanation as lines for a terminal."""
    lines = [f"{told.router}: {told.tier} (cause {told.cause})", f"  why: {told.why}"]
    if told.why_not_cheaper:
        lines.append(f"  why not cheaper: {told.why_not_cheaper}")
    if told.p_success:
        estimates = ", ".join(f"{tier} {share:.2f}" for tier, share in told.p_success.items())
        lines.append(f"  P(success): {estimates}")
    for name, value in (("difficulty", told.difficulty), ("confidence", told.confidence)):
        if value is not None:
            lines.append(f"  {name}: {value:.2f}")
    return "\n".join(lines)
