"""Experiments, observing, and the break-even guard on `litellm.Router`."""

from __future__ import annotations

from typing import Any

from routers import Make, asked, books, told
from upstream import Upstream

PREMIUM_HALF = {"experiments": [{"name": "premium-half", "unit": "user", "share": 0.5, "set": {"tier": "premium"}}]}


async def ask(routing: Any, text: str = "hi", **params: Any) -> dict[str, Any]:
    return told(await routing.router.acompletion(model="smart", messages=asked(text), **params))


async def test_a_user_stays_in_its_arm_and_the_arm_is_told(make: Make) -> None:
    routing = make(PREMIUM_HALF)
    first = {f"user-{index}": await ask(routing, user=f"user-{index}") for index in range(16)}
    again = {name: await ask(routing, user=name) for name in first}
    assert {name: facts["experiment"] for name, facts in first.items()} == {
        name: facts["experiment"] for name, facts in again.items()
    }
    arms = {facts["experiment"] for facts in first.values()}
    assert arms == {"premium-half=arm", "premium-half=control"}
    for facts in first.values():
        treated = facts["experiment"].endswith("=arm")
        assert (facts["tier"], facts["cause"]) == (("premium", "experiment") if treated else ("cheap", "rule"))


async def test_the_arms_are_compared_in_code(make: Make) -> None:
    routing = make(PREMIUM_HALF)
    asked_by = [await ask(routing, user=f"user-{index % 8}") for index in range(16)]
    await routing.flush()
    compared: Any = routing.experiments("smart")
    (found,) = compared["experiments"]
    arms = [facts["experiment"].split("=")[1] for facts in asked_by]
    assert {arm: found[arm]["requests"] for arm in ("control", "arm")} == {
        arm: arms.count(arm) for arm in ("control", "arm")
    }
    assert found["control"]["units"] + found["arm"]["units"] == 8
    assert (found["experiment"], found["advice"]) == ("premium-half", "not enough traffic")
    assert found["arm"]["cost_usd"]["value"] > found["control"]["cost_usd"]["value"]
    assert routing.experiments("another")["experiments"] == []


async def test_a_pinned_request_takes_no_part(make: Make) -> None:
    routing = make(PREMIUM_HALF)
    facts = await ask(routing, user="user-1", metadata={"tier_router": {"tier": "cheap"}})
    assert (facts["tier"], facts["experiment"]) == ("cheap", None)


async def test_an_arm_may_change_classifier_and_cascade(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": ""})
    arm = {"classifier": {"type": "rules", "keywords": {"standard": ["zebra"]}}, "cascade": {"checks": ["empty"]}}
    routing = make({"experiments": [{"name": "new", "unit": "request", "share": 1.0, "set": arm}]})
    assert (await ask(routing, "zebra"))["tier"] == "standard"
    facts = await ask(routing, "hello")
    assert (facts["tier"], facts["attempts"]) == ("standard", 2)


async def test_observing_decides_and_changes_nothing(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": ""})
    routing = make({"mode": "observe", "cascade": {}})
    response = await routing.router.acompletion(model="smart", messages=asked("Prove Fermat's last theorem."))
    assert (told(response)["tier"], told(response)["cause"], told(response)["attempts"]) == ("cheap", "default", 1)
    decision = await books(routing, response)
    assert (decision["observed_tier"], decision["observed_cause"]) == ("premium", "rule")
    assert decision["attempts"][0]["failed_checks"] == ["empty"]


async def test_a_losing_cascade_is_bypassed(make: Make, upstream: Upstream) -> None:
    """Every draft fails: draft and final cost more than the final alone, until the guard has seen enough."""
    upstream.script("gpt-4o-mini", {"text": "", "usage": {"prompt_tokens": 400, "completion_tokens": 300}})
    upstream.script("gpt-4o", {"text": "Fine.", "usage": {"prompt_tokens": 40, "completion_tokens": 10}})
    routing = make({"cascade": {"checks": ["empty"], "max_escalations": 1}})
    for _ in range(60):
        facts = await ask(routing)
        await routing.flush()
        if facts["cause"] == "break_even":
            break
    assert (facts["tier"], facts["cause"], facts["attempts"]) == ("standard", "break_even", 1)
    summary: dict[str, Any] = routing.summary()
    standing = summary["cascades"]["smart"]["cheap"]
    assert standing["bypassed"] is True
    assert standing["net_saving_usd"] <= 0


async def test_the_guard_can_be_switched_off(make: Make, upstream: Upstream) -> None:
    upstream.script("gpt-4o-mini", {"text": "", "usage": {"prompt_tokens": 400, "completion_tokens": 300}})
    upstream.script("gpt-4o", {"text": "Fine.", "usage": {"prompt_tokens": 40, "completion_tokens": 10}})
    routing = make({"cascade": {"checks": ["empty"], "max_escalations": 1, "break_even": False}})
    for _ in range(40):
        facts = await ask(routing)
        await routing.flush()
    assert facts["cause"] == "rule"
