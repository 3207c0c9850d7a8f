"""Which tier a request starts on, and why: one pure function over what is known.

Precedence: provider state > pin > experiment > classifier > sticky (raises) > floor (raises) > cap (lowers) > hard
capability (raises; where nothing above fits, lowers to the floor) > tier health (next healthy tier up, else down). The
cause names the last rule that set the tier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, get_args

from litellm_router_plugin.core.forecasts import NOTHING_FIRED, Forecast
from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ContradictoryBounds, NoTierFits

Cause = Literal[
    "state",
    "pinned",
    "experiment",
    "rule",
    "domain",
    "context",
    "learned",
    "llm",
    "embedding",
    "python",
    "default",
    "sticky",
    "floor",
    "cap",
    "context_window",
    "modality",
    "tools",
    "tier_down",
    "break_even",
    "deadline",
    "classifier_failed",
    "plugin_error",
]
CAUSES: tuple[str, ...] = get_args(Cause)

Lack = Literal["context_window", "modality", "tools"]
"""What a tier's deployments lack for a request."""

LACK_WORDS: Mapping[Lack, str] = MappingProxyType(
    {
        "context_window": "its context window is too small for this request",
        "modality": "it cannot read what the messages hold besides text",
        "tools": "it cannot call tools",
    }
)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the client asked for by header or metadata; tier names are checked against the ladder."""

    tier: str | None = None
    min_tier: str | None = None
    max_tier: str | None = None
    cascade: bool | None = None
    conversation: str | None = None
    route: str | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """A floor and a cap, as rungs; None where there is none."""

    floor: int | None = None
    cap: int | None = None

    def narrowed(self, other: Bounds) -> Bounds:
        """Both bounds together: the highest floor and the lowest cap."""
        if other.floor is None and other.cap is None:
            return self
        floors = [rung for rung in (self.floor, other.floor) if rung is not None]
        caps = [rung for rung in (self.cap, other.cap) if rung is not None]
        return Bounds(max(floors, default=None), min(caps, default=None))


@dataclass(frozen=True, slots=True)
class DecisionInputs:
    """Everything a decision depends on.

    Attributes:
        has_state: The request carries provider-bound state.
        state_tier: The tier that made that state; None where the maker is unknown.
        pin: The tier that the client asked for.
        experiment_tier: The tier that an experiment's arm sets.
        forecast: What the classifier said.
        loop_tier: The tier whose tool call is being answered: it is kept.
        sticky_tier: The tier that the conversation goes on with, where that is not the proposed one.
        client: The client's own floor and cap.
        owner: The floor and cap of key and team; the boundary that a client cannot pass.
        lacks: Tier name -> what its deployments lack for this request.
        unhealthy: Names of tiers whose deployments are all cooling down.
    """

    has_state: bool = False
    state_tier: str | None = None
    pin: str | None = None
    experiment_tier: str | None = None
    forecast: Forecast = NOTHING_FIRED
    loop_tier: str | None = None
    sticky_tier: str | None = None
    client: Bounds = Bounds()
    owner: Bounds = Bounds()
    lacks: Mapping[str, Lack] = field(default_factory=empty, hash=False)
    unhealthy: frozenset[str] = frozenset()

    def with_unhealthy(self, tier: str) -> DecisionInputs:
        """These inputs, and one more tier known to be cooling down."""
        return replace(self, unhealthy=self.unhealthy | {tier})


@dataclass(frozen=True, slots=True)
class Choice:
    """A rung and the rule that set it."""

    rung: int
    cause: Cause


def choose_tier(ladder: Ladder, default_tier: str, inputs: DecisionInputs) -> Choice:
    """The tier that a request starts on.

    Raises:
        UnknownTier: A name in the inputs is not on the ladder.
        ContradictoryBounds: The client's floor lies above its cap.
        NoTierFits: No tier that the request may use can take it.
    """
    if inputs.has_state:
        maker = inputs.state_tier if inputs.state_tier in ladder.names else None  # its tier may have been renamed since
        return Choice(ladder.rung(maker or default_tier), "state")
    check_bounds(ladder, inputs.client)
    choice = proposed_choice(ladder, default_tier, inputs)
    choice = _kept_by_conversation(ladder, choice, inputs)
    choice = _bounded(choice, inputs.client.narrowed(inputs.owner))
    choice = _capable(ladder, choice, inputs)
    return healthy_choice(ladder, choice, inputs)


def check_bounds(ladder: Ladder, bounds: Bounds) -> None:
    """Refuse a floor above a cap; raises `ContradictoryBounds`."""
    if bounds.floor is not None and bounds.cap is not None and bounds.floor > bounds.cap:
        raise ContradictoryBounds(ladder[bounds.floor].name, ladder[bounds.cap].name, ladder.names)


def proposed_choice(ladder: Ladder, default_tier: str, inputs: DecisionInputs) -> Choice:
    """What pin, experiment or classifier propose, before anything raises or lowers it."""
    if inputs.pin is not None:
        return Choice(ladder.rung(inputs.pin), "pinned")
    if inputs.experiment_tier is not None:
        return Choice(ladder.rung(inputs.experiment_tier), "experiment")
    forecast = inputs.forecast
    rung = ladder.rung(forecast.tier or default_tier)
    if forecast.failed:
        return Choice(rung, "classifier_failed")
    return Choice(rung, forecast.cause if forecast.tier else "default")


def _kept_by_conversation(ladder: Ladder, choice: Choice, inputs: DecisionInputs) -> Choice:
    if inputs.pin is not None:
        return choice
    kept = inputs.loop_tier or inputs.sticky_tier
    if kept is None or kept not in ladder.names or ladder.rung(kept) == choice.rung:
        return choice
    return Choice(ladder.rung(kept), "sticky")


def _bounded(choice: Choice, bounds: Bounds) -> Choice:
    """Raised to the floor, then lowered to the cap: where a floor lies above a cap, the cap is the boundary."""
    if bounds.floor is not None and choice.rung < bounds.floor:
        choice = Choice(bounds.floor, "floor")
    if bounds.cap is not None and choice.rung > bounds.cap:
        choice = Choice(bounds.cap, "cap")
    return choice


def _cap_of(ladder: Ladder, inputs: DecisionInputs) -> int:
    cap = inputs.client.narrowed(inputs.owner).cap
    return len(ladder) - 1 if cap is None else cap


def _lowest_of(ladder: Ladder, choice: Choice, inputs: DecisionInputs) -> int:
    """The lowest rung that a request may be moved down to: its floor, or the tier that the client pinned."""
    floor = inputs.client.narrowed(inputs.owner).floor or 0
    pinned = 0 if inputs.pin is None else ladder.rung(inputs.pin)
    return min(choice.rung, max(floor, pinned))


def _capable(ladder: Ladder, choice: Choice, inputs: DecisionInputs) -> Choice:
    """The choice, or the next tier up that can take the request, else the next one down that is allowed."""
    lack = inputs.lacks.get(ladder[choice.rung].name)
    if lack is None:
        return choice
    lowest, cap = _lowest_of(ladder, choice, inputs), _cap_of(ladder, inputs)
    for rung in (*range(choice.rung + 1, cap + 1), *range(choice.rung - 1, lowest - 1, -1)):
        if ladder[rung].name not in inputs.lacks:
            return Choice(rung, lack)
    raise NoTierFits(_why_none_fits(ladder, cap, inputs.lacks))


def _why_none_fits(ladder: Ladder, cap: int, lacks: Mapping[str, Lack]) -> str:
    reasons = []
    for rung, tier in enumerate(ladder):
        if rung > cap:
            reason = "above the cap of this request"
        elif tier.name in lacks:
            reason = LACK_WORDS[lacks[tier.name]]
        else:  # else it would have been taken
            reason = "below the lowest tier that this request may use"
        reasons.append(f"{tier.name}: {reason}")
    return "no tier can take this request. " + "; ".join(reasons)


def healthy_choice(ladder: Ladder, choice: Choice, inputs: DecisionInputs) -> Choice:
    """The choice, or the next healthy tier up that may take the request, else the next one down.

    Where no tier is healthy the choice stands, and the host reports its own error.
    """
    if ladder[choice.rung].name not in inputs.unhealthy:
        return choice
    cap = _cap_of(ladder, inputs)
    upwards: Sequence[int] = range(choice.rung + 1, cap + 1)
    downwards: Sequence[int] = range(choice.rung - 1, -1, -1)
    for rung in (*upwards, *downwards):
        name = ladder[rung].name
        if name not in inputs.unhealthy and name not in inputs.lacks:
            return Choice(rung, "tier_down")
    return choice
