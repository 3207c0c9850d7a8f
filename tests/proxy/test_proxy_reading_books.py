"""Who may read which decision and which summary over HTTP."""

from __future__ import annotations

import httpx
import pytest
from fastapi import HTTPException, Request
from litellm.proxy._types import LitellmUserRoles, UserAPIKeyAuth
from litellm.proxy.auth.route_checks import RouteChecks
from proxy_process import MASTER_KEY
from proxy_setups import ALICE, BOB, PRICES
from proxy_talk import Talk, body

from litellm_router_plugin.host.private import let_keys_reach_our_routes

pytestmark = pytest.mark.proxy


def status(talk: Talk, path: str, key: str) -> int:
    with talk.proxy.client(key) as client:
        return client.get(path).status_code


def test_a_decision_is_seen_by_its_own_key_and_by_admins_only(talk: Talk) -> None:
    answer = talk.ask("chat", body("chat"), ALICE)
    path = f"/tier-router/decisions/{answer.decision_id}"
    assert {key: status(talk, path, key) for key in (ALICE, MASTER_KEY, BOB)} == {ALICE: 200, MASTER_KEY: 200, BOB: 404}
    assert status(talk, f"/tier-router/decisions/{'0' * 32}", ALICE) == 404
    talk.decision(answer.decision_id, is_stored=True)
    assert talk.decision(answer.decision_id, ALICE) == talk.decision(answer.decision_id)


def test_a_decision_tells_what_the_contract_names(talk: Talk) -> None:
    talk.upstream.script("gpt-4o-mini", {"text": "Perhaps it is seven, who knows really."})
    talk.upstream.script("gpt-4.1-nano", {"text": "0.1"}, {"text": "0.9"})
    answer = talk.ask("chat", body("chat", model="judged"), ALICE)
    decision = talk.decision(answer.decision_id, ALICE)
    named = {"decision_id", "router", "tier", "cause", "signals", "escalated", "cost_usd", "savings_usd", "cost_state"}
    assert named | {"attempts", "other_calls"} <= set(decision)
    assert {"tier", "model", "cost_usd", "verdict", "failed_checks"} <= set(decision["attempts"][0])
    assert {"role", "model", "cost_usd"} <= set(decision["other_calls"][0])
    assert (decision["router"], decision["tier"], decision["escalated"]) == ("judged", "standard", True)


@pytest.mark.parametrize("path", ["/tier-router/summary", "/tier-router/decisions/0123"])
def test_without_a_key_nothing_is_told(talk: Talk, path: str) -> None:
    assert httpx.get(talk.proxy.url + path, trust_env=False).status_code in (401, 500)  # 500: LiteLLM without prisma
    assert status(talk, path, "sk-nobody") in (401, 500)


def test_a_summary_holds_the_requests_of_its_own_key_and_adds_up(talk: Talk) -> None:
    before = {key: talk.summary(key, "checked") for key in (ALICE, BOB, MASTER_KEY)}
    talk.upstream.script("gpt-4o-mini", {"text": ""}, {"text": "A good first answer."})
    talk.ask("chat", body("chat", model="checked"), ALICE)
    talk.ask("responses", body("responses", model="checked", stream=True), ALICE)
    after = {key: talk.summary(key, "checked") for key in (ALICE, BOB, MASTER_KEY)}
    assert [after[key]["total_requests"] - before[key]["total_requests"] for key in (ALICE, BOB, MASTER_KEY)] == [
        2,
        0,
        2,
    ]
    cheap, second, best = (100 * PRICES[g][0] + 50 * PRICES[g][1] for g in ("mini", "full", "top"))
    for key in (ALICE, MASTER_KEY):
        grown = {
            name: after[key][name] - (before[key][name] or 0) for name in ("total_cost", "overhead_cost", "savings")
        }
        assert grown["total_cost"] == pytest.approx(2 * cheap + second, abs=1e-9)
        assert grown["overhead_cost"] == pytest.approx(cheap, abs=1e-9)
        assert grown["savings"] == pytest.approx(2 * best - 2 * cheap - second, abs=1e-9)
        served = after[key]["requests_by_tier"], before[key]["requests_by_tier"]
        assert [served[0][t] - served[1][t] for t in ("cheap", "standard", "premium")] == [1, 1, 0]
        assert after[key]["total_cost"] == pytest.approx(
            sum(after[key]["costs_by_tier"].values()) + after[key]["overhead_cost"], abs=1e-9
        )


ROLES = [None, LitellmUserRoles.INTERNAL_USER, LitellmUserRoles.INTERNAL_USER_VIEW_ONLY]


def checked(role: LitellmUserRoles | None, route: str) -> None:
    """LiteLLM's own check of a route, as it runs for keys that are no admins'; custom auth skips it."""
    request = Request({"type": "http", "method": "GET", "path": route, "headers": [], "query_string": b""})
    token = UserAPIKeyAuth(api_key="sk-x", user_role=role)
    RouteChecks.non_proxy_admin_allowed_routes_check(
        user_obj=None, _user_role=role, route=route, request=request, valid_token=token, request_data={}
    )


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", ["/tier-router/summary", "/tier-router/decisions/0123", "/tier-router/feedback"])
def test_litellms_route_check_lets_every_role_through_to_our_routes(role: LitellmUserRoles | None, route: str) -> None:
    let_keys_reach_our_routes()
    checked(role, route)


@pytest.mark.parametrize("role", ROLES)
def test_litellms_route_check_still_refuses_what_is_not_ours(role: LitellmUserRoles | None) -> None:
    let_keys_reach_our_routes()
    with pytest.raises((HTTPException, Exception), match=r"(?i)route|admin|allowed"):
        checked(role, "/tier-router-of-others/summary")
