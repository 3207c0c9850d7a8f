"""What the API reads from: the store where there is one, else this process's memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from litellm_router_plugin.core.experiment_runs import RunDefinition

PAGE_SIZE = 50
MAX_PAGE_SIZE = 500

Figures = dict[str, object]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which decisions are meant; None leaves a field open.

    Attributes:
        since: Wall time in seconds from which on decisions were made.
        until: Wall time before which they were made.
        owner_key: Hash of the key that asked.
        tier: The tier that answered.
    """

    since: float | None = None
    until: float | None = None
    router: str | None = None
    owner_key: str | None = None
    team: str | None = None
    tier: str | None = None
    route: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of a list of decisions, and which decisions are on it.

    Attributes:
        before: ``next`` of the page before; None is the first page.
        size: Decisions on the page.
        cause: Only those with this cause.
        escalated: Only those that moved up, or only those that did not.
    """

    before: str | None = None
    size: int = PAGE_SIZE
    cause: str | None = None
    escalated: bool | None = None


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What figures are laid out by.

    Attributes:
        baseline: The tier or model that savings are measured against; None: what the decisions name.
        tiers: Tier names, cheapest first; None: those that the decisions were made with.
    """

    baseline: str | None = None
    tiers: Sequence[str] | None = None


class DecisionReader(Protocol):
    """Reads decisions. All methods may block, and raise `StoreError` when they cannot read."""

    def summary(self, chosen: Selection, by: Yardstick) -> Figures:
        """Requests, tokens, costs, savings and ratings."""
        ...

    def series(self, bucket: str, chosen: Selection, by: Yardstick) -> Figures:
        """Figures over time by ``hour`` or ``day`` (UTC): ``points``, oldest first, of buckets with a request."""
        ...

    def experiments(self, chosen: Selection, running: Sequence[RunDefinition]) -> Figures:
        """The experiments, those that run and those that have traffic; see `ledger.experiment_views`."""
        ...

    def observed(self, chosen: Selection, tiers: Sequence[str]) -> Figures:
        """What routing would have done with requests in observe mode; see `ledger.observed`."""
        ...

    def quality(self, by: str, bucket: str, chosen: Selection) -> Figures:
        """Ratings and verdicts over time by ``tier``, ``route`` or ``model``; see `ledger.quality_views`."""
        ...

    def decisions(self, chosen: Selection, page: Page) -> Figures:
        """``decisions``, the latest first, and ``next``, null on the last page.

        Raises:
            ValueError: ``page.before`` is not what a page gave.
        """
        ...

    def decision(self, decision_id: str) -> Mapping[str, object] | None:
        """A decision with its ``owner``, ``prompt`` and ``ratings``, as far as they are kept; None when unknown."""
        ...
