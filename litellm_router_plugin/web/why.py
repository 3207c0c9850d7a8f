"""Why a request went where it went, and why not to the next cheaper tier: a decision in sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

CLASSIFIERS: Final = ("rule", "domain", "context", "learned", "llm", "embedding", "python")
CAUSE_WORDS: Final[Mapping[str, str]] = {
    "state": "the request carries state that {tier}'s provider made, so it stays there",
    "pinned": "the request asked for {tier}",
    "experiment": "the experiment {experiment} sets {tier}",
    "default": "nothing spoke for another tier, and {tier} is the default",
    "sticky": "its conversation was on {tier} already, and stays there",
    "floor": "a cheaper tier was proposed, but the request, its key or its team sets {tier} as the lowest",
    "cap": "a dearer tier was proposed, but the request, its key or its team sets {tier} as the highest",
    "context_window": "a cheaper tier was proposed, but its context window is too small; {tier} is the next that fits",
    "modality": "a cheaper tier was proposed, but it cannot read what the messages hold; {tier} is the next that can",
    "tools": "a cheaper tier was proposed, but it cannot call tools; {tier} is the next that can",
    "tier_down": "every deployment of the proposed tier was cooling down; {tier} is the nearest healthy one",
    "break_even": "checking drafts first loses money at present, so it went straight to {tier}",
    "deadline": "the time for checking was over, so {tier}'s answer was released unchecked",
    "classifier_failed": "the classifier failed, and its failure policy says {tier}",
    "plugin_error": "deciding failed, and {tier} is the default; the log says how",
}
"""Cause -> what it means; the classifiers' causes are put together below."""


def why_tier(view: Mapping[str, object]) -> str:
    """Why a decision named the tier that it started on, and what moved it up from there."""
    start = start_tier(view)
    cause = str(view.get("cause", ""))
    text = CAUSE_WORDS.get(cause, "{cause}").format(tier=start, experiment=view.get("experiment"), cause=cause)
    if cause in CLASSIFIERS:
        signals = _names(view.get("signals"))
        text = f"the {cause} classifier proposes {start}" + (f" ({', '.join(signals)})" if signals else "")
    if view.get("escalated"):
        text += f"; {_moved_up(view, start)}"
    return f"{text[:1].upper()}{text[1:]}."


def _moved_up(view: Mapping[str, object], start: str) -> str:
    failed = next((_names(one.get("failed_checks")) for one in _attempts(view) if one.get("tier") == start), [])
    reason = f" by {', '.join(failed)}" if failed else ""
    return f"{start}'s answer was rejected{reason}, so it moved up to {view.get('tier')}"


def why_not_cheaper(view: Mapping[str, object], tiers: Sequence[str]) -> str | None:
    """What spoke against the next cheaper tier; None at the cheapest, or where the ladder is not known.

    Args:
        view: The decision in the form users see.
        tiers: Tier names, cheapest first.
    """
    tier, start = str(view.get("tier")), start_tier(view)
    if tier not in tiers or tiers.index(tier) == 0:
        return None
    cheaper = tiers[tiers.index(tier) - 1]
    tried = next((one for one in _attempts(view) if one.get("tier") == cheaper), None)
    if tried is not None:
        return _after_trying(cheaper, tried)
    if view.get("cause") not in (*CLASSIFIERS, "default"):
        return f"{_first_cap(cheaper)}: see the cause above; what the classifier thought of it did not matter."
    success = view.get("p_success")
    if isinstance(success, Mapping) and cheaper in success and start in success:
        return (
            f"{_first_cap(cheaper)}: it was expected to succeed with P = {success[cheaper]:.2f}, "
            f"against {success[start]:.2f} for {start}."
        )
    return f"{_first_cap(cheaper)}: nothing proposed it."


def _after_trying(tier: str, attempt: Mapping[str, object]) -> str:
    failed = _names(attempt.get("failed_checks"))
    if attempt.get("status") == "failed":
        return f"{_first_cap(tier)}: it was tried, and its provider failed."
    if failed:
        return f"{_first_cap(tier)}: it was tried, and its answer was rejected by {', '.join(failed)}."
    return f"{_first_cap(tier)}: it was tried, and its answer was not accepted."


def start_tier(view: Mapping[str, object]) -> str:
    """The tier that a decision started on; the first one called where that was not kept."""
    first = next((str(one.get("tier")) for one in _attempts(view)), "")
    return str(view.get("start_tier") or first or view.get("tier"))


def _attempts(view: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = view.get("attempts")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _names(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _first_cap(name: str) -> str:
    return f"Not {name}"
