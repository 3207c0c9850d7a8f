"""``/experiments``: what it tells to an admin, and to a key of its own traffic only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from dashboard_server import ADMIN, ONE, TWO, VIEWER, app_of, ladder, services_of
from dashboard_traffic import Story
from fastapi.testclient import TestClient

from litellm_router_plugin.core.experiments import Experiment
from litellm_router_plugin.store.store import Store
from litellm_router_plugin.web.memory_reading import MemoryReader
from litellm_router_plugin.web.reading import DecisionReader
from litellm_router_plugin.web.store_reading import StoredReader

PREMIUM = Experiment("premium-half", "user", 0.5, {"tier": "premium"}, '{"tier":"premium"}')
OLD = replace(PREMIUM, share=0.2)
Told = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A story under one definition, then under another."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'decisions.sqlite'}", interval_s=0.01)
    story = Story(seed=5, experiments=(OLD,), store=store)
    story.run(150, rated=0.3)
    story.experiments = (PREMIUM,)
    story.run(600, rated=0.3)
    store.flush()
    yield story
    store.close()


@pytest.fixture(params=["store", "memory"])
def asked(request: pytest.FixtureRequest, told: Story) -> Told:
    """Asks as a key; the answer must be a good one."""
    memory = MemoryReader(told.ledger, told.desk.book)
    assert told.store is not None
    reader: DecisionReader = memory
    if request.param == "store":
        reader = StoredReader(told.store, memory, lambda _router, _key: 0)
    app = app_of(services_of(told, reader))

    def ask(caller: str = ADMIN, /, **parameters: str) -> dict[str, Any]:
        with TestClient(app, headers={"authorization": f"Bearer {caller}"}) as client:
            answer = client.get("/tier-router/experiments", params=parameters)
        assert answer.status_code == 200
        assert answer.json()["scope"] == ("store" if request.param == "store" else "worker")
        return answer.json()  # type: ignore[no-any-return]  # JSON

    return ask


def requests_in(found: dict[str, Any]) -> int:
    run = found["experiments"][0]
    return int(run["control"]["requests"] + run["arm"]["requests"] + run["requests_without_unit"])


def test_an_admin_sees_all_traffic_the_current_definition_first(asked: Told) -> None:
    found = asked()
    current, earlier = found["experiments"]
    assert (current["current"], current["running"], current["share"]) == (True, True, 0.5)
    assert (earlier["current"], earlier["running"], earlier["share"]) == (False, False, 0.2)
    assert earlier["changed"] == ["share"]
    assert requests_in(found) == 600
    assert current["arm"]["cost_usd"]["value"] > current["control"]["cost_usd"]["value"]
    assert current["requests_without_unit"] > 30
    assert current["control"]["units"] > 100
    assert current["difference"]["cost_usd"]["low"] is not None
    assert current["words"]


def test_a_key_sees_its_own_requests_and_those_of_no_other(asked: Told, told: Story) -> None:
    records = [told.ledger.decision(one) for one in told.ids[150:]]
    for key, owner in ((ONE, "key-1"), (TWO, "key-2")):
        own = sum(record is not None and record.owner.key == owner for record in records)
        assert requests_in(asked(key)) == own
        assert requests_in(asked(key, key="key-3")) == own
        assert requests_in(asked(VIEWER, key=owner)) == own


def test_a_key_without_traffic_is_told_what_runs_and_that_there_is_not_enough(asked: Told) -> None:
    found = asked(ADMIN, key="key-of-nobody")
    assert [one["advice"] for one in found["experiments"]] == ["not enough traffic"]
    assert requests_in(found) == 0


def test_a_router_and_a_team_and_a_period_can_be_chosen(asked: Told) -> None:
    assert asked(router="other")["experiments"] == []
    assert 0 < requests_in(asked(team="team-1")) < 600
    assert requests_in(asked(since="2999-01-01")) == 0


def test_a_teams_own_experiments_are_told_to_that_team_and_to_admins_only(told: Story) -> None:
    own = ladder("red", team="team-1", experiments=[replace(PREMIUM, name="secret")])
    app = app_of(services_of(told, ladders=(ladder(experiments=[PREMIUM]), own)))

    def names(key: str) -> set[str]:
        with TestClient(app, headers={"authorization": f"Bearer {key}"}) as client:
            found = client.get("/tier-router/experiments").json()["experiments"]
        return {one["experiment"] for one in found}

    assert names(ONE) == names(ADMIN) == {"premium-half", "secret"}
    assert names(TWO) == {"premium-half"}


def test_arms_cannot_be_compared_by_tier_since_they_choose_it(told: Story) -> None:
    with TestClient(app_of(services_of(told)), headers={"authorization": f"Bearer {ADMIN}"}) as client:
        described = client.get("/openapi.json").json()["paths"]["/tier-router/experiments"]["get"]["parameters"]
    assert {one["name"] for one in described} == {"since", "until", "router", "team", "key"}
