"""An experiment on the real proxy: two workers, a restart, ratings, and what report, API and page say of it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

import pytest
import yaml
from browser_tab import open_tab
from proxy_process import MASTER_KEY, ProxyProcess
from proxy_setups import ALICE, BOB, HANDLER, KEYS, models, tier_router
from proxy_talk import Talk, body
from typer.testing import CliRunner
from upstream import Upstream

from litellm_router_plugin.cli.main import build_app

pytestmark = [pytest.mark.proxy, pytest.mark.timeout(900)]

PREMIUM = {"name": "premium-10", "unit": "user", "share": 0.1, "set": {"tier": "premium"}}
DEARER = {
    "name": "dearer",
    "unit": "user",
    "share": 0.5,
    "set": {"min_tier": "standard"},
    "goal": {"metric": "cost_usd", "effect": 0.0001},
}
MOVED = {"name": "moved", "unit": "user", "share": 0.5, "set": {"max_tier": "standard"}}
"""Its salt is another one after the restart."""
TALKS = {"name": "talks", "unit": "conversation", "share": 0.5, "set": {"max_tier": "standard"}}
USERS = 260
STARTS = 2
RATED = 100
WITHIN_S = 60.0
LIKED = {"gpt-4o-mini": 3, "gpt-4o": 4, "gpt-4.1": 5}
"""How answers of the tiers' models are rated."""


@dataclass
class Stage:
    """The proxy, and the arms that each start put each user into."""

    talk: Talk
    arms: list[dict[str, str]]

    def experiments(self, key: str = MASTER_KEY) -> dict[str, dict[str, Any]]:
        """Name -> the current definition's figures."""
        with self.talk.proxy.client(key) as client:
            found = client.get("/tier-router/experiments", params={"router": "smart"}).raise_for_status().json()
        assert found["scope"] == "store"
        return {one["experiment"]: one for one in found["experiments"] if one["current"]}

    def wait(self, is_there: Callable[[dict[str, dict[str, Any]]], bool]) -> dict[str, dict[str, Any]]:
        """The figures, once what was sent is in the store; another worker may still be writing."""
        end = time.monotonic() + WITHIN_S
        while not is_there(found := self.experiments()):
            assert time.monotonic() < end, found
            time.sleep(0.1)
        return found

    @property
    def database(self) -> str:
        """The proxy's own database."""
        return str(self.talk.proxy.folder / "state" / "litellm_router_plugin" / "decisions.sqlite")


def config(upstream: Upstream, experiments: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "model_list": [tier_router("smart", experiments=experiments), *models(upstream)],
        "litellm_settings": {"callbacks": [HANDLER]},
        "general_settings": {"master_key": MASTER_KEY},
    }


def send(talk: Talk, user: str) -> tuple[str, str, str]:
    """Ask as a user; user, arms, and the decision's id."""
    answer = talk.ask("chat", body("chat", user=user), ALICE)
    assert answer.status == 200, answer.json
    return user, answer.told("experiment") or "", answer.decision_id


def restart(proxy: ProxyProcess, experiments: list[dict[str, Any]]) -> None:
    """Start again with other experiments, and with one worker: fewer processes than before."""
    written = yaml.safe_load(proxy.config_path.read_text())
    written["model_list"][0]["model_info"]["tier_router"]["experiments"] = experiments
    proxy.config_path.write_text(yaml.safe_dump(written, sort_keys=False))
    proxy._workers = 1
    proxy.restart()


def placed(arms: str) -> dict[str, str]:
    """Experiment -> arm, from the header."""
    return dict(one.split("=") for one in arms.split(","))


def requests_of(run: dict[str, Any]) -> int:
    return int(run["control"]["requests"] + run["arm"]["requests"] + run["requests_without_unit"])


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Every user asks once before a restart and once after it, of whichever worker; a part of the answers is rated."""
    command = [str(Path(sys.executable).parent / "litellm"), "--timeout_worker_healthcheck", "60"]
    with Upstream() as upstream:
        experiments = [PREMIUM, DEARER, TALKS]
        written = config(upstream, [*experiments, MOVED])
        proxy = ProxyProcess(written, keys=KEYS, num_workers=2, command=command)
        with proxy:
            found = Stage(Talk(proxy, upstream), [])
            users = [f"person-{number}" for number in range(USERS)]
            for start in range(STARTS):
                if start:
                    restart(proxy, [*experiments, {**MOVED, "salt": "again"}])
                with ThreadPoolExecutor(6) as pool:
                    answers = list(pool.map(lambda user: send(found.talk, user), users))
                found.arms.append({user: arms for user, arms, _ in answers})
            found.wait(lambda runs: requests_of(runs["premium-10"]) == STARTS * USERS)
            rate(found.talk, [decision_id for _, _, decision_id in answers[:RATED]])
            yield found


def rate(talk: Talk, ids: list[str]) -> None:
    """Rate answers by the tier that gave them."""
    for decision_id in ids:
        decision = talk.decision(decision_id, ALICE, is_stored=True)
        model = decision["attempts"][-1]["model"].rpartition("/")[2]
        stars = next(stars for name, stars in sorted(LIKED.items(), reverse=True) if model.startswith(name))
        taken = talk.post("/tier-router/feedback", {"decision_id": decision_id, "rating": stars}, ALICE)
        assert taken.status_code == 200, taken.text


def test_both_workers_and_both_starts_put_a_user_into_the_same_arm(stage: Stage) -> None:
    before, after = ({user: placed(arms) for user, arms in one.items()} for one in stage.arms)
    for name in ("premium-10", "dearer"):
        assert {user: arms[name] for user, arms in before.items()} == {user: arms[name] for user, arms in after.items()}
    changed = sum(before[user]["moved"] != after[user]["moved"] for user in before)
    assert 90 <= changed <= 170  # another salt is another draw: half of 260
    treated = sum("premium-10=arm" in arms for arms in stage.arms[0].values())
    assert 10 <= treated <= 45  # a tenth of 260; outside with probability below 1 in 1,000


def test_figures_are_those_of_the_traffic(stage: Stage) -> None:
    def ratings(runs: dict[str, dict[str, Any]]) -> int:
        return int(sum(runs["premium-10"][arm]["ratings"] for arm in ("control", "arm")))

    premium = stage.wait(lambda runs: ratings(runs) == RATED)["premium-10"]
    treated = [user for user, arms in stage.arms[0].items() if "premium-10=arm" in arms]
    assert premium["arm"]["units"] == len(treated)
    assert premium["control"]["units"] == USERS - len(treated)
    assert premium["arm"]["requests"] == STARTS * len(treated)
    assert premium["running"] is True
    assert premium["arm"]["rating"]["value"] == 1.0  # five stars
    assert premium["control"]["rating"]["value"] < 0.8
    assert premium["difference"]["cost_usd"]["value"] > 0
    assert not premium["sample_ratio_mismatch"]


def test_too_little_traffic_is_said_to_be_so_and_a_clear_difference_is_found(stage: Stage) -> None:
    found = stage.experiments()
    assert found["premium-10"]["advice"] == "not enough traffic"
    assert "units with a rating, and nothing can be said below 100" in found["premium-10"]["words"]
    assert found["dearer"]["advice"] == "stop: the arm is worse"
    assert "cost per request is higher by $0.0" in found["dearer"]["words"]


def test_requests_without_the_unit_are_counted_and_take_no_part(stage: Stage) -> None:
    talks = stage.experiments()["talks"]
    assert talks["requests_without_unit"] == STARTS * USERS
    assert talks["control"]["units"] == talks["arm"]["units"] == 0


def test_a_key_sees_its_own_traffic_only(stage: Stage) -> None:
    assert requests_of(stage.experiments(ALICE)["premium-10"]) == STARTS * USERS
    of_bob = stage.experiments(BOB)["premium-10"]
    assert requests_of(of_bob) == 0
    assert of_bob["advice"] == "not enough traffic"


def test_report_says_the_same(stage: Stage) -> None:
    command = ["report", "--database", stage.database, "--json"]
    told = json.loads(CliRunner().invoke(build_app("report"), command).stdout)
    of_api = stage.experiments()
    current = [one for one in told["experiments"] if one["current"]]
    assert {one["experiment"] for one in current} == set(of_api)
    for one in current:
        for name in ("control", "arm", "difference", "advice", "words", "more_requests", "goal"):
            assert one[name] == of_api[one["experiment"]][name]


def test_the_summary_tells_both_arms(stage: Stage) -> None:
    arms = stage.talk.summary(router="smart")["experiments"]["premium-10"]
    figures = stage.experiments()["premium-10"]
    assert {arm: arms[arm]["requests"] for arm in arms} == {arm: figures[arm]["requests"] for arm in ("control", "arm")}


@pytest.mark.browser
def test_the_page_shows_it(stage: Stage, browser: Any) -> None:
    with open_tab(browser, f"{stage.talk.proxy.url}/tier-router/") as tab:
        tab.sign_in(MASTER_KEY)
        section = tab.page.get_by_role("region", name="premium-10")
        assert "Not enough traffic" in section.inner_text()
        assert "Stop: the arm is worse" in tab.page.get_by_role("region", name="dearer").inner_text()
        assert f"{STARTS * USERS} requests had no conversation" in tab.page.locator("#experiments").inner_text()


def test_another_salt_starts_afresh_and_the_old_data_stand_apart(stage: Stage) -> None:
    with stage.talk.proxy.client() as client:
        told = client.get("/tier-router/experiments").json()["experiments"]
    moved = [one for one in told if one["experiment"] == "moved"]
    assert [(one["current"], one["running"], one["changed"], requests_of(one)) for one in moved] == [
        (True, True, [], USERS),
        (False, False, ["salt"], USERS),
    ]
    assert [one["experiment"] for one in told] == ["premium-10", "dearer", "talks", "moved", "moved"]
