"""Runs of experiments in the store: those that the ledger's memory has, added up by the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from experiment_traffic import CAP, PREMIUM, ExperimentTraffic
from sqlalchemy import func, select

from litellm_router_plugin.core.experiment_analysis import ArmTotals, Goal, Metric, RatioSums
from litellm_router_plugin.core.experiment_runs import Run
from litellm_router_plugin.ledger.experiment_sums import runs_of
from litellm_router_plugin.ledger.records import SettledCall
from litellm_router_plugin.store.database import Database
from litellm_router_plugin.store.filters import Filters
from litellm_router_plugin.store.retention import delete_expired
from litellm_router_plugin.store.schema import placements
from litellm_router_plugin.store.store import Store
from litellm_router_plugin.web.memory_reading import in_memory

from .conftest import MakeStore


def fed(store: Store, **settings: object) -> ExperimentTraffic:
    traffic = ExperimentTraffic(store=store, **settings)  # type: ignore[arg-type]  # the settings of a test
    traffic.into(store.add_decision)
    return traffic


def remembered(traffic: ExperimentTraffic) -> list[Run]:
    return runs_of(in_memory(traffic.ledger), traffic.desk.book.entries())


def numbers(sums: RatioSums) -> list[float]:
    return [float(getattr(sums, name)) for name in sums.__slots__]


def arm_numbers(arm: ArmTotals) -> list[float]:
    return [arm.units, arm.requests, *(number for metric in Metric for number in numbers(arm.sums(metric)))]


def assert_same(found: Sequence[Run], wanted: Sequence[Run]) -> None:
    by_key = {run.definition.key: run for run in found}
    assert set(by_key) == {run.definition.key for run in wanted}
    for run in wanted:
        other = by_key[run.definition.key]
        assert other.definition == run.definition
        assert arm_numbers(other.control) == pytest.approx(arm_numbers(run.control), rel=1e-6)
        assert arm_numbers(other.arm) == pytest.approx(arm_numbers(run.arm), rel=1e-6)
        assert (other.outside, other.first_at, other.last_at) == (run.outside, run.first_at, run.last_at)


def test_runs_are_those_of_the_ledgers_memory(url: str, make_store: MakeStore) -> None:
    store = make_store(url)
    traffic = fed(store)
    traffic.run(600)
    store.flush()
    found = store.reader.experiments()
    assert_same(found, remembered(traffic))
    for run in found:
        assert run.outside > 20
        assert run.control.units + run.arm.units == traffic.users
        assert run.arm.rating.units > 5
        assert run.control.requests + run.arm.requests + run.outside == 600


def test_one_user_is_one_unit_for_every_process_and_after_a_restart(url: str, make_store: MakeStore) -> None:
    for seed in (1, 2):
        store = make_store(url)
        fed(store, seed=seed).run(300)
        store.flush()
        store.close()
    for run in make_store(url).reader.experiments():
        assert run.control.units + run.arm.units == 60
        assert run.control.requests + run.arm.requests + run.outside == 600


def test_another_definition_is_another_run(url: str, make_store: MakeStore) -> None:
    store = make_store(url)
    traffic = fed(store, experiments=[PREMIUM])
    traffic.run(100)
    traffic.experiments = [replace(PREMIUM, share=0.2)]
    traffic.run(50)
    traffic.experiments = [PREMIUM]
    traffic.run(10)
    store.flush()
    counts = {
        run.definition.share: run.control.requests + run.arm.requests + run.outside
        for run in store.reader.experiments()
    }
    assert counts == {0.5: 110, 0.2: 50}
    assert_same(store.reader.experiments(), remembered(traffic))


def test_the_latest_goal_of_a_definition_is_kept(url: str, make_store: MakeStore) -> None:
    store, goals = make_store(url), []
    traffic = fed(store, experiments=[PREMIUM])
    for metric in (Metric.RATING, Metric.COST, Metric.RATING):
        traffic.experiments = [replace(PREMIUM, goal=Goal(metric, 0.25, 0.9, 7))]
        traffic.run(3)
        store.flush()
        (run,) = store.reader.experiments()
        goals.append(run.definition.goal)
    assert [goal.metric for goal in goals] == [Metric.RATING, Metric.COST, Metric.RATING]
    assert goals[0] == Goal(Metric.RATING, 0.25, 0.9, 7)


def test_a_key_a_team_a_router_and_a_period_can_be_asked_for(url: str, make_store: MakeStore) -> None:
    store = make_store(url)
    traffic = fed(store, experiments=[CAP])
    traffic.run(200)
    store.flush()
    records = in_memory(traffic.ledger)
    middle = records[100].created_at
    for filters, wanted in (
        (Filters(owner_key="key-1"), [one for one in records if one.owner.key == "key-1"]),
        (Filters(team="team-0"), [one for one in records if one.owner.team == "team-0"]),
        (Filters(since=middle), records[100:]),
        (Filters(until=middle), records[:100]),
        (Filters(router="smart", owner_key="key-2"), [one for one in records if one.owner.key == "key-2"]),
    ):
        assert_same(store.reader.experiments(filters), runs_of(wanted, traffic.desk.book.entries()))
    assert store.reader.experiments(Filters(router="other")) == []


def test_the_summary_tells_requests_and_costs_by_arm(url: str, make_store: MakeStore) -> None:
    store = make_store(url)
    traffic = fed(store)
    traffic.run(300)
    store.flush()
    found = store.reader.summary()["experiments"]
    totals = traffic.ledger.totals()
    assert isinstance(found, dict)
    assert set(found) == {"premium-10", "cap"}
    for name, arms in found.items():
        for arm in ("control", "arm"):
            assert arms[arm]["requests"] == totals.requests_by_experiment[f"{name}={arm}"]
            assert arms[arm]["cost_usd"] == pytest.approx(float(totals.costs_by_experiment[f"{name}={arm}"]), abs=1e-12)
    for filters in (Filters(tier="cheap"), Filters(route="extract"), Filters(owner_key="key-3")):
        some = store.reader.summary(filters)["experiments"]
        assert isinstance(some, dict)
        assert 0 < some["cap"]["control"]["requests"] < found["cap"]["control"]["requests"]


def test_a_call_that_reports_late_replaces_what_was_counted(url: str, make_store: MakeStore) -> None:
    store = make_store(url)
    traffic = fed(store, experiments=[PREMIUM])
    traffic.run(40)
    store.flush()
    record = next(one for one in in_memory(traffic.ledger) if one.cost_state == "final" and one.calls)
    late = record.calls[0]
    traffic.ledger.settle(late.call_id, SettledCall(late.model, late.usage, late.cost))
    store.flush()
    assert_same(store.reader.experiments(), remembered(traffic))


def test_a_clock_that_goes_back_breaks_nothing(url: str, make_store: MakeStore) -> None:
    store = make_store(url)
    traffic = fed(store, experiments=[PREMIUM])
    traffic.run(50)
    traffic.clock.now -= 5_000_000
    traffic.run(50)
    store.flush()
    (run,) = store.reader.experiments()
    assert run.control.requests + run.arm.requests + run.outside == 100
    assert run.first_at is not None
    assert run.last_at is not None
    assert run.first_at < run.last_at
    assert_same([run], remembered(traffic))


def test_what_is_expired_is_gone_from_experiments_too(url: str, make_store: MakeStore) -> None:
    store = make_store(url)
    traffic = fed(store)
    traffic.run(80)
    store.flush()
    database = Database(url)
    with database.writing().begin() as connection:
        delete_expired(connection, int((traffic.clock.now + 90_000) // 3600))
        left = connection.execute(select(func.count()).select_from(placements)).scalar()
    database.close()
    assert left == 0
    assert store.reader.experiments() == []
    assert store.reader.summary()["experiments"] == {}


def test_no_readable_user_is_kept_with_the_units(sqlite_url: str, make_store: MakeStore) -> None:
    store = make_store(sqlite_url)
    fed(store).run(60)
    store.flush()
    database = Database(sqlite_url)
    with database.reading().begin() as connection:
        rows = connection.execute(select(placements)).mappings().all()
    database.close()
    assert rows
    assert not any("user" in str(value) for row in rows for name, value in row.items() if name != "owner_key")
