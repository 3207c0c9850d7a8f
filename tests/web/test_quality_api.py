"""``/observed``, ``/quality`` and ``/monitoring``: figures, whose they are, and who may change anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dashboard_server import ADMIN, ONE, VIEWER
from dashboard_traffic import Story
from fastapi.testclient import TestClient

from litellm_router_plugin.web.memory_reading import MemoryReader
from litellm_router_plugin.web.reading import Selection
from litellm_router_plugin.web.store_reading import StoredReader

Ask = Callable[..., TestClient]


def asked(client: TestClient, path: str, **given: Any) -> Any:
    answer = client.get(f"/tier-router/{path}", params=given)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("by", ["tier", "route", "model"])
def test_quality_over_time_adds_up_to_the_whole(client: Ask, by: str) -> None:
    found = asked(client(), "quality", by=by)
    assert found["groups"]
    for group in found["groups"]:
        assert sum(point["acceptance"]["of"] for point in group["points"]) == group["acceptance"]["of"]
        assert sum(point["rating"]["ratings"] for point in group["points"]) == group["rating"]["ratings"]
        starts = [point["start"] for point in group["points"]]
        assert starts == sorted(starts)
        if group["acceptance"]["of"]:
            assert group["acceptance"]["low"] <= group["acceptance"]["share"] <= group["acceptance"]["high"]


def test_a_key_sees_the_quality_of_its_own_answers(client: Ask) -> None:
    def graded(key: str) -> int:
        return sum(group["acceptance"]["of"] for group in asked(client(key), "quality")["groups"])

    assert 0 < graded(ONE) < graded(ADMIN) == graded(VIEWER)
    whole = asked(client(ADMIN), "quality", key="key-1")
    assert sum(group["acceptance"]["of"] for group in whole["groups"]) == graded(ONE)


@pytest.mark.parametrize("by", ["tier", "route", "model"])
@pytest.mark.parametrize("chosen", [Selection(), Selection(owner_key="key-1"), Selection(route="support")])
def test_memory_and_store_tell_the_same_verdicts(
    story: Story, stored: StoredReader, by: str, chosen: Selection
) -> None:
    memory = MemoryReader(story.ledger, story.desk.book)
    verdicts = [
        {
            (group["name"], point["start"]): point["acceptance"]
            for group in reader.quality(by, "day", chosen)["groups"]  # type: ignore[attr-defined]
            for point in group["points"]
            if point["acceptance"]["of"]
        }
        for reader in (memory, stored)
    ]
    assert verdicts[0] == verdicts[1]
    assert verdicts[0]


def test_where_nothing_was_observed_the_report_says_so(client: Ask) -> None:
    found = asked(client(), "observed")
    assert (found["requests"], found["sampled"], found["routing"]["basis"]) == (0, 0, "estimated")


def test_monitors_and_proposals_are_for_admins(client: Ask) -> None:
    assert client(ONE).get("/tier-router/monitoring").status_code == 403
    found = asked(client(VIEWER), "monitoring")
    assert {one["stream"] for one in found["monitors"]} == {"acceptance", "quality", "forecast"}
    assert [one["router"] for one in found["routers"]] == ["smart"]


@pytest.mark.parametrize("path", ["apply", "revert"])
def test_only_a_writing_admin_changes_settings(client: Ask, path: str) -> None:
    body = {"router": "smart", "id": "nonsense"}
    for key in (ONE, VIEWER):
        assert client(key).post(f"/tier-router/monitoring/{path}", json=body).status_code == 403
    refused = client(ADMIN).post(f"/tier-router/monitoring/{path}", json=body)
    assert refused.status_code == 409
    assert "there is no such" in refused.text or "there is no step" in refused.text


def test_a_monitor_is_started_afresh(client: Ask) -> None:
    one = asked(client(), "monitoring")["monitors"][-1]
    body = {name: one[name] for name in ("router", "route", "tier", "stream")}
    assert client(VIEWER).post("/tier-router/monitoring/reset", json=body).status_code == 403
    assert client().post("/tier-router/monitoring/reset", json=body).json() == {"status": "reset"}
    assert client().post("/tier-router/monitoring/reset", json=body).status_code == 409
