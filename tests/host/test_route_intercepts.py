"""Intercepts of single routes, through the real router: what was learned of a route moves its tier and no other's."""

from __future__ import annotations

from typing import Any

import pytest
from routers import Make, asked, told

LIKES = {"cheap": "gpt-4o-mini-2024-07-18", "standard": "gpt-4o-2024-08-06", "premium": "o1-preview-2024-09-12"}
TIERS = [
    {"name": tier, "model_group": group, "like": LIKES[tier]}
    for tier, group in (("cheap", "mini"), ("standard", "full"), ("premium", "top"))
]
LEARNED = {"type": "learned"}
QUIET = {"type": "rules", "patterns": {}, "keywords": {}}
KINDS: dict[str, dict[str, Any]] = {
    "learned": LEARNED,
    "highest": {"type": "highest", "of": [QUIET, LEARNED]},
    "first": {"type": "first", "of": [QUIET, LEARNED]},
    "hybrid": {"type": "hybrid", "local": LEARNED, "llm": QUIET},
}
QUESTION = "Which of the following is the capital of Australia?\n(A) Sydney\n(B) Canberra\n(C) Perth"
SUPPORT = {"support": {"intercepts": {"cheap": -8.0}}}


async def tier_of(routing: Any, route: str | None, **params: Any) -> str:
    metadata = {"metadata": {"tier_router": {"route": route}}} if route else {}
    response = await routing.router.acompletion(model="smart", messages=asked(QUESTION), **metadata, **params)
    return str(told(response)["tier"])


@pytest.mark.parametrize("kind", KINDS)
async def test_a_route_on_which_the_cheap_tier_fails_goes_up(make: Make, kind: str) -> None:
    routing = make({"tiers": TIERS, "classifier": KINDS[kind], "routes": SUPPORT})
    assert [await tier_of(routing, route) for route in (None, "sales", "support")] == ["cheap", "cheap", "premium"]


async def test_a_route_that_no_client_names_is_known_by_its_system_prompt(make: Make) -> None:
    system = {"role": "system", "content": "You answer questions on geography."}
    plain = make({"tiers": TIERS, "classifier": LEARNED})
    messages = [system, *asked(QUESTION)]
    first = await plain.router.acompletion(model="smart", messages=messages)
    await plain.flush()
    found = plain.decision(told(first)["decision_id"])
    assert found is not None
    assert found["tier"] == "cheap"
    routing = make({"tiers": TIERS, "classifier": LEARNED, "routes": {found["route"]: SUPPORT["support"]}})
    second = await routing.router.acompletion(model="smart", messages=messages)
    assert told(second)["tier"] == "premium"
    assert await tier_of(routing, None) == "cheap"


def test_the_synchronous_path_knows_the_route_too(make: Make) -> None:
    routing = make({"tiers": TIERS, "classifier": LEARNED, "routes": SUPPORT})
    metadata = {"tier_router": {"route": "support"}}
    response = routing.router.completion(model="smart", messages=asked(QUESTION), metadata=metadata)
    assert told(response)["tier"] == "premium"
