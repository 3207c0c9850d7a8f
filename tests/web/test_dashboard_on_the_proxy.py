"""Page and API on the real proxy: LiteLLM's own key check, its route check, its docs."""

from __future__ import annotations

import os
from collections.abc import Iterator

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

import pytest
from proxy_process import MASTER_KEY, ProxyProcess
from proxy_setups import ALICE, BOB, HANDLER, KEYS, models, tier_router
from proxy_talk import Talk, body
from upstream import Upstream

pytestmark = pytest.mark.proxy

VIEWER = "sk-viewer"


@pytest.fixture(scope="module")
def talk() -> Iterator[Talk]:
    """A proxy with one tier router, and a store of its own in the proxy's folder."""
    keys: dict[str, dict[str, object]] = {**KEYS, VIEWER: {"user_role": "proxy_admin_viewer", "user_id": "viewer"}}
    with Upstream() as upstream:
        config = {
            "model_list": [tier_router("smart"), *models(upstream)],
            "litellm_settings": {"callbacks": [HANDLER]},
            "general_settings": {"master_key": MASTER_KEY},
        }
        proxy = ProxyProcess(config, keys=keys)
        proxy._env["XDG_STATE_HOME"] = str(proxy.folder)
        with proxy:
            yield Talk(proxy, upstream)


def test_the_page_is_served_without_a_key_and_its_policy_is_not_loosened(talk: Talk) -> None:
    with talk.proxy.client("none") as client:
        page = client.get("/tier-router/")
        assert page.status_code == 200
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert client.get("/tier-router/assets/app.js").status_code == 200
        assert client.get("/tier-router", follow_redirects=True).url.path == "/tier-router/"
        assert client.get("/tier-router/summary").status_code == 401


def test_a_key_sees_and_rates_its_own_and_an_admin_sees_all(talk: Talk) -> None:
    answer = talk.ask("chat", body("chat"), ALICE)
    decision = talk.decision(answer.decision_id, ALICE)
    assert decision["why"]
    assert decision["owner"]["user"] == "alice"
    rating = {"decision_id": answer.decision_id, "rating": 5}
    for key, status in ((ALICE, 200), (BOB, 404), (VIEWER, 404), (MASTER_KEY, 200)):
        assert talk.post("/tier-router/feedback", rating, key).status_code == status
    for key, status in ((ALICE, 200), (BOB, 404), (VIEWER, 200), (MASTER_KEY, 200)):
        with talk.proxy.client(key) as client:
            assert client.get(f"/tier-router/decisions/{answer.decision_id}").status_code == status
    assert talk.summary(ALICE)["ratings_by_tier"]["cheap"]["ratings"] >= 1
    assert talk.summary(BOB)["total_requests"] == 0


def test_an_answer_is_rated_by_litellms_call_id(talk: Talk) -> None:
    answer = talk.ask("chat", body("chat"), ALICE)
    talk.decision(answer.decision_id, ALICE)
    call_id = answer.headers["x-litellm-call-id"]
    taken = talk.post("/tier-router/feedback", {"call_id": call_id, "thumb": "up"}, ALICE)
    assert taken.json()["decision_id"] == answer.decision_id


def test_the_ladder_has_litellms_prices(talk: Talk) -> None:
    with talk.proxy.client(ALICE) as client:
        told = client.get("/tier-router/ladder").json()["routers"][0]
    assert [tier["name"] for tier in told["tiers"]] == ["cheap", "standard", "premium"]
    assert told["tiers"][0]["models"] == ["openai/gpt-4o-mini"]
    assert told["tiers"][0]["input_usd_per_million"] == 0.15
    assert told["tiers"][1]["dominated_by"] == "premium"  # gpt-4.1 costs less than gpt-4o


def test_lists_and_series_hold_the_request(talk: Talk) -> None:
    answer = talk.ask("chat", body("chat"), BOB)
    talk.decision(answer.decision_id, BOB)
    talk.summary(BOB)
    with talk.proxy.client(BOB) as client:
        listed = client.get("/tier-router/decisions").json()["decisions"]
        points = client.get("/tier-router/series", params={"bucket": "hour"}).json()["points"]
    assert answer.decision_id in [one["decision_id"] for one in listed]
    assert sum(point["requests"] for point in points) == len(listed)


def test_a_refused_request_says_why_in_the_same_form_as_elsewhere(talk: Talk) -> None:
    answer = talk.post("/tier-router/feedback", b'{"decision_id": "x", "score": NaN}')
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


def test_the_proxys_docs_describe_the_api(talk: Talk) -> None:
    with talk.proxy.client() as client:
        described = client.get("/openapi.json").json()
    for path in ("/tier-router/summary", "/tier-router/decisions/{decision_id}", "/tier-router/feedback"):
        assert path in described["paths"]
    assert "/tier-router/" not in described["paths"]
    assert "DecisionDetail" in described["components"]["schemas"]
    assert described["paths"]["/tier-router/summary"]["get"]["security"]


@pytest.mark.parametrize("role", ["internal_user", "internal_user_viewer", None])
@pytest.mark.parametrize("path", ["summary", "decisions/x", "feedback", "ladder"])
def test_litellms_route_check_lets_ordinary_keys_through(role: str | None, path: str) -> None:
    from fastapi import Request  # noqa: PLC0415  only with the proxy
    from litellm.proxy._types import LiteLLM_UserTable, UserAPIKeyAuth  # noqa: PLC0415  same; seconds
    from litellm.proxy.auth.route_checks import RouteChecks  # noqa: PLC0415  same

    from litellm_router_plugin.host.private import let_keys_reach_our_routes  # noqa: PLC0415  same

    let_keys_reach_our_routes()
    route = f"/tier-router/{path}"
    RouteChecks.non_proxy_admin_allowed_routes_check(
        user_obj=LiteLLM_UserTable(user_id="u", user_role=role, max_budget=None, user_email=None),
        _user_role=role,
        route=route,
        request=Request({"type": "http", "method": "GET", "path": route, "headers": [], "query_string": b""}),
        valid_token=UserAPIKeyAuth(api_key="hashed", user_role=role),
        request_data={},
    )
