"""Reads the decisions that this process still has in memory, for proxies that run without a store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from litellm_router_plugin.core.experiment_runs import RunDefinition
from litellm_router_plugin.ledger.experiment_sums import runs_of
from litellm_router_plugin.ledger.experiment_views import experiments_view
from litellm_router_plugin.ledger.ledger import Ledger
from litellm_router_plugin.ledger.observed import Observation, observed_figures
from litellm_router_plugin.ledger.quality_views import quality_view
from litellm_router_plugin.ledger.rating_book import RatingBook
from litellm_router_plugin.ledger.ratings import ratings_by_route, ratings_by_tier
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.ledger.totals import Totals, summary
from litellm_router_plugin.ledger.views import decision_view
from litellm_router_plugin.store.fixed_tiers import best_fixed_tier, fixed_tier_figures
from litellm_router_plugin.web.cursor import cursor_after, place_of, read_cursor
from litellm_router_plugin.web.memory_figures import acceptance_by_check, series_of, totals_of
from litellm_router_plugin.web.memory_quality import quality_cells
from litellm_router_plugin.web.reading import MAX_PAGE_SIZE, Figures, Page, Selection, Yardstick


class MemoryReader:
    """A `DecisionReader` over the ledger: the latest decisions of this process, and what it was told of them.

    Args:
        ledger: The decisions.
        book: The ratings.
    """

    def __init__(self, ledger: Ledger, book: RatingBook) -> None:
        self._ledger = ledger
        self._book = book

    def summary(self, chosen: Selection, by: Yardstick) -> Figures:
        """Figures of this process; over a period, those of the decisions that are still in memory."""
        records = self._finished(chosen)
        tiers = _tiers(records) if by.tiers is None else list(by.tiers)
        totals = self._totals(chosen, records)
        groups = self._book.groups(chosen.router, chosen.owner_key)
        baseline = _baseline(records) if by.baseline is None else by.baseline
        pending = self._ledger.pending(chosen.router, chosen.owner_key)
        return {
            **summary(totals, baseline=baseline, tiers=tiers, scope="worker", pending=pending),
            **fixed_tier_figures(totals, tiers, groups),
            "acceptance_by_check": acceptance_by_check(records),
            "ratings_by_tier": ratings_by_tier(groups, tiers),
            "ratings_by_route": ratings_by_route(groups),
            "routers": list(dict.fromkeys(record.router for record in records)),
            "since": chosen.since,
            "until": chosen.until,
        }

    def series(self, bucket: str, chosen: Selection, by: Yardstick) -> Figures:
        """Figures over time, of the decisions that are still in memory."""
        records = self._finished(chosen)
        tiers = _tiers(records) if by.tiers is None else list(by.tiers)
        groups = self._book.groups(chosen.router, chosen.owner_key)
        best = best_fixed_tier(self._totals(chosen, records), tiers, groups)
        baseline = _baseline(records) if by.baseline is None else by.baseline
        return series_of(bucket, records, baseline=baseline, fixed=best[0] if best else None, tiers=tiers)

    def experiments(self, chosen: Selection, running: Sequence[RunDefinition]) -> Figures:
        """The experiments, over the decisions that are still in memory."""
        runs = runs_of(self._finished(chosen), self._book.entries())
        pending = self._ledger.pending(chosen.router, chosen.owner_key)
        return experiments_view(runs, running, scope="worker", pending=pending)

    def observed(self, chosen: Selection, tiers: Sequence[str]) -> Figures:
        """What routing would have done, over the decisions that are still in memory."""
        observation = Observation()
        for record in self._finished(chosen):
            observation.add(record)
        return observed_figures(observation, tiers)

    def quality(self, by: str, bucket: str, chosen: Selection) -> Figures:
        """Ratings and verdicts over time, of the decisions that are still in memory."""
        return quality_view(by, bucket, quality_cells(self._finished(chosen), self._book, by))

    def decisions(self, chosen: Selection, page: Page) -> Figures:
        """A page of the decisions in memory, the latest first."""
        found = [record for record in self._records(chosen) if _is_on(record, page)]
        found.sort(key=place_of, reverse=True)
        if page.before is not None:
            before = read_cursor(page.before)
            found = [record for record in found if place_of(record) < before]
        size = max(1, min(page.size, MAX_PAGE_SIZE))
        shown = found[:size]
        return {
            "decisions": [_view(record) for record in shown],
            "next": cursor_after(shown[-1]) if len(found) > size else None,
        }

    def decision(self, decision_id: str) -> Figures | None:
        """A decision that is in memory."""
        self._ledger.sweep()
        record = self._ledger.decision(decision_id)
        return None if record is None else _view(record)

    def _totals(self, chosen: Selection, records: Iterable[DecisionRecord]) -> Totals:
        """The ledger's own totals where they tell it; they also count what has left memory."""
        if Selection(router=chosen.router, owner_key=chosen.owner_key) == chosen:
            return self._ledger.totals(chosen.router, chosen.owner_key)
        return totals_of(records)

    def _finished(self, chosen: Selection) -> list[DecisionRecord]:
        return [record for record in self._records(chosen) if record.cost_state != "pending"]

    def _records(self, chosen: Selection) -> list[DecisionRecord]:
        self._ledger.sweep()
        return [record for record in in_memory(self._ledger) if is_meant(record, chosen)]


def in_memory(ledger: Ledger) -> list[DecisionRecord]:
    """The records that a ledger holds, oldest first; they are the ledger's own and must not be changed."""
    with ledger._lock:  # noqa: SLF001  the ledger offers no way yet to list its decisions
        return list(ledger._decisions.values())  # noqa: SLF001  same


def is_meant(record: DecisionRecord, chosen: Selection) -> bool:
    """Whether a decision is among those that are meant."""
    wanted = (
        (chosen.router, record.router),
        (chosen.owner_key, record.owner.key),
        (chosen.team, record.owner.team),
        (chosen.tier, record.tier),
        (chosen.route, record.route),
    )
    if any(value is not None and value != found for value, found in wanted):
        return False
    starts_in = chosen.since is None or record.created_at >= chosen.since
    return starts_in and (chosen.until is None or record.created_at < chosen.until)


def _is_on(record: DecisionRecord, page: Page) -> bool:
    fits = page.cause in (None, record.cause)
    return fits and page.escalated in (None, record.escalated)


def _view(record: DecisionRecord) -> Figures:
    owner = record.owner
    whose = {"key": owner.key, "user": owner.user, "team": owner.team, "end_user": owner.end_user}
    return {**decision_view(record), "owner": whose}


def _tiers(records: Sequence[DecisionRecord]) -> list[str]:
    """Tier names of the latest ladders first, then those that older ones had besides."""
    return list(dict.fromkeys(name for one in reversed(records) for name in one.tiers or one.prices))


def _baseline(records: Iterable[DecisionRecord]) -> str:
    """What savings are measured against where all decisions name the same; else empty, and savings are unknown."""
    names = {record.baseline for record in records}
    return names.pop() if len(names) == 1 else ""
