"""Where tier routers come from: model list, code, updates; which settings are refused, and who may write them."""

from __future__ import annotations

import asyncio
from typing import Any

import litellm
import pytest
from litellm.types.router import Deployment, LiteLLM_Params
from routers import MODELS, TIERS, Make, asked, deployment, told
from upstream import Upstream

import litellm_router_plugin
from litellm_router_plugin.errors import ConfigError
from litellm_router_plugin.host.routing import TierRouting


def marker(settings: dict[str, Any], name: str = "smart", **info: Any) -> dict[str, Any]:
    return {
        "model_name": name,
        "litellm_params": {"model": f"tier_router/{name}"},
        "model_info": {"tier_router": settings, "id": f"marker-{name}", **info},
    }


def models(upstream: Upstream) -> list[dict[str, Any]]:
    return [deployment(group, name, upstream) for group, name in MODELS.items()]


async def ask(routing: TierRouting, model: str = "smart") -> dict[str, Any]:
    return told(await routing.router.acompletion(model=model, messages=asked()))


def attached(entries: list[dict[str, Any]], **router: Any) -> TierRouting:
    litellm_router_plugin.register()
    return litellm_router_plugin.attach(litellm.Router(model_list=entries, num_retries=0, **router))


async def test_a_marker_in_the_model_list_needs_only_register_before(upstream: Upstream) -> None:
    routing = attached([marker({"tiers": TIERS, "default_tier": "cheap"}), *models(upstream)])
    assert (await ask(routing))["tier"] == "cheap"
    routing.detach()


async def test_several_tier_routers_stand_side_by_side(upstream: Upstream) -> None:
    careful = marker({"tiers": TIERS[1:], "default_tier": "premium", "classifier": RULES_OFF}, "careful")
    routing = attached([marker({"tiers": TIERS, "default_tier": "cheap"}), careful, *models(upstream)])
    assert (await ask(routing))["tier"] == "cheap"
    assert (await ask(routing, "careful"))["tier"] == "premium"
    await routing.flush()
    assert routing.summary("careful")["total_requests"] == 1
    assert routing.summary()["total_requests"] == 2
    routing.detach()


RULES_OFF = {"type": "rules", "patterns": {}, "keywords": {}}


async def test_an_alias_leads_to_the_tier_router(upstream: Upstream) -> None:
    entries = [marker({"tiers": TIERS, "default_tier": "cheap"}), *models(upstream)]
    routing = attached(entries, model_group_alias={"clever": "smart"})
    assert (await ask(routing, "clever"))["tier"] == "cheap"
    routing.detach()


async def test_changed_settings_are_in_force_at_once(upstream: Upstream) -> None:
    settings = {"tiers": TIERS, "default_tier": "cheap", "classifier": RULES_OFF}
    routing = attached([marker(settings), *models(upstream)])
    assert (await ask(routing))["tier"] == "cheap"
    changed = Deployment(
        model_name="smart",
        litellm_params=LiteLLM_Params(model="tier_router/smart"),
        model_info={"id": "marker-smart", "tier_router": {**settings, "default_tier": "premium"}},
    )
    routing.router.upsert_deployment(changed)
    assert (await ask(routing))["tier"] == "premium"
    routing.router.set_model_list([marker({**settings, "default_tier": "standard"}), *models(upstream)])
    assert (await ask(routing))["tier"] == "standard"
    routing.detach()


def test_wrong_settings_of_the_operators_own_stop_attaching(upstream: Upstream) -> None:
    entries = [marker({"tiers": TIERS, "default_tier": "gold"}), *models(upstream)]
    with pytest.raises(ConfigError, match=r"smart\.default_tier: there is no tier 'gold'.*cheap, standard, premium"):
        attached(entries)


async def test_wrong_settings_from_a_database_leave_that_router_out(
    upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = marker({"tiers": TIERS, "default_tier": "gold"}, "wrong", db_model=True)
    routing = attached([marker({"tiers": TIERS, "default_tier": "cheap"}), wrong, *models(upstream)])
    assert "there is no tier 'gold'" in caplog.text
    assert (await ask(routing))["tier"] == "cheap"
    with pytest.raises(litellm.ServiceUnavailableError, match=r"wrong\.default_tier"):
        await ask(routing, "wrong")
    routing.detach()


@pytest.mark.parametrize(
    ("classifier", "path"),
    [
        ({"type": "python", "path": "os.system"}, "classifier.path"),
        ({"type": "llm", "model": "judge", "prompt_file": "/etc/passwd"}, "classifier.prompt_file"),
        ({"type": "learned", "artefact": "/tmp/model"}, "classifier.artefact"),  # noqa: S108  never opened
    ],
)
async def test_settings_from_a_database_may_not_name_code_or_files(
    upstream: Upstream, classifier: dict[str, Any], path: str
) -> None:
    entry = marker({"tiers": TIERS, "classifier": classifier}, db_model=True)
    routing = attached([entry, *models(upstream)])
    with pytest.raises(litellm.ServiceUnavailableError, match=rf"smart\.{path}: .* is not allowed"):
        await ask(routing)
    routing.detach()


async def test_a_teams_marker_may_lead_only_to_groups_of_the_team(upstream: Upstream) -> None:
    theirs = {**deployment("theirs", "gpt-4o", upstream), "model_info": {"team_id": "blue"}}
    tiers = [TIERS[0], {"name": "standard", "model_group": "theirs"}]
    routing = attached([marker({"tiers": tiers}, team_id="red", db_model=True), theirs, *models(upstream)])
    with pytest.raises(litellm.ServiceUnavailableError, match="team 'red' may not call the group 'theirs'"):
        await ask(routing)
    routing.detach()


async def test_without_the_plugin_a_marker_says_what_is_missing(upstream: Upstream) -> None:
    routing = attached([marker({"tiers": TIERS}), *models(upstream)])
    routing.detach()
    with pytest.raises(litellm.ServiceUnavailableError, match="not attached"):
        await routing.router.acompletion(model="smart", messages=asked())


async def test_attaching_twice_gives_the_same_object_and_one_row_a_call(make: Make) -> None:
    routing = make()
    assert litellm_router_plugin.attach(routing.router) is routing
    await ask(routing)
    await routing.flush()
    assert routing.summary()["requests_by_tier"] == {"cheap": 1, "standard": 0, "premium": 0}


async def test_the_strategy_comes_back_when_the_host_dropped_it(make: Make) -> None:
    routing = make()
    routing.router.update_settings(routing_strategy="latency-based-routing")
    assert (await ask(routing))["tier"] == "cheap"


async def test_other_groups_of_the_router_are_left_alone(make: Make) -> None:
    routing = make()
    answer = await routing.router.acompletion(model="full", messages=asked())
    assert "tier_router" not in answer._hidden_params
    await asyncio.sleep(0.2)
    assert routing.summary()["total_requests"] == 0


async def test_an_embedding_is_refused_and_the_groups_for_such_work_are_named_first(upstream: Upstream) -> None:
    others = [
        deployment("vectors", "text-embedding-3-small", upstream),
        {**deployment("own-vectors", "our-own", upstream), "model_info": {"mode": "embedding"}},
    ]
    routing = attached([marker({"tiers": TIERS}), *models(upstream), *others])
    with pytest.raises(litellm.BadRequestError, match=r"by its own name: own-vectors \(embedding\), vectors \(emb"):
        await routing.router.aembedding(model="smart", input="hi")
    with pytest.raises(litellm.BadRequestError, match=r", full, judge, mini, spare, top"):
        routing.router.embedding(model="smart", input="hi")
    routing.detach()
