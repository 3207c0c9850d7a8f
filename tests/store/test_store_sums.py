"""What the store sums is what the ledger summed."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import pytest
from decision_traffic import OWNERS, ROUTES, TIERS, Traffic
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.money import Usage
from litellm_router_plugin.ledger.ratings import RatingGroup
from litellm_router_plugin.ledger.records import DecisionRecord, SettledCall
from litellm_router_plugin.ledger.totals import Totals, summary
from litellm_router_plugin.store.amounts import DIGITS, join, split
from litellm_router_plugin.store.filters import Filters, Span
from litellm_router_plugin.store.fixed_tiers import MIN_RATINGS, best_fixed_tier

from .conftest import MakeStore

AMOUNTS = ("total_cost", "overhead_cost", "savings", "cost_without_routing")


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=DIGITS))
def test_an_amount_of_18_places_survives_splitting(amount: Decimal) -> None:
    assert join(*split(amount)) == amount


@given(st.lists(st.floats(min_value=0, max_value=1000, allow_subnormal=False), max_size=50))
def test_sums_of_parts_are_sums_of_amounts_to_less_than_a_billionth_of_a_billionth(costs: list[float]) -> None:
    amounts = [Decimal(repr(cost)) for cost in costs]
    parts = [split(amount) for amount in amounts]
    summed = join(sum(nano for nano, _ in parts), sum(rest for _, rest in parts))
    assert abs(summed - sum(amounts, Decimal(0))) <= Decimal("5e-19") * len(costs) + Decimal("1e-24")


def expected(traffic: Traffic, owner_key: str | None = None) -> dict[str, object]:
    totals = traffic.ledger.totals(owner_key=owner_key)
    return summary(totals, baseline="premium", tiers=TIERS, scope="store")


def assert_same(found: dict[str, object], wanted: dict[str, object]) -> None:
    for name, value in wanted.items():
        if isinstance(value, float | dict):
            assert found[name] == pytest.approx(value, abs=1e-9), name
        else:
            assert found[name] == value, name


def test_a_summary_equals_the_ledgers(url: str, make_store: MakeStore) -> None:
    traffic, store = Traffic(), make_store(url)
    traffic.into(store.add_decision)
    traffic.run(600)
    store.flush()
    found = store.reader.summary(Filters())
    assert found["total_requests"] == 600
    assert found["failed_requests"]
    assert found["unpriced_requests"]
    assert_same(found, expected(traffic))


def test_a_keys_summary_equals_the_ledgers(sqlite_url: str, make_store: MakeStore) -> None:
    traffic, store = Traffic(seed=2), make_store(sqlite_url)
    traffic.into(store.add_decision)
    traffic.run(200)
    store.flush()
    for owner in OWNERS:
        assert_same(store.reader.summary(Filters(owner_key=owner.key)), expected(traffic, owner.key))


def test_a_call_that_reports_late_is_counted_once(url: str, make_store: MakeStore) -> None:
    traffic, store = Traffic(seed=3), make_store(url)
    traffic.into(store.add_decision)
    traffic.run(30)
    store.flush()
    for decision_id in traffic.ids:  # a second row under the same id, as after a mid-stream fallback
        record = traffic.ledger.decision(decision_id)
        assert record is not None
        first = record.calls[0]
        traffic.ledger.settle(first.call_id, SettledCall("model-late", Usage(10, 5), Decimal("1.25e-07")))
    store.flush()
    assert_same(store.reader.summary(Filters()), expected(traffic))


MOMENTS = st.none() | st.floats(1e9, 1e9 + 40 * 86_400) | st.integers(277_778, 278_700).map(lambda hour: hour * 3600.0)


@given(MOMENTS, MOMENTS, st.floats(1e9, 1e9 + 40 * 86_400), st.booleans())
def test_a_period_is_cut_into_pieces_that_hold_each_moment_once(
    since: float | None,
    until: float | None,
    moment: float,
    with_days: bool,  # noqa: FBT001 - drawn
) -> None:
    pieces = Filters(since=since, until=until).pieces(with_days=with_days)
    hour = int(moment // 3600)
    days = [] if pieces.days is None else [pieces.days]
    inside = sum(holds(span, hour // 24 * 24) for span in days)
    inside += sum(holds(span, hour) for span in pieces.hours) + sum(holds(span, moment) for span in pieces.ends)
    is_meant = (since is None or since <= moment) and (until is None or moment < until)
    assert inside == is_meant
    assert with_days or pieces.days is None


def holds(span: Span, value: float) -> bool:
    return (span.start is None or span.start <= value) and (span.end is None or value < span.end)


@pytest.mark.parametrize("edge_s", [0.0, 1.0, 1800.0])
def test_the_parts_of_a_period_add_up_to_the_whole(url: str, make_store: MakeStore, edge_s: float) -> None:
    traffic, store = Traffic(seed=4, step_s=900), make_store(url)
    traffic.into(store.add_decision)
    start = traffic.clock.now
    traffic.run(150)
    store.flush()
    whole = store.reader.summary(Filters())
    day = (start // 86_400 + 1) * 86_400
    cuts = sorted([start, start + 2000, start + 3600 * 3 + edge_s, start + 3600 * 8, day, day + 86_400, day + 864_000])
    parts = [
        store.reader.summary(Filters(since=a, until=b), baseline="premium", tiers=TIERS) for a, b in pairwise(cuts)
    ]
    for name in ("total_requests", "failed_requests", "unpriced_requests", *AMOUNTS):
        assert sum(part[name] or 0 for part in parts) == pytest.approx(whole[name], abs=1e-9), name  # type: ignore[misc]
    for part, (a, b) in zip(parts, pairwise(cuts), strict=True):
        records = [traffic.ledger.decision(one) for one in traffic.ids]
        inside = [record for record in records if record is not None and a <= record.created_at < b]
        assert part["total_requests"] == len(inside)


def of_key_2(record: DecisionRecord) -> bool:
    return record.owner.key == "key-2" and record.route == "default"


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        (Filters(route="extract"), lambda record: record.route == "extract"),
        (Filters(tier="premium"), lambda record: record.tier == "premium"),
        (Filters(team="team-1"), lambda record: record.owner.team == "team-1"),
        (Filters(router="other"), lambda _: False),
        (Filters(router="smart", owner_key="key-2", route="default"), of_key_2),
    ],
)  # fmt: skip
def test_a_filter_keeps_what_it_says(
    sqlite_url: str, make_store: MakeStore, filters: Filters, matches: Callable[[DecisionRecord], bool]
) -> None:
    traffic, store = Traffic(seed=5), make_store(sqlite_url)
    traffic.into(store.add_decision)
    traffic.run(120)
    store.flush()
    records = [traffic.ledger.decision(one) for one in traffic.ids]
    wanted = [record for record in records if record is not None and matches(record)]
    found = store.reader.summary(filters)
    assert found["total_requests"] == len(wanted)
    page = store.reader.decisions(filters, size=500)
    assert {one["decision_id"] for one in page["decisions"]} == {record.decision_id for record in wanted}  # type: ignore[attr-defined]


def test_acceptance_by_check_counts_every_graded_answer(url: str, make_store: MakeStore) -> None:
    traffic, store = Traffic(seed=6), make_store(url)
    traffic.into(store.add_decision)
    traffic.run(300)
    store.flush()
    records = [traffic.ledger.decision(one) for one in traffic.ids]
    calls = [
        call
        for record in records
        if record is not None
        for call in record.calls
        if call.verdict_by not in ("", "nobody")
    ]
    refusals = sum("refusal" in call.failed_checks for call in calls)
    judged = [call for call in calls if call.verdict_by == "judge"]
    found = store.reader.summary(Filters())["acceptance_by_check"]
    assert found["refusal"] == {"rejected": refusals, "of": len(calls), "acceptance": 1 - refusals / len(calls)}  # type: ignore[index]
    assert found["judge"]["of"] == len(judged)  # type: ignore[index]
    assert found["judge"]["rejected"] == sum(call.verdict == "reject" for call in judged)  # type: ignore[index]


def test_the_best_fixed_tier_is_the_one_whose_answers_are_rated_best(sqlite_url: str, make_store: MakeStore) -> None:
    traffic, store = Traffic(seed=7), make_store(sqlite_url)
    traffic.into(store.add_decision)
    traffic.run(100)
    store.flush()
    costs = {"cheap": Decimal(1), "standard": Decimal(2), "premium": Decimal(9)}
    totals = Totals(cost_if_always=costs, comparable=1, known_if_always=Counter(costs.keys()))
    few = [RatingGroup("cheap", "default", 30, 27.0), RatingGroup("standard", "default", MIN_RATINGS - 1, 19.0)]
    assert best_fixed_tier(totals, TIERS, few) is None
    enough = [*few, RatingGroup("standard", "other", 1, 1.0), RatingGroup("premium", "default", 40, 40.0)]
    assert best_fixed_tier(totals, TIERS, enough) == ("standard", Decimal(2))  # as good as premium, and cheaper
    assert store.reader.summary(Filters())["best_fixed_tier"] is None


def test_a_series_adds_up_to_the_summary(url: str, make_store: MakeStore) -> None:
    traffic, store = Traffic(seed=8, step_s=900), make_store(url)
    traffic.into(store.add_decision)
    traffic.run(200)
    store.flush()
    whole = store.reader.summary(Filters())
    for bucket in ("hour", "day"):
        points = store.reader.series(bucket)["points"]
        assert isinstance(points, list)
        assert len(points) > 1
        assert [point["start"] for point in points] == sorted({point["start"] for point in points})
        assert sum(point["requests"] for point in points) == whole["total_requests"]
        assert sum(point["cost_usd"] for point in points) == pytest.approx(whole["total_cost"], abs=1e-9)
        assert sum(point["savings_usd"] or 0 for point in points) == pytest.approx(whole["savings"], abs=1e-9)


def test_a_bucket_that_is_none_is_refused(sqlite_url: str, make_store: MakeStore) -> None:
    store = make_store(sqlite_url)
    store.prepare()
    with pytest.raises(ValueError, match="expected one of hour, day"):
        store.reader.series("week")


def test_routes_of_the_traffic_are_all_there(sqlite_url: str, make_store: MakeStore) -> None:
    traffic, store = Traffic(seed=9), make_store(sqlite_url)
    traffic.into(store.add_decision)
    traffic.run(60)
    store.flush()
    counts = [store.reader.summary(Filters(route=route))["total_requests"] for route in ROUTES]
    assert sum(counts) == 60  # type: ignore[arg-type]
