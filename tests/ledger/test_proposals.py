"""Proposals from ratings and judges: from which pairs, in which form, and when none is made."""

from __future__ import annotations

from typing import Any

import pytest

from litellm_router_plugin.ledger.outcome_pairs import Lesson, Rated, collect
from litellm_router_plugin.ledger.proposals import (
    Proposals,
    RouterValues,
    RouteValues,
    config_diff,
    proposals,
    within_bounds,
)
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord

INTERCEPT = Lesson("support", "intercepts", "cheap", "ratings")


def rated(number: int, *, good: bool, by: str = "checks", quality: float | None = None, **facts: Any) -> Rated:
    call = CallRecord("c", "attempt", "cheap", 1, verdict="accept", verdict_by=by, quality=quality)
    given = {"route": "support", "p_success": {"cheap": 0.9, "premium": 0.95}, "served_call": "c", **facts}
    record = DecisionRecord(str(number), "smart", "cheap", "learned", calls=[call], **given)
    return Rated(record, 1.0 if good else 0.0)


def proposed(values: RouterValues, pairs: list[Rated], judged: list[DecisionRecord] | None = None) -> Proposals:
    return proposals(values, collect(pairs, judged or [], {}))


def test_ratings_below_the_forecast_lower_the_intercept_by_one_step_at_most() -> None:
    pairs = [rated(number, good=number % 2 == 0) for number in range(200)]
    found = proposed(RouterValues("smart", max_intercept_step=0.5), pairs)
    (change,) = found.changes
    assert (change.lesson, change.before, change.after) == (INTERCEPT, None, -0.5)
    assert change.evidence.is_bounded
    view = change.view()
    assert view["diff"] == "+routes:\n+  support:\n+    intercepts:\n+      cheap: -0.5"
    assert view["evidence"]["source"] == "ratings"  # type: ignore[index]
    assert "100 of 200 answers were good where the scores announced 181" in str(view["evidence"])


def test_too_few_ratings_say_how_many_are_missing() -> None:
    found = proposed(RouterValues("smart"), [rated(number, good=False) for number in range(20)])
    assert found.changes == ()
    assert [(lesson, why.more_outcomes) for lesson, why in found.nothing] == [(INTERCEPT, 30)]


def test_a_judge_threshold_is_raised_where_what_it_lets_pass_is_rated_poor() -> None:
    low = [rated(number, good=number % 2 == 0, by="judge", quality=0.72, p_success={}) for number in range(200)]
    high = [rated(number, good=True, by="judge", quality=0.95, p_success={}) for number in range(200, 300)]
    found = proposed(RouterValues("smart", judge_threshold=0.7, max_threshold_step=0.05), [*low, *high])
    (change,) = found.changes
    assert (change.lesson.setting, change.before, change.after) == ("judge_threshold", None, 0.73)


def test_a_learned_check_that_is_not_calibrated_on_the_route_gets_no_proposal() -> None:
    pairs = [rated(number, good=number % 2 == 0, quality=0.8, p_success={}) for number in range(200)]
    assert proposed(RouterValues("smart"), pairs) == Proposals()
    calibrated = {"support": RouteValues(learned_check=(0.3, 0.7))}
    (change,) = proposed(RouterValues("smart", calibrated), pairs).changes
    assert change.before == (0.3, 0.7)
    assert change.after == (0.3, 0.75)


def test_pairs_made_under_other_settings_of_the_route_are_left_out() -> None:
    pairs = [rated(number, good=False) for number in range(100)]
    assert collect(pairs, [], {"support": "another"}) == {}
    assert collect(pairs, [], {"elsewhere": "another"}) != {}


def test_a_rating_in_the_middle_says_neither() -> None:
    one = rated(1, good=True)
    assert collect([Rated(one.record, 0.5)], [], {}) == {}


def test_judges_speak_where_people_do_not_and_it_is_said() -> None:
    def judged(number: int) -> DecisionRecord:
        record = rated(number, good=True, by="judge", quality=0.5).record
        record.calls[0].verdict = "reject" if number % 2 else "accept"
        return record

    (change,) = proposed(RouterValues("smart"), [], [judged(number) for number in range(200)]).changes
    assert change.lesson.source == "judge"


def test_the_difference_shows_what_was_there_and_quotes_what_yaml_would_read_otherwise() -> None:
    before = RouteValues({"cheap": 0.2}, (0.3, 0.7), 0.7)
    assert config_diff("on", before, before.with_value("judge_threshold", "", 0.75)).splitlines() == [
        " routes:",
        '   "on":',
        "     intercepts:",
        "       cheap: 0.2",
        "     learned_check:",
        "       unsure: [0.3, 0.7]",
        "-    judge_threshold: 0.7",
        "+    judge_threshold: 0.75",
    ]
    assert config_diff("a: b", before, RouteValues()).startswith('-routes:\n-  "a: b":')


@pytest.mark.parametrize(("written", "near"), [(None, True), (0.6, False), (0.5, True)])
def test_bounds_count_from_the_written_value(written: float | None, near: bool) -> None:  # noqa: FBT001  a case
    pairs = [rated(number, good=number % 2 == 0) for number in range(200)]
    (change,) = proposed(RouterValues("smart", max_intercept_step=0.5), pairs).changes
    assert within_bounds(change, written, intercept=1.0, threshold=0.1) is near
