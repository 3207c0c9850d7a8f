"""The guard that stops a cascade which loses money, and lets it run again once it pays.

One state belongs to one router and one start tier. What is tested is the mean net saving of a request: the cost of
going straight to the tier that the cascade escalates to, minus all that the cascade cost. Costs have heavy tails, so
no finite sample bounds their mean. Hence each request is weighed by ``min(1, limit / size)``, where its size is the
larger of its two costs and the limit is `SIZE_LIMIT` times the mean size before it: a request beyond the limit keeps
its relative saving and counts as if it were of that size. Exactly what is claimed:

- While every request has, given what went before, an expected *weighed* net saving of at least 0, the guard ever stops
  the cascade with probability at most 1 - confidence, in each phase, however often it is asked.
- That is the same as not losing money where the relative saving does not depend on whether a request is beyond the
  limit; where the few largest requests are much better or much worse than the rest, it is not.
- The cost of going straight up is an estimate (the served answer's tokens at the other tier's prices); the guard can
  be no better than it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from litellm_router_plugin.core import state_fields
from litellm_router_plugin.core.evidence import SignEvidence
from litellm_router_plugin.core.sequential import BernoulliRate
from litellm_router_plugin.core.state_fields import JsonState

SIZE_LIMIT = 3.0
"""Times the mean request size beyond which a request counts as that size. A choice: at log-normal costs with sigma 1
it touches about 5 % of the requests; smaller limits decide sooner, larger ones weigh large requests more fully."""
WARM_UP = 10
"""First requests of a state, which only set the size limit and are not tested."""
PROBE_EVERY = 50
"""One request in so many still runs a bypassed cascade: enough to notice a change, cheap enough to lose."""

NO_TRIALS = BernoulliRate()
NO_EVIDENCE = SignEvidence()


class Standing(StrEnum):
    """What the evidence says of a cascade."""

    PAYING = "paying"
    LOSING = "losing"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class CascadeOutcome:
    """What one request cost through the cascade, and what it would have cost without.

    Attributes:
        cascade_usd: All of it: drafts, checks, judge, second opinions, and the final answer.
        direct_usd: The served answer's tokens at the prices of the tier that the cascade escalates to.
        accepted: The start tier's answer was served.
    """

    cascade_usd: float
    direct_usd: float
    accepted: bool

    @property
    def size_usd(self) -> float:
        """The larger of both costs: the net saving cannot be further from 0 than that."""
        return max(self.cascade_usd, self.direct_usd)

    @property
    def is_priced(self) -> bool:
        """Whether both costs are known amounts."""
        return all(math.isfinite(cost) and cost >= 0 for cost in (self.cascade_usd, self.direct_usd))


@dataclass(frozen=True, slots=True)
class BreakEvenState:
    """Everything the guard remembers of one router and start tier, in one phase.

    Phases are counted from 0. In even ones the cascade runs, in odd ones it is bypassed but for probes. A new phase
    starts with no evidence.

    Attributes:
        phase: The phase that the counts belong to.
        acceptance: Requests of this phase, and how many the start tier's answer served.
        unpriced: Requests left out because a cost was unknown, negative or not finite.
        cascade_usd: What the requests of this phase cost.
        direct_usd: What they would have cost, going straight up.
        sized: Requests of all phases that set the size limit.
        size_usd: Their sizes' sum.
        evidence: On the sign of the mean weighed net saving.
    """

    phase: int = 0
    acceptance: BernoulliRate = NO_TRIALS
    unpriced: int = 0
    cascade_usd: float = 0.0
    direct_usd: float = 0.0
    sized: int = 0
    size_usd: float = 0.0
    evidence: SignEvidence = NO_EVIDENCE

    def with_outcome(self, outcome: CascadeOutcome) -> BreakEvenState:
        """This state after one more request that ran the cascade. One without known costs is only counted."""
        if not outcome.is_priced:
            return replace(self, unpriced=self.unpriced + 1)
        return BreakEvenState(
            phase=self.phase,
            acceptance=self.acceptance.with_value(outcome.accepted),
            unpriced=self.unpriced,
            cascade_usd=self.cascade_usd + outcome.cascade_usd,
            direct_usd=self.direct_usd + outcome.direct_usd,
            sized=self.sized + 1,
            size_usd=self.size_usd + outcome.size_usd,
            evidence=self._tested(outcome),
        )

    def _tested(self, outcome: CascadeOutcome) -> SignEvidence:
        if self.sized < WARM_UP or not self.size_usd:
            return self.evidence
        limit = SIZE_LIMIT * self.size_usd / self.sized
        saving = (outcome.direct_usd - outcome.cascade_usd) / max(limit, outcome.size_usd)
        return self.evidence.with_value(saving)

    def merged(self, other: BreakEvenState) -> BreakEvenState:
        """The states of two processes together; of different phases the later one counts alone.

        The guarantee holds when the processes' requests are independent of each other and none is in both states.
        """
        if self.phase != other.phase:
            return max(self, other, key=lambda state: state.phase)
        return BreakEvenState(
            phase=self.phase,
            acceptance=self.acceptance.merged(other.acceptance),
            unpriced=self.unpriced + other.unpriced,
            cascade_usd=self.cascade_usd + other.cascade_usd,
            direct_usd=self.direct_usd + other.direct_usd,
            sized=self.sized + other.sized,
            size_usd=self.size_usd + other.size_usd,
            evidence=self.evidence.merged(other.evidence),
        )

    @property
    def is_bypassed(self) -> bool:
        """Whether only probes run the cascade in this phase."""
        return self.phase % 2 == 1

    @property
    def requests(self) -> int:
        """Requests of this phase whose costs are known."""
        return self.acceptance.trials

    @property
    def net_saving_usd(self) -> float:
        """What the cascade saved in this phase, unweighed; negative when it lost."""
        return self.direct_usd - self.cascade_usd

    def in_phase(self, phase: int) -> BreakEvenState:
        """A state of a later phase: no evidence, the same size limit. Of its own or an earlier one: this state."""
        if phase <= self.phase:
            return self
        return BreakEvenState(phase=phase, sized=self.sized, size_usd=self.size_usd)

    def to_json(self) -> JsonState:
        """This state as plain values."""
        return {
            "phase": self.phase,
            "acceptance": self.acceptance.to_json(),
            "unpriced": self.unpriced,
            "cascade_usd": self.cascade_usd,
            "direct_usd": self.direct_usd,
            "sized": self.sized,
            "size_usd": self.size_usd,
            "evidence": self.evidence.to_json(),
        }

    @staticmethod
    def from_json(data: Mapping[str, object]) -> BreakEvenState:
        """The state that `to_json` wrote; raises `DataError` when it is damaged."""
        return BreakEvenState(
            phase=state_fields.integer(data, "phase"),
            acceptance=BernoulliRate.from_json(state_fields.part(data, "acceptance")),
            unpriced=state_fields.integer(data, "unpriced"),
            cascade_usd=state_fields.amount(data, "cascade_usd"),
            direct_usd=state_fields.amount(data, "direct_usd"),
            sized=state_fields.integer(data, "sized"),
            size_usd=state_fields.amount(data, "size_usd"),
            evidence=SignEvidence.from_json(state_fields.part(data, "evidence")),
        )


def verdict(state: BreakEvenState, confidence: float = 0.95) -> Standing:
    """Whether the cascade pays, as far as this phase shows. May be asked after every request.

    A cascade that paid and no longer does has evidence both ways; the one that calls for a change counts.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence: {confidence!r} does not lie between 0 and 1; 0.95 is usual")
    needed = 1.0 / (1.0 - confidence)
    shown = {
        Standing.LOSING: state.evidence.below.value >= needed,
        Standing.PAYING: state.evidence.above.value >= needed,
    }
    order = reversed(shown) if state.is_bypassed else iter(shown)
    return next((standing for standing in order if shown[standing]), Standing.UNDECIDED)


def advanced(view: BreakEvenState, confidence: float = 0.95) -> BreakEvenState:
    """The state with its phase brought up to date: a losing cascade is bypassed, a paying bypassed one runs again."""
    calls_for_change = Standing.PAYING if view.is_bypassed else Standing.LOSING
    if verdict(view, confidence) is calls_for_change:
        return view.in_phase(view.phase + 1)
    return view


def joint_view(own: BreakEvenState, others: Iterable[BreakEvenState], confidence: float = 0.95) -> BreakEvenState:
    """What all processes know together, its phase brought up to date.

    Each process keeps only its own requests in its own state, publishes it, and moves it to the phase that this view
    shows with ``own.in_phase(view.phase)``. So no request is ever counted twice.
    """
    view = own
    for other in others:
        view = view.merged(other)
    return advanced(view, confidence)


def is_probe(decision_id: str, every: int = PROBE_EVERY) -> bool:
    """Whether this request runs the cascade although it is bypassed. The same answer in every process."""
    digest = hashlib.blake2b(decision_id.encode(), digest_size=8, person=b"break-even-probe").digest()
    return int.from_bytes(digest, "big") % every == 0


def runs_cascade(view: BreakEvenState, decision_id: str, every: int = PROBE_EVERY) -> bool:
    """Whether a request runs the cascade; if not, the decision's cause is ``break_even``."""
    return not view.is_bypassed or is_probe(decision_id, every)
