"""Reads the store: summaries of any period, decisions with every call, ratings, series for charts.

Everything here blocks on the database: call it in a thread where an event loop runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from litellm_router_plugin.core.experiment_runs import Run
from litellm_router_plugin.ledger.observed import Observation, observed_figures
from litellm_router_plugin.ledger.outcome_pairs import Rated
from litellm_router_plugin.ledger.quality_views import quality_view
from litellm_router_plugin.ledger.ratings import RatingGroup, ratings_by_route, ratings_by_tier
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.ledger.shadow import shadow_spend
from litellm_router_plugin.ledger.totals import summary
from litellm_router_plugin.ledger.views import decision_view
from litellm_router_plugin.store.check_figures import acceptance_by_check
from litellm_router_plugin.store.database import Database
from litellm_router_plugin.store.filters import EVERYTHING, Filters
from litellm_router_plugin.store.fixed_tiers import best_fixed_tier, fixed_tier_figures
from litellm_router_plugin.store.location import failure
from litellm_router_plugin.store.placements import arm_sums, runs_in
from litellm_router_plugin.store.quality_sums import quality_cells
from litellm_router_plugin.store.rows import AnyRow, record_of
from litellm_router_plugin.store.schema import calls, decisions, feedback, price_lists, prompts, states
from litellm_router_plugin.store.series import series_of
from litellm_router_plugin.store.sums import (
    PriceList,
    Split,
    decision_groups,
    price_lists_of,
    totals_of,
    verdict_groups,
)

SHADOWED = decisions.c.details.like('%"shadow":%')
"""Decisions with a note on shadow mode."""
MAX_OBSERVED = 20_000
"""Observed decisions that a report is made from, the latest; about two seconds' reading."""
PAGE_SIZE = 50
MAX_PAGE_SIZE = 500


class StoreReader:
    """Reads one database. Each method sees one moment of it; all raise `StoreError` when it cannot be read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            with self._database.reading().begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            cause = str(error).partition("\n")[0][:300]
            raise failure(self._database.name, f"it cannot be read now ({cause})", "Try again when it is up") from error

    def summary(
        self,
        filters: Filters = EVERYTHING,
        *,
        baseline: str | None = None,
        tiers: Sequence[str] | None = None,
        pending: int = 0,
    ) -> dict[str, object]:
        """Requests, tokens, costs, savings and ratings of the decisions that are meant, of all workers and proxies.

        The form is that of `ledger.totals.summary`, with ``scope`` ``store``, and beside it the savings against the
        best fixed tier, acceptance by check, ratings by tier and by route, and ``routers``.

        Args:
            filters: Which decisions.
            baseline: What savings are measured against. Absent: what the decisions name, where all name the same.
            tiers: Tier names, cheapest first. Absent: those that the decisions were made with.
            pending: Requests of this process that are not in the store yet.
        """
        with self._connection() as connection:
            groups, verdicts = decision_groups(connection, filters), verdict_groups(connection, filters)
            lists = price_lists_of(connection, groups)
            ratings = self._rating_groups(connection, filters)
            arms = arm_sums(connection, filters)
        names = list(tiers) if tiers is not None else _tiers(lists)
        totals = totals_of(groups, verdicts, lists)
        for arm, (requests, cost) in arms.items():
            totals.note_arm(arm, requests, cost)
        chosen = baseline if baseline is not None else _baseline(lists)
        result = summary(totals, baseline=chosen, tiers=names, scope="store", pending=pending)
        return {
            **result,
            **fixed_tier_figures(totals, names, ratings),
            "acceptance_by_check": acceptance_by_check(verdicts),
            "ratings_by_tier": ratings_by_tier(ratings, names),
            "ratings_by_route": ratings_by_route(ratings),
            "routers": list(dict.fromkeys(one.router for one in lists.values())),
            "since": filters.since,
            "until": filters.until,
        }

    def series(self, bucket: str, filters: Filters = EVERYTHING, *, baseline: str | None = None) -> dict[str, object]:
        """Figures over time for charts, by ``hour`` or ``day`` (UTC).

        Returns:
            ``points``, oldest first, of those buckets in which there was a request, and ``best_fixed_tier``, the one
            of the whole period, against which every point is measured.

        Raises:
            ValueError: ``bucket`` is neither.
        """
        by: Split = "hour" if bucket == "hour" else "day"
        with self._connection() as connection:
            groups, verdicts = decision_groups(connection, filters, by), verdict_groups(connection, filters, by)
            lists = price_lists_of(connection, groups)
            ratings = self._rating_groups(connection, filters)
        chosen = baseline if baseline is not None else _baseline(lists)
        best = best_fixed_tier(totals_of(groups, (), lists), _tiers(lists), ratings)
        fixed = best[0] if best else None
        return series_of(bucket, groups, verdicts, lists, baseline=chosen, fixed=fixed, tiers=_tiers(lists))

    def decisions(
        self,
        filters: Filters = EVERYTHING,
        *,
        before: str | None = None,
        size: int = PAGE_SIZE,
        cause: str | None = None,
        escalated: bool | None = None,
    ) -> dict[str, object]:
        """A page of decisions, the latest first.

        Args:
            filters: Which decisions.
            before: ``next`` of the page before; absent: the first page.
            size: Decisions on the page, at most `MAX_PAGE_SIZE`.
            cause: Only those with this cause.
            escalated: Only those that moved up, or only those that did not.

        Returns:
            ``decisions``, in the form of `ledger.views.decision_view` with the owner beside it, and ``next``, null on
            the last page.

        Raises:
            ValueError: ``before`` is not what a page gave.
        """
        size = max(1, min(size, MAX_PAGE_SIZE))
        conditions = [*filters.on(decisions), *filters.between(decisions.c.created_at)]
        if cause is not None:
            conditions.append(decisions.c.cause == cause)
        if escalated is not None:
            conditions.append(decisions.c.escalated == int(escalated))
        if before is not None:
            moment, decision_id = _read_cursor(before)
            same = and_(decisions.c.created_at == moment, decisions.c.decision_id < decision_id)
            conditions += [decisions.c.created_at <= moment, or_(decisions.c.created_at < moment, same)]
        order = (decisions.c.created_at.desc(), decisions.c.decision_id.desc())
        with self._connection() as connection:
            query = select(decisions).where(*conditions).order_by(*order).limit(size + 1)
            rows = connection.execute(query).mappings().all()
            records = self._records(connection, rows[:size])
        last = rows[size - 1] if len(rows) > size else None
        return {
            "decisions": [{**decision_view(record), "owner": _owner(record)} for record in records],
            "next": f"{last['created_at']!r}:{last['decision_id']}" if last else None,
        }

    def record(self, decision_id: str) -> DecisionRecord | None:
        """A decision with its calls; None when it is not stored."""
        with self._connection() as connection:
            rows = connection.execute(select(decisions).where(decisions.c.decision_id == decision_id)).mappings().all()
            return next(iter(self._records(connection, rows)), None)

    def decision(self, decision_id: str) -> dict[str, object] | None:
        """A decision in the form users see, with what was kept of its prompt and its ratings; None when not stored."""
        record = self.record(decision_id)
        if record is None:
            return None
        with self._connection() as connection:
            kept = connection.execute(select(prompts).where(prompts.c.decision_id == decision_id)).mappings().first()
            given = connection.execute(select(feedback).where(feedback.c.decision_id == decision_id)).mappings().all()
        return {
            **decision_view(record),
            "owner": _owner(record),
            "prompt": kept["text"] if kept else None,
            "features": orjson.loads(kept["features"]) if kept and kept["features"] else None,
            "ratings": [
                {name: row[name] for name in ("rater", "kind", "value", "score", "comment", "updated_at")}
                for row in given
            ],
        }

    def shadow_spend(self, router: str, since: float) -> Decimal:
        """USD known to have been spent on shadow calls by a tier router since a moment."""
        conditions = [decisions.c.router == router, decisions.c.mode == "observe", decisions.c.created_at >= since]
        with self._connection() as connection:
            rows = connection.execute(select(decisions).where(*conditions, SHADOWED)).mappings().all()
            return sum((shadow_spend(record) for record in self._records(connection, rows)), Decimal(0))

    def observed(self, filters: Filters = EVERYTHING, limit: int = MAX_OBSERVED) -> list[DecisionRecord]:
        """The latest decisions that were only observed, the latest first."""
        conditions = [*filters.on(decisions), *filters.between(decisions.c.created_at), decisions.c.mode == "observe"]
        query = select(decisions).where(*conditions).order_by(decisions.c.created_at.desc()).limit(limit)
        with self._connection() as connection:
            return self._records(connection, connection.execute(query).mappings().all())

    def observed_figures(self, filters: Filters, tiers: Sequence[str]) -> dict[str, object]:
        """What routing would have done with requests in observe mode; see `ledger.observed`."""
        records, observation = self.observed(filters), Observation()
        for record in records:
            observation.add(record)
        names = list(tiers) or list(dict.fromkeys(name for record in records for name in record.tiers))
        return observed_figures(observation, names, is_cut=len(records) == MAX_OBSERVED)

    def quality(self, by: str, bucket: str, filters: Filters = EVERYTHING) -> dict[str, object]:
        """Ratings and verdicts over time by ``tier``, ``route`` or ``model``; see `ledger.quality_views`."""
        with self._connection() as connection:
            return quality_view(by, bucket, quality_cells(connection, filters, by))

    def monitoring(self, router: str | None = None) -> dict[str, Any]:
        """Drift monitors and applied steps, as the processes that write here last kept them."""
        with self._connection() as connection:
            kept = {row["name"]: orjson.loads(row["value"]) for row in connection.execute(select(states)).mappings()}
        monitors = [
            one["view"] for name, value in kept.items() if name.startswith("monitors/") for one in value["monitors"]
        ]
        steps = [one for name, value in kept.items() if name.startswith("steps/") for one in value["steps"]]
        return {
            "monitors": [one for one in monitors if router in (None, one["router"])],
            "steps": [one for one in steps if router in (None, one["router"])],
        }

    def outcomes(self, router: str, limit: int = MAX_OBSERVED) -> tuple[list[Rated], list[DecisionRecord]]:
        """The latest rated decisions of a tier router, and the latest whose answers a judge read."""
        scores = (
            select(feedback.c.decision_id, func.avg(feedback.c.score).label("score"))
            .where(feedback.c.router == router)
            .group_by(feedback.c.decision_id)
            .subquery()
        )
        latest = decisions.c.created_at.desc()
        rated = select(decisions, scores.c.score).join(scores, scores.c.decision_id == decisions.c.decision_id)
        asked = select(calls.c.decision_id).where(calls.c.role == "judge")
        judged = select(decisions).where(decisions.c.router == router, decisions.c.decision_id.in_(asked))
        with self._connection() as connection:
            rows = connection.execute(rated.order_by(latest).limit(limit)).mappings().all()
            given = {row["decision_id"]: float(row["score"]) for row in rows}
            found = [Rated(record, given[record.decision_id]) for record in self._records(connection, rows)]
            others = connection.execute(judged.order_by(latest).limit(limit)).mappings().all()
            return found, self._records(connection, others)

    def decision_of_call(self, call_id: str) -> str | None:
        """The decision that a LiteLLM call was made for; None when it is not stored."""
        with self._connection() as connection:
            found = connection.execute(select(calls.c.decision_id).where(calls.c.call_id == call_id)).scalars().first()
        return None if found is None else str(found)

    def experiments(self, filters: Filters = EVERYTHING) -> list[Run]:
        """The runs of experiments with the decisions that are meant, by tier router, key, team and period."""
        with self._connection() as connection:
            return runs_in(connection, filters)

    def ratings(self, filters: Filters = EVERYTHING) -> list[RatingGroup]:
        """Ratings by tier and route of the decisions that are meant."""
        with self._connection() as connection:
            return self._rating_groups(connection, filters)

    def _rating_groups(self, connection: Connection, filters: Filters) -> list[RatingGroup]:
        conditions = [*filters.on(feedback), *filters.between(feedback.c.decided_at)]
        keys = (feedback.c.tier, feedback.c.route)
        query = (
            select(*keys, func.count(), func.sum(feedback.c.score)).where(*conditions).group_by(*keys).order_by(*keys)
        )
        return [
            RatingGroup(tier, route, count, float(total)) for tier, route, count, total in connection.execute(query)
        ]

    def _records(self, connection: Connection, rows: Sequence[AnyRow]) -> list[DecisionRecord]:
        ids = [row["decision_id"] for row in rows]
        of_ids = select(calls).where(calls.c.decision_id.in_(ids)).order_by(calls.c.decision_id, calls.c.position)
        made: dict[str, list[AnyRow]] = {}
        for call in connection.execute(of_ids).mappings():
            made.setdefault(call["decision_id"], []).append(call)
        wanted = {row["price_list"] for row in rows}
        lists = connection.execute(select(price_lists).where(price_lists.c.id.in_(wanted))).mappings()
        by_id: dict[str, AnyRow] = {row["id"]: row for row in lists}
        return [record_of(row, by_id.get(row["price_list"]), made.get(row["decision_id"], ())) for row in rows]


def _owner(record: DecisionRecord) -> dict[str, str]:
    owner = record.owner
    return {"key": owner.key, "user": owner.user, "team": owner.team, "end_user": owner.end_user}


def _tiers(lists: Mapping[str, PriceList]) -> list[str]:
    """Tier names of the latest ladders first, then those that older ones had besides."""
    return list(dict.fromkeys(name for one in reversed(list(lists.values())) for name in one.tiers))


def _baseline(lists: Mapping[str, PriceList]) -> str:
    """What savings are measured against where all decisions name the same; else empty, and savings are unknown."""
    names = {one.baseline for one in lists.values()}
    return names.pop() if len(names) == 1 else ""


def _read_cursor(text: str) -> tuple[float, str]:
    moment, colon, decision_id = text.partition(":")
    try:
        found = float(moment)
    except ValueError:
        found = math.nan
    if not colon or math.isnan(found):
        raise ValueError(f"before: {text[:80]!r} is not what a page gave. Send `next` of the page before, or nothing")
    return found, decision_id
