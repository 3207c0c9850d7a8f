"""The HTTP API: what it answers, and to whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from dashboard_server import ADMIN, NOBODY, ONE, TWO, VIEWER, Resets, app_of, ladder, services_of
from dashboard_traffic import TIERS, Story
from fastapi.testclient import TestClient

from litellm_router_plugin.errors import StoreError
from litellm_router_plugin.web.errors_in_words import NOT_FOUND
from litellm_router_plugin.web.memory_reading import MemoryReader
from litellm_router_plugin.web.reading import Figures, Selection, Yardstick

Ask = Callable[..., TestClient]
READS = ["summary", "experiments", "series", "decisions", "ladder", "decisions/x"]


def of_key(story: Story, key: str) -> list[str]:
    """The decisions of a key, oldest first."""
    records = map(story.ledger.decision, story.ids)
    return [record.decision_id for record in records if record is not None and record.owner.key == key]


@pytest.mark.parametrize("path", READS)
def test_without_a_known_key_nothing_is_told(client: Ask, path: str) -> None:
    assert client("sk-wrong").get(f"/tier-router/{path}").status_code == 401


@pytest.mark.parametrize("path", READS)
def test_a_caller_without_a_key_of_its_own_is_refused_since_nobody_could_tell_what_is_its(
    client: Ask, path: str
) -> None:
    answer = client(NOBODY).get(f"/tier-router/{path}")
    assert answer.status_code == 403
    assert "no key of its own" in answer.json()["detail"]


def test_a_key_sees_the_totals_of_its_own_requests_and_an_admin_those_of_all(client: Ask, story: Story) -> None:
    for key, owner in ((ONE, "key-1"), (TWO, "key-2")):
        told = client(key).get("/tier-router/summary").json()
        assert told["total_requests"] == len(of_key(story, owner))
        assert "faults" not in told
    told = client(ADMIN).get("/tier-router/summary").json()
    assert told["total_requests"] == len(story.ids)
    assert told["total_cost"] == pytest.approx(sum(told["costs_by_tier"].values()) + told["overhead_cost"])
    assert told["savings"] == pytest.approx(told["cost_without_routing"] - told["total_cost"])
    assert told["best_fixed_tier"] is None  # too few ratings to say
    assert told["faults"] == {}


def test_a_key_cannot_ask_for_the_figures_of_another(client: Ask, story: Story) -> None:
    own = client(ONE).get("/tier-router/summary").json()
    asked = client(ONE).get("/tier-router/summary", params={"key": "key-2"}).json()
    assert asked == own
    listed = client(ONE).get("/tier-router/decisions", params={"key": "key-2", "size": 500}).json()["decisions"]
    assert [one["decision_id"] for one in listed] == of_key(story, "key-1")[::-1]
    for_admin = client(VIEWER).get("/tier-router/summary", params={"key": "key-2"}).json()
    assert for_admin["total_requests"] == len(of_key(story, "key-2"))


def test_the_series_of_a_key_adds_up_to_its_summary(client: Ask) -> None:
    told = client(ONE).get("/tier-router/summary").json()
    for bucket in ("hour", "day"):
        points = client(ONE).get("/tier-router/series", params={"bucket": bucket}).json()["points"]
        assert sum(point["cost_usd"] for point in points) == pytest.approx(told["total_cost"])
        assert [point["start"] for point in points] == sorted(point["start"] for point in points)


def test_a_decision_is_told_with_its_reasons_to_its_key_and_to_admins(client: Ask, story: Story) -> None:
    decision_id = of_key(story, "key-1")[0]
    for key in (ONE, ADMIN, VIEWER):
        told = client(key).get(f"/tier-router/decisions/{decision_id}").json()
        assert told["decision_id"] == decision_id
        assert told["why"].endswith(".")
        assert told["attempts"]
        assert told["owner"]["key"] == "key-1"


def test_a_foreign_decision_is_answered_like_an_unknown_one(client: Ask, story: Story) -> None:
    foreign = client(TWO).get(f"/tier-router/decisions/{of_key(story, 'key-1')[0]}")
    unknown = client(TWO).get("/tier-router/decisions/0123456789abcdef")
    strange = client(TWO).get("/tier-router/decisions/%00%ff")
    assert foreign.status_code == unknown.status_code == strange.status_code == 404
    assert foreign.content == unknown.content == strange.content
    assert unknown.json() == {"detail": NOT_FOUND}


def test_decisions_can_be_filtered_and_paged(client: Ask) -> None:
    admin = client(ADMIN)
    first = admin.get("/tier-router/decisions", params={"escalated": True, "size": 3}).json()
    second = admin.get("/tier-router/decisions", params={"escalated": True, "size": 3, "before": first["next"]}).json()
    both = first["decisions"] + second["decisions"]
    assert len({one["decision_id"] for one in both}) == 6
    assert all(one["escalated"] for one in both)
    assert [one["created_at"] for one in both] == sorted((one["created_at"] for one in both), reverse=True)
    pinned = admin.get("/tier-router/decisions", params={"cause": "pinned", "tier": "cheap"}).json()["decisions"]
    assert {(one["cause"], one["tier"]) for one in pinned} == {("pinned", "cheap")}


def test_a_period_may_be_written_in_several_ways(client: Ask, story: Story) -> None:
    middle = story.end - 10 * 86_400
    moment = datetime.fromtimestamp(middle, UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=2)))
    ways = [moment.isoformat(), elsewhere.isoformat(), moment.isoformat().replace("+00:00", "")]
    found = {client(ADMIN).get("/tier-router/summary", params={"since": way}).json()["total_requests"] for way in ways}
    assert len(found) == 1
    assert 0 < found.pop() < len(story.ids)


@pytest.mark.parametrize(
    ("path", "asked", "told"),
    [
        ("series", {"bucket": "year"}, "bucket"),
        ("decisions", {"before": "garbage"}, "before: 'garbage' is not what a page gave"),
        ("decisions", {"size": 0}, "size"),
        ("decisions", {"size": 501}, "size"),
        ("decisions", {"router": "x" * 201}, "router"),
        ("summary", {"since": "yesterday"}, "since"),
        ("summary", {"since": "1e300"}, "since"),
        ("summary", {"since": 1_700_000_000}, "since: Value error, expected ISO 8601"),
        ("summary", {"since": "2026-13-01"}, "since"),
        ("summary", {"router": "a\0b"}, "router"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(
    client: Ask, path: str, asked: dict[str, Any], told: str
) -> None:
    answer = client(ADMIN).get(f"/tier-router/{path}", params=asked)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(told)


def test_the_ladder_tells_models_prices_and_the_baseline(client: Ask) -> None:
    told = client(ONE).get("/tier-router/ladder").json()["routers"]
    assert [one["router"] for one in told] == ["smart"]
    assert [tier["name"] for tier in told[0]["tiers"]] == list(TIERS)
    assert told[0]["tiers"][0]["input_usd_per_million"] == 0.15
    assert told[0]["savings_baseline"] == "premium"


def test_a_teams_own_tier_router_is_shown_to_that_team_and_to_admins_only(story: Story) -> None:
    app = app_of(services_of(story, ladders=(ladder(), ladder("red", team="team-1"))))

    def names(key: str) -> list[str]:
        with TestClient(app, headers={"authorization": f"Bearer {key}"}) as asking:
            return [one["router"] for one in asking.get("/tier-router/ladder").json()["routers"]]

    assert names(ONE) == names(ADMIN) == ["smart", "red"]
    assert names(TWO) == ["smart"]


def test_a_key_rates_its_own_answer_and_the_last_rating_counts(client: Ask, story: Story) -> None:
    decision_id = of_key(story, "key-1")[3]
    sent = {"decision_id": decision_id, "rating": 5, "comment": "good", "rater": "pat"}
    first, second = (
        client(ONE).post("/tier-router/feedback", json=sent),
        client(ONE).post("/tier-router/feedback", json={**sent, "rating": 2}),
    )
    assert first.json()["score"] == 1.0
    assert second.json() == {"decision_id": decision_id, "tier": first.json()["tier"], "rater": "pat", "score": 0.25}
    groups = story.desk.book.groups(owner_key="key-1")
    before = sum(group.count for group in groups)
    client(ONE).post("/tier-router/feedback", json=sent)
    assert sum(group.count for group in story.desk.book.groups(owner_key="key-1")) == before


@pytest.mark.parametrize("given", [{"rating": 4}, {"thumb": "up"}, {"thumbs": "down"}, {"score": 0.5}])
def test_an_answer_can_be_rated_in_several_ways_and_by_call_id(
    client: Ask, story: Story, given: dict[str, Any]
) -> None:
    record = story.ledger.decision(of_key(story, "key-2")[5])
    assert record is not None
    answer = client(TWO).post("/tier-router/feedback", json={"call_id": record.calls[0].call_id, **given})
    assert answer.status_code == 200
    assert answer.json()["decision_id"] == record.decision_id


def test_foreign_and_unknown_answers_are_refused_alike(client: Ask, story: Story) -> None:
    foreign = {"decision_id": of_key(story, "key-1")[0], "rating": 1}
    answers = [
        client(TWO).post("/tier-router/feedback", json=foreign),
        client(TWO).post("/tier-router/feedback", json={"decision_id": "unknown", "rating": 1}),
        client(VIEWER).post("/tier-router/feedback", json=foreign),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert client(ADMIN).post("/tier-router/feedback", json=foreign).json()["rater"] == "admin"


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"rating": 5}, "feedback: expected either decision_id or call_id"),
        ({"decision_id": "x", "call_id": "y", "rating": 5}, "feedback: expected either decision_id or call_id"),
        ({"decision_id": "x"}, "feedback: expected one of rating, thumb and score, found none"),
        ({"decision_id": "x", "rating": 5, "score": 1}, "feedback: expected one of"),
        ({"decision_id": "x", "rating": 6}, "rating:"),
        ({"decision_id": "x", "rating": "5"}, "rating:"),
        ({"decision_id": "x", "rating": True}, "rating:"),
        ({"decision_id": "x", "score": 1.01}, "score:"),
        ({"decision_id": "x", "thumb": "sideways"}, "thumb:"),
        ({"decision_id": "x", "rating": 5, "comment": "c" * 2001}, "comment:"),
        ({"decision_id": "x", "rating": 5, "rater": ""}, "rater:"),
        ({"decision_id": "x", "rating": 5, "tier": "premium"}, "tier:"),
        ({"decision_id": "x" * 201, "rating": 5}, "decision_id:"),
    ],
)
def test_what_is_no_rating_is_refused_in_words(client: Ask, sent: dict[str, Any], told: str) -> None:
    answer = client(ADMIN).post("/tier-router/feedback", json=sent)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(told)


@pytest.mark.parametrize(
    "body",
    [
        b'{"decision_id": "x", "score": NaN}',
        b'{"decision_id": "x", "score": Infinity}',
        b'{"decision_id": "\\ud800", "rating": 5}',
        b'{"decision_id": "x", "rating": 5, "comment": "\\ud800"}',
        b'{"decision_id": "x", "rating": 5, "comment": "a\\u0000b"}',
        b'{"\\ud800": 1}',
        b"\xff\xfe",
        b"[]",
        b"",
        b"{",
        b"[" * 100_000,
    ],
)
def test_a_body_that_cannot_be_read_or_echoed_is_a_422(client: Ask, body: bytes) -> None:
    answer = client(ADMIN).post("/tier-router/feedback", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert isinstance(answer.json()["detail"], str)


def test_a_key_resets_its_own_conversation_and_an_admin_any(client: Ask, resets: Resets) -> None:
    client(ONE).post("/tier-router/conversations/c-1/reset", params={"end_user": "pat", "key": "key-2"})
    client(ADMIN).post("/tier-router/conversations/c-2/reset", params={"key": "key-2"})
    client(VIEWER).post("/tier-router/conversations/c-3/reset", params={"key": "key-2"})
    assert resets.made == [("c-1", "key-1", "pat"), ("c-2", "key-2", ""), ("c-3", "key-viewer", "")]


class BrokenReader(MemoryReader):
    """A store that is down."""

    def summary(self, chosen: Selection, by: Yardstick) -> Figures:
        raise StoreError("decisions.sqlite: it cannot be read now. Try again when it is up")


def test_a_store_that_is_down_is_a_503_that_says_so(story: Story) -> None:
    app = app_of(services_of(story, reader=BrokenReader(story.ledger, story.desk.book)))
    with TestClient(app, headers={"authorization": f"Bearer {ADMIN}"}) as asking:
        answer = asking.get("/tier-router/summary")
        assert answer.status_code == 503
        assert answer.json()["detail"].startswith("decisions.sqlite: it cannot be read now")
        assert asking.get("/tier-router/ladder").status_code == 200


def test_the_description_names_every_route_and_not_the_page(client: Ask) -> None:
    told = client().get("/openapi.json").json()
    assert sorted(told["paths"]) == [
        "/tier-router/conversations/{conversation}/reset",
        "/tier-router/decisions",
        "/tier-router/decisions/{decision_id}",
        "/tier-router/experiments",
        "/tier-router/feedback",
        "/tier-router/ladder",
        "/tier-router/monitoring",
        "/tier-router/monitoring/apply",
        "/tier-router/monitoring/reset",
        "/tier-router/monitoring/revert",
        "/tier-router/observed",
        "/tier-router/quality",
        "/tier-router/series",
        "/tier-router/summary",
    ]
    for path in told["paths"].values():
        for operation in path.values():
            assert operation["tags"] == ["tier router"]
            assert operation["description"]
            assert "$ref" in str(operation["responses"]["200"]["content"])
