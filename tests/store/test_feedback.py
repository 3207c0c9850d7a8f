"""Ratings: what is one, of what, by whom, and what many of them show."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from decision_traffic import Clock, Traffic
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.errors import (
    ExpiredDecision,
    FeedbackNotKept,
    FeedbackRefused,
    ForeignDecision,
    InvalidRating,
    UnknownDecision,
)
from litellm_router_plugin.ledger.feedback import FeedbackDesk
from litellm_router_plugin.ledger.ledger import Ledger
from litellm_router_plugin.ledger.rating_book import RatedDecision, RatingBook, RatingEntry
from litellm_router_plugin.ledger.ratings import (
    MAX_COMMENT_CHARS,
    RatingGroup,
    parse_rating,
    quality,
    ratings_by_route,
    ratings_by_tier,
    wilson_interval,
)
from litellm_router_plugin.ledger.records import Owner
from litellm_router_plugin.store.filters import Filters
from litellm_router_plugin.store.store import Store

from .conftest import MakeStore


@pytest.mark.parametrize(
    ("given_as", "score"),
    [
        ({"rating": 1}, 0.0),
        ({"rating": 3}, 0.5),
        ({"rating": 5.0}, 1.0),
        ({"thumb": "up"}, 1.0),
        ({"thumb": "Down"}, 0.0),
        ({"thumb": True}, 1.0),
        ({"score": 0}, 0.0),
        ({"score": 0.25}, 0.25),
    ],
)
def test_every_way_to_rate_is_a_score_from_0_to_1(given_as: dict[str, object], score: float) -> None:
    assert parse_rating(**given_as).score == score


@pytest.mark.parametrize(
    ("given_as", "message"),
    [
        ({}, "expected one of rating, thumb and score, found none"),
        ({"rating": 3, "score": 0.5}, "found both rating and score"),
        ({"rating": 0}, r"feedback\.rating: expected a whole number from 1 to 5, found 0"),
        ({"rating": 4.5}, "found 4.5"),
        ({"rating": True}, "found True"),
        ({"rating": "5"}, "found '5'"),
        ({"thumb": "sideways"}, r"feedback\.thumb: expected up or down"),
        ({"score": 1.01}, r"feedback\.score: expected a number from 0 to 1, found 1\.01"),
        ({"score": float("nan")}, "found nan"),
        ({"score": False}, "found False"),
        ({"rating": 5, "comment": 7}, r"feedback\.comment: expected a text, found int"),
        ({"rating": 5, "comment": "x" * (MAX_COMMENT_CHARS + 1)}, "2001 characters are more than 2000"),
    ],
)
def test_what_is_no_rating_is_refused_with_the_reason(given_as: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRating, match=message):
        parse_rating(**given_as)


@given(
    st.none() | st.integers() | st.floats() | st.text(max_size=20) | st.booleans() | st.lists(st.integers()),
    st.none() | st.integers() | st.floats() | st.text(max_size=20) | st.booleans(),
    st.none() | st.integers() | st.floats() | st.text(max_size=20) | st.booleans(),
)
def test_whatever_is_sent_is_a_score_or_refused(rating: object, thumb: object, score: object) -> None:
    try:
        found = parse_rating(rating=rating, thumb=thumb, score=score)
    except InvalidRating:
        return
    assert 0 <= found.score <= 1


@given(st.integers(1, 10_000), st.integers(0, 10_000))
def test_wilsons_interval_holds_the_mean_and_stays_between_0_and_1(count: int, good: int) -> None:
    mean = min(good, count) / count
    low, high = wilson_interval(mean, count)
    assert 0 <= low <= mean + 1e-12
    assert mean - 1e-12 <= high <= 1


def test_wilsons_interval_is_the_known_one() -> None:
    low, high = wilson_interval(0.9, 10)  # Newcombe 1998, table I
    assert (low, high) == pytest.approx((0.5958, 0.9821), abs=1e-4)
    assert quality(0, 0.0) == {"ratings": 0, "mean_score": None, "low": None, "high": None}


def test_quality_is_told_by_tier_and_by_route() -> None:
    groups = [RatingGroup("cheap", "a", 4, 2.0), RatingGroup("cheap", "b", 1, 1.0), RatingGroup("gone", "a", 1, 0.0)]
    by_tier: Any = ratings_by_tier(groups, ["cheap", "premium"])
    assert list(by_tier) == ["cheap", "premium", "gone"]
    assert by_tier["cheap"]["mean_score"] == pytest.approx(0.6)
    assert by_tier["premium"]["ratings"] == 0
    by_route: Any = ratings_by_route(groups)
    assert by_route["b"]["cheap"]["ratings"] == 1


@pytest.fixture
def traffic() -> Traffic:
    traffic = Traffic()
    traffic.run(20)
    return traffic


@pytest.fixture
def desk(traffic: Traffic) -> FeedbackDesk:
    return FeedbackDesk(traffic.ledger, clock=traffic.clock)


def owner_of(traffic: Traffic, decision_id: str) -> str:
    record = traffic.ledger.decision(decision_id)
    assert record is not None
    return record.owner.key


def test_a_raters_second_rating_replaces_the_first(traffic: Traffic, desk: FeedbackDesk) -> None:
    for stars in (1, 2, 5):
        desk.give(decision_id=traffic.ids[0], rating=stars, rater="anna")
    desk.give(decision_id=traffic.ids[0], rating=1, rater="ben")
    assert sum(group.count for group in desk.book.groups()) == 2
    assert sum(group.score_sum for group in desk.book.groups()) == 1.0


def test_an_answer_can_be_rated_by_the_id_of_a_call(traffic: Traffic, desk: FeedbackDesk) -> None:
    record = traffic.ledger.decision(traffic.ids[3])
    assert record is not None
    answer = desk.give(call_id=record.calls[-1].call_id, thumb="up")
    assert answer == {"decision_id": traffic.ids[3], "tier": record.tier, "rater": "user", "score": 1.0}


def test_a_key_rates_its_own_answers_only(traffic: Traffic, desk: FeedbackDesk) -> None:
    mine = traffic.ids[0]
    desk.give(decision_id=mine, rating=5, owner_key=owner_of(traffic, mine))
    with pytest.raises(ForeignDecision):
        desk.give(decision_id=mine, rating=5, owner_key="another key")
    with pytest.raises(ForeignDecision):
        desk.give(decision_id=mine, rating=5, owner_key="")


def test_what_cannot_be_rated_is_refused(traffic: Traffic, desk: FeedbackDesk) -> None:
    with pytest.raises(UnknownDecision, match="there is no decision for 'nothing'"):
        desk.give(decision_id="nothing", rating=5)
    for wrong in ({}, {"decision_id": "a", "call_id": "b"}, {"decision_id": 5}, {"call_id": ""}):
        with pytest.raises(InvalidRating):
            desk.give(rating=5, **wrong)
    with pytest.raises(InvalidRating, match=r"feedback\.rater: expected a name"):
        desk.give(decision_id=traffic.ids[0], rating=5, rater="")
    traffic.clock.now += 91 * 86_400
    with pytest.raises(ExpiredDecision, match="older than 90 days"):
        desk.give(decision_id=traffic.ids[0], rating=5)


def test_ratings_in_memory_are_bounded() -> None:
    book = RatingBook(size=100)
    for number in range(1000):
        decision = RatedDecision(str(number), "smart", "cheap", "default", Owner("k"), 0.0)
        book.put(RatingEntry(decision, "r", parse_rating(rating=5), 0.0))
    assert [group.count for group in book.groups()] == [100]
    assert book.groups(router="other") == book.groups(owner_key="other") == []


def test_ratings_are_stored_once_for_each_rater_and_read_by_tier_and_route(url: str, make_store: MakeStore) -> None:
    store, traffic = make_store(url), Traffic()
    traffic.into(store.add_decision)
    traffic.run(30)
    desk = FeedbackDesk(traffic.ledger, store, clock=traffic.clock)
    for number, decision_id in enumerate(traffic.ids):
        for stars in (1, 1 + number % 5):
            desk.give(decision_id=decision_id, rating=stars, rater="anna", comment="so\0 so")
    store.flush()
    groups = sorted((g.tier, g.route, g.count, g.score_sum) for g in store.reader.ratings())
    assert groups == sorted((g.tier, g.route, g.count, g.score_sum) for g in desk.book.groups())
    summary: Any = store.reader.summary()
    assert sum(one["ratings"] for one in summary["ratings_by_tier"].values()) == 30
    assert store.reader.ratings(Filters(router="other")) == []
    decision: Any = store.reader.decision(traffic.ids[4])
    assert [(one["rater"], one["value"], one["score"]) for one in decision["ratings"]] == [("anna", 5.0, 1.0)]


def test_a_decision_of_another_process_is_rated_through_the_store(url: str, make_store: MakeStore) -> None:
    store, traffic = make_store(url), Traffic()
    traffic.into(store.add_decision)
    traffic.run(3)
    store.flush()
    elsewhere = FeedbackDesk(Ledger(Clock()), store, clock=traffic.clock)
    key = owner_of(traffic, traffic.ids[0])
    assert elsewhere.give(decision_id=traffic.ids[0], thumb="up", owner_key=key)["score"] == 1.0
    record = store.reader.record(traffic.ids[1])
    assert record is not None
    assert elsewhere.give(call_id=record.calls[0].call_id, thumb="down")["decision_id"] == traffic.ids[1]
    with pytest.raises(ForeignDecision):
        elsewhere.give(decision_id=traffic.ids[0], thumb="up", owner_key="another key")
    with pytest.raises(UnknownDecision):
        elsewhere.give(decision_id="0" * 32, thumb="up")


def test_a_store_that_cannot_take_it_says_so_and_remembers_nothing(tmp_path: Path, make_store: MakeStore) -> None:
    path = tmp_path / "decisions.sqlite"
    Store(str(path)).prepare()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    store, traffic = make_store(str(path), queue_size=2), Traffic()
    traffic.run(5)
    desk = FeedbackDesk(traffic.ledger, store, clock=traffic.clock)
    for decision_id in traffic.ids[:2]:
        desk.give(decision_id=decision_id, rating=5)
    with pytest.raises(FeedbackNotKept, match="Send it again in a minute"):
        desk.give(decision_id=traffic.ids[2], rating=5)
    blocker.close()
    assert sum(group.count for group in desk.book.groups()) == 2


def test_every_refusal_is_one_kind_of_error() -> None:
    for error in (InvalidRating, UnknownDecision, ForeignDecision, ExpiredDecision, FeedbackNotKept):
        assert issubclass(error, FeedbackRefused)
