"""Recorded prompts and answers through the proxy: the tier that the rules say, the recorded answer, the right price."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from proxy_process import ProxyProcess
from proxy_setups import ALICE, RECORDED
from proxy_talk import Talk, body
from services import need

from litellm_router_plugin.classifiers.rules import RulesClassifier
from litellm_router_plugin.core.ports import ModelCalls
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.tiers import Ladder, Tier
from litellm_router_plugin.host.driving import drive

pytestmark = [pytest.mark.proxy, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("TIER_ROUTER_DATA", ROOT.parent / "shared" / "data"))
TOOL = DATA.parent / "tools" / "replay_upstream.py"
ANSWERS = DATA / "cascade_answers" / "dev.jsonl.gz"
OUTCOMES = DATA / "routing_outcomes"
SOURCES = {"bfcl_v1": 13, "zeroeval_crux": 13, "zeroeval_math_l5": 12, "arena_hard_v01": 12}
LOAD_S = 90.0
TELLING_CHARS = 60
"""Characters of a prompt that no other text holds by chance."""
NO_CALLS = cast("ModelCalls", None)


@pytest.fixture(scope="module")
def recorded(recorded_port: int) -> Iterator[httpx.Client]:
    """The server of recorded answers, on the port that the proxy's config names."""
    need(
        "the recorded answers", available=TOOL.exists() and ANSWERS.exists(), how="set TIER_ROUTER_DATA to their folder"
    )
    outcomes = [str(OUTCOMES / f"{split}.jsonl.gz") for split in ("train", "dev")]
    command = [
        sys.executable,
        str(TOOL),
        "--port",
        str(recorded_port),
        "--answers",
        str(ANSWERS),
        "--outcomes",
        *outcomes,
    ]
    server = subprocess.Popen(command)  # noqa: S603  the command is the test's own
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{recorded_port}", timeout=30, trust_env=False) as client:
            wait_for(client)
            yield client
    finally:
        server.terminate()
        server.wait(10)


def wait_for(client: httpx.Client) -> None:
    """Return once the server answers."""
    end = time.monotonic() + LOAD_S
    while True:
        try:
            client.get("/v1/models").raise_for_status()
        except httpx.TransportError:
            assert time.monotonic() < end, "the server of recorded answers did not start"
            time.sleep(0.2)
        else:
            return


@pytest.fixture(scope="module")
def prompts(recorded: httpx.Client) -> list[str]:
    """Fifty recorded prompts that every model of the ladder answered."""
    found = []
    for source, wanted in SOURCES.items():
        rows = recorded.get("/replay/prompts", params={"n": 200, "source": source}).raise_for_status().json()
        usable = [row["prompt"] for row in rows if set(RECORDED.values()) <= set(row["models"])]
        found += usable[:wanted]
    assert len(found) == sum(SOURCES.values())
    return found


def tier_by_rules(prompt: str) -> str:
    """What the shipped rules say, asked without a proxy."""
    ladder = Ladder(
        tuple(Tier(name, group) for name, group in zip(("cheap", "standard", "premium"), RECORDED, strict=True))
    )
    view = read_request([{"role": "user", "content": prompt}])
    return drive(RulesClassifier(ladder).forecast(view, NO_CALLS)).tier or "cheap"


def test_recorded_prompts_get_the_tier_of_the_rules_and_their_recorded_answers(
    talk: Talk, recorded: httpx.Client, prompts: list[str]
) -> None:
    recorded.post("/replay/reset")
    answers = [
        talk.ask("chat", body("chat", prompt, model="recorded", stream=number % 2 == 1), ALICE)
        for number, prompt in enumerate(prompts)
    ]
    assert {answer.status for answer in answers} == {200}
    assert [answer.told("tier") for answer in answers] == [tier_by_rules(prompt) for prompt in prompts]
    assert len({answer.told("tier") for answer in answers}) > 1
    served = recorded.get("/replay/calls").json()
    models = dict(zip(("cheap", "standard", "premium"), RECORDED.values(), strict=True))
    assert [call["model"] for call in served] == [models[str(answer.told("tier"))] for answer in answers]
    for answer, call in zip(answers, served, strict=True):
        decision, (row,) = talk.books(answer)
        assert decision["attempts"][0]["prompt_tokens"] == row["prompt_tokens"] == call["prompt_tokens"]
        assert row["completion_tokens"] == call["completion_tokens"]
        assert row["spend"] > 0


def test_no_prompt_is_written_anywhere(talk: Talk, main_proxy: ProxyProcess, prompts: list[str]) -> None:
    talk.books(talk.ask("chat", body("chat", prompts[0], model="recorded"), ALICE))
    written: dict[str, Any] = {
        str(path.relative_to(main_proxy.folder)): path.read_bytes().decode("utf-8", "replace")
        for path in main_proxy.folder.rglob("*")
        if path.is_file()
    }
    assert "proxy.log" in written
    for prompt in prompts:
        telling = prompt.strip()[-TELLING_CHARS:]
        assert [name for name, text in written.items() if telling in text] == []
