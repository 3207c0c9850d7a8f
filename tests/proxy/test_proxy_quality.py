"""Shadow mode and quality monitoring through the real proxy: spend, caps, whose rows, alarms, proposals, steps."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from proxy_process import MASTER_KEY, ProxyProcess
from proxy_setups import ALICE, HANDLER, KEYS, PRICES, judge, models, tier_router
from proxy_talk import Talk, body, metadata_of, note_of
from upstream import Upstream

pytestmark = pytest.mark.proxy

MINI, FULL, TOP, NANO = "gpt-4o-mini", "gpt-4o", "gpt-4.1", "gpt-4.1-nano"
MINI_USD = 100 * PRICES["mini"][0] + 50 * PRICES["mini"][1]
CAP_USD = 6 * MINI_USD
WATCHED = 480
"""Requests of which the first 300 have good answers; a monitor begins to bet after 200."""


def config(upstream: Upstream) -> dict[str, Any]:
    cheap_for_all = {"type": "rules", "patterns": {}, "keywords": {"cheap": ["hi"]}}
    observing = {"mode": "observe", "default_tier": "premium", "classifier": cheap_for_all}
    judged = {"checks": "default", "judge": judge(threshold=0.7)}
    bounds = {"apply": "within_bounds", "max_threshold_step": 0.03, "max_threshold": 0.05}
    return {
        "model_list": [
            tier_router("seen", **observing, cascade=judged, observe={"share": 1.0, "max_usd_per_day": 1.0}),
            tier_router("capped", **observing, observe={"share": 1.0, "max_usd_per_day": CAP_USD}),
            tier_router("watched", cascade={"checks": "default", "max_escalations": 0}, mode="observe"),
            tier_router("shown", cascade=judged),
            tier_router("applied", cascade=judged, monitoring=bounds),
            *models(upstream),
        ],
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "litellm_settings": {"callbacks": [HANDLER]},
        "general_settings": {"master_key": MASTER_KEY},
    }


@pytest.fixture(scope="module")
def talk(proxy_upstream: Upstream) -> Iterator[Talk]:
    with ProxyProcess(config(proxy_upstream), keys=KEYS, rows=True) as proxy:
        yield Talk(proxy, proxy_upstream)


@pytest.fixture(autouse=True)
def forgotten(proxy_upstream: Upstream) -> None:
    proxy_upstream.reset()


def read(talk: Talk, path: str, key: str = MASTER_KEY, **given: Any) -> Any:
    with talk.proxy.client(key) as client:
        return client.get(f"/tier-router/{path}", params=given).raise_for_status().json()


def soon(look: Callable[[], Any], within_s: float = 40.0) -> Any:
    """What a look shows once it shows something."""
    end = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.3)
    return found


@pytest.mark.parametrize("endpoint", ["chat", "messages", "responses"])
def test_a_shadow_is_the_operators_and_in_the_books_of_its_request(talk: Talk, endpoint: str) -> None:
    talk.upstream.script(NANO, {"text": "0.9"})
    answer = talk.ask(endpoint, body(endpoint, model="seen"), ALICE)
    assert (answer.told("tier"), answer.told("cost-usd")) == ("premium", None)
    decision, rows = talk.decision(answer.decision_id), talk.rows(answer.decision_id, 3)
    assert decision["shadow"]["tier"] == "cheap"
    assert [(call["role"], call.get("shadow")) for call in decision["other_calls"]] == [
        ("second_opinion", True),
        ("judge", True),
    ]
    assert decision["cost_usd"] == pytest.approx(sum(row["spend"] for row in rows), abs=1e-9)
    own, *shadows = sorted(rows, key=lambda row: bool(note_of(row).get("shadow")))
    assert (own["user"], own["team_id"]) == ("alice", "red")
    for row in shadows:
        assert (row["user"], bool(row["team_id"]), bool(row["api_key"])) == ("default_user_id", False, False)
        assert metadata_of(row)["internal_call_origin"] in ("shadow_eval_router", "shadow_eval_judge")


def test_the_cap_holds_and_the_report_says_what_was_left_out(talk: Talk) -> None:
    for number in range(15):
        answer = talk.ask("chat", body("chat", f"hi {number}", model="capped"), ALICE)
        assert (answer.status, answer.told("tier")) == (200, "premium")
        talk.decision(answer.decision_id)
    found = soon(lambda: (one := read(talk, "observed", router="capped"))["requests"] == 15 and one)
    assert found["states"]["over_cap"] + found["states"]["done"] == 15
    assert found["states"]["over_cap"] >= 9
    assert 0 < found["shadow_spend_usd"] <= CAP_USD + MINI_USD
    assert found["routing"]["basis"] == "estimated"
    assert found["chosen_by_tier"]["cheap"] == 15
    assert len(talk.upstream.calls(MINI)) == found["states"]["done"]
    whole = read(talk, "observed", ALICE, router="capped")
    assert whole["requests"] == 15


def test_answers_that_become_poor_raise_an_alarm_that_outlasts_a_restart(talk: Talk) -> None:
    good: dict[str, object] = {"text": "A fine answer, word by word."}
    talk.upstream.script(MINI, *([good] * 300), {"text": ""})
    with talk.proxy.client(ALICE) as client:
        for number in range(WATCHED):
            client.post("/v1/chat/completions", json=body("chat", f"{number}", model="watched")).raise_for_status()
    alarmed = soon(lambda: alarms(talk))
    assert [(one["tier"], one["stream"]) for one in alarmed] == [("cheap", "acceptance")]
    assert "changed after" in alarmed[0]["alarm"]
    assert "acceptance of tier cheap on route 'default' has changed" in talk.proxy.log
    talk.proxy.restart()
    again = soon(lambda: alarms(talk))
    assert [one["alarm"] for one in again] == [one["alarm"] for one in alarmed]
    gone = {name: again[0][name] for name in ("router", "route", "tier", "stream")}
    assert talk.post("/tier-router/monitoring/reset", gone, ALICE).status_code == 403
    assert talk.post("/tier-router/monitoring/reset", gone).status_code == 200
    assert alarms(talk) == []


def alarms(talk: Talk) -> list[Any]:
    return [one for one in read(talk, "monitoring", router="watched")["monitors"] if one["alarm"]]


def rate_poor_passes(talk: Talk, router: str) -> None:
    """Answers that the judge lets pass at .72 and people do not like, and some at .9 that they do."""
    replies: list[dict[str, object]] = [{"text": "0.72" if number % 3 else "0.9"} for number in range(60)]
    talk.upstream.script(NANO, *replies)
    for number in range(60):
        answer = talk.ask("chat", body("chat", f"Question {number}", model=router), ALICE)
        talk.decision(answer.decision_id)
        given = {"decision_id": answer.decision_id, "score": 0.0 if number % 3 else 1.0}
        assert talk.post("/tier-router/feedback", given, ALICE).status_code == 200


def of_router(talk: Talk, router: str) -> Any:
    return read(talk, "monitoring", router=router)["routers"][0]


def test_a_proposal_is_shown_applied_by_hand_and_taken_back_by_the_command(talk: Talk) -> None:
    rate_poor_passes(talk, "shown")
    (proposal,) = soon(lambda: of_router(talk, "shown")["proposals"])
    assert proposal["diff"] == "+routes:\n+  default:\n+    judge_threshold: 0.73"
    command = [str(Path(sys.executable).parent / "tier-router"), "monitor", "--config", str(talk.proxy.config_path)]
    database = ["--database", str(next(talk.proxy.folder.rglob("*.sqlite")))]
    told = subprocess.run([*command, *database, "--router", "shown"], capture_output=True, text=True, check=False)  # noqa: S603  the test's own
    assert told.returncode == 1, told.stderr
    assert "+    judge_threshold: 0.73" in told.stdout
    which = {"router": "shown", "id": proposal["id"]}
    assert talk.post("/tier-router/monitoring/apply", which, ALICE).status_code == 403
    step = talk.post("/tier-router/monitoring/apply", which).json()
    assert (step["after"], of_router(talk, "shown")["steps"][0]["id"]) == (0.73, step["id"])
    assert talk.post("/tier-router/monitoring/apply", which).status_code == 409

    back = subprocess.run([*command, *database, "--revert", step["id"]], capture_output=True, text=True, check=False)  # noqa: S603  same
    assert back.returncode == 0, back.stderr
    soon(lambda: of_router(talk, "shown")["steps"][0]["reverted_at"])


def test_within_bounds_a_proposal_is_applied_by_itself(talk: Talk) -> None:
    rate_poor_passes(talk, "applied")
    (step,) = soon(lambda: of_router(talk, "applied")["steps"], within_s=90)
    assert (step["by"], step["before"], step["after"]) == ("monitoring", None, 0.73)
    assert "judge_threshold on route 'default' set from None to 0.73 by monitoring" in talk.proxy.log
    which = {"router": "applied", "id": step["id"]}
    assert talk.post("/tier-router/monitoring/revert", which).json()["reverted_at"]
    assert of_router(talk, "applied")["steps"][0]["reverted_at"]
