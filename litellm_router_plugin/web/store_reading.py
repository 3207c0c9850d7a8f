"""Reads the store, and beside it what this process still has in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.exc import SQLAlchemyError

from litellm_router_plugin.core.experiment_runs import RunDefinition
from litellm_router_plugin.errors import StoreError
from litellm_router_plugin.ledger.experiment_views import experiments_view
from litellm_router_plugin.store.filters import Filters
from litellm_router_plugin.store.reading import StoreReader
from litellm_router_plugin.store.store import Store
from litellm_router_plugin.web.memory_reading import MemoryReader
from litellm_router_plugin.web.reading import Figures, Page, Selection, Yardstick

Pending = Callable[[str | None, str | None], int]


class StoredReader:
    """A `DecisionReader` over the store.

    Args:
        store: The database; it is made where it is not there yet, so that a new proxy shows empty figures.
        memory: Knows decisions that are not written yet.
        pending: How many requests of a router and a key are not in the database yet.
    """

    def __init__(self, store: Store, memory: MemoryReader, pending: Pending) -> None:
        self._store = store
        self._memory = memory
        self._pending = pending

    def summary(self, chosen: Selection, by: Yardstick) -> Figures:
        """Figures of all workers and proxies."""
        return self._reader().summary(
            _filters(chosen),
            baseline=by.baseline,
            tiers=by.tiers,
            pending=self._pending(chosen.router, chosen.owner_key),
        )

    def series(self, bucket: str, chosen: Selection, by: Yardstick) -> Figures:
        """Figures over time, of all workers and proxies."""
        return self._reader().series(bucket, _filters(chosen), baseline=by.baseline)

    def experiments(self, chosen: Selection, running: Sequence[RunDefinition]) -> Figures:
        """The experiments, over the decisions of all workers and proxies."""
        runs = self._reader().experiments(_filters(chosen))
        pending = self._pending(chosen.router, chosen.owner_key)
        return experiments_view(runs, running, scope="store", pending=pending)

    def observed(self, chosen: Selection, tiers: Sequence[str]) -> Figures:
        """What routing would have done, over the decisions of all workers and proxies."""
        return self._reader().observed_figures(_filters(chosen), tiers)

    def quality(self, by: str, bucket: str, chosen: Selection) -> Figures:
        """Ratings and verdicts over time, of all workers and proxies."""
        return self._reader().quality(by, bucket, _filters(chosen))

    def decisions(self, chosen: Selection, page: Page) -> Figures:
        """A page of stored decisions, the latest first."""
        found = self._reader().decisions(
            _filters(chosen), before=page.before, size=page.size, cause=page.cause, escalated=page.escalated
        )
        listed = found["decisions"]
        return {**found, "decisions": [_as_kept(one) for one in listed] if isinstance(listed, list) else []}

    def decision(self, decision_id: str) -> Figures | None:
        """A decision: its facts from memory while they are there, which are the latest, and the rest from the store."""
        fresh = self._memory.decision(decision_id)
        try:
            stored = self._reader().decision(decision_id)
        except StoreError:
            if fresh is None:
                raise
            return fresh
        if fresh is None:
            return None if stored is None else _as_kept(stored)
        return {**(stored or {}), **fresh}

    def _reader(self) -> StoreReader:
        try:
            self._store.prepare()
        except SQLAlchemyError as error:
            raise StoreError(f"{self._store.name}: it cannot be reached now. Ask again when it is up") from error
        return self._store.reader


def _as_kept(view: Figures) -> Figures:
    """A stored decision without what was not kept: the cascade's state is kept with the tier it started on."""
    return view if view.get("start_tier") else {**view, "cascade": None}


def _filters(chosen: Selection) -> Filters:
    return Filters(
        since=chosen.since,
        until=chosen.until,
        router=chosen.router,
        owner_key=chosen.owner_key,
        team=chosen.team,
        tier=chosen.tier,
        route=chosen.route,
    )
