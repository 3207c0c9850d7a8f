"""What became of a request in shadow mode: the calls that routing would have made, made after the answer was served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from litellm_router_plugin.ledger.records import DecisionRecord

ShadowState = Literal["done", "over_cap", "unpriced", "failed", "late", "stopped"]
"""``done``: the path was walked to its end. ``over_cap``: the day's money was spent. ``unpriced``: a call has no known
price and was not made. ``failed``: a provider or the plugin failed. ``late``: too much waited, or it took too long.
``stopped``: the process ended."""
STATES: tuple[str, ...] = get_args(ShadowState)


@dataclass(frozen=True, slots=True)
class ShadowStep:
    """One answer on the path that routing would have taken.

    Attributes:
        tier: Whose answer.
        call_id: The call that made it.
        served: It is the answer that the client got; otherwise it was made for the shadow alone.
        verdict: What the graders said; empty where it would have been served ungraded.
        by: Who said so.
        quality: Their estimate, 0..1, where there is one.
    """

    tier: str
    call_id: str
    served: bool = False
    verdict: str = ""
    by: str = ""
    quality: float | None = None


@dataclass(frozen=True, slots=True)
class ShadowRun:
    """The path of one request.

    Attributes:
        tier: The tier that would have been served; empty unless the path was walked to its end.
        escalated: Whether the cascade would have moved up.
        steps: The answers on the path, in order.
        calls: Ids of every call that was made for the shadow, the graders' included.
    """

    state: ShadowState
    tier: str = ""
    escalated: bool = False
    steps: tuple[ShadowStep, ...] = ()
    calls: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """This run as plain values."""
        steps = [{name: getattr(step, name) for name in ShadowStep.__slots__} for step in self.steps]
        return {
            "state": self.state,
            "tier": self.tier,
            "escalated": self.escalated,
            "steps": steps,
            "calls": list(self.calls),
        }


def shadow_of(record: DecisionRecord) -> ShadowRun | None:
    """What became of a request in shadow mode; None for one that was not sampled, or whose note cannot be read."""
    note: Mapping[str, Any] = record.shadow
    if note.get("state") not in STATES:
        return None
    try:
        steps = tuple(ShadowStep(**step) for step in note.get("steps", ()))
    except TypeError:  # written by another version
        return None
    return ShadowRun(note["state"], note.get("tier", ""), bool(note.get("escalated")), steps, tuple(note["calls"]))


def cost_of_calls(record: DecisionRecord, ids: Sequence[str]) -> Decimal | None:
    """USD of some calls of a request; None where one is missing or its cost is unknown."""
    known = {call.call_id: call.cost for call in record.calls}
    costs = [known.get(call_id) for call_id in ids]
    return None if any(cost is None for cost in costs) else sum((one for one in costs if one is not None), Decimal(0))


def shadow_spend(record: DecisionRecord) -> Decimal:
    """USD known to have been spent on shadow calls for a request."""
    ids = set(record.shadow.get("calls", ()))  # type: ignore[call-overload]  # a list, as `to_json` writes it
    return sum((call.cost for call in record.calls if call.call_id in ids and call.cost is not None), Decimal(0))
