"""LiteLLM's limits under a cascade: nothing leaks, nothing is counted twice, nothing is missed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import pytest
from proxy_setups import PARALLEL, PER_MINUTE, TOKENS
from proxy_talk import CASCADING, Answer, Talk, admitted, body

pytestmark = pytest.mark.proxy

CASCADES = 200
AT_ONCE = 5
GOOD: dict[str, object] = {"text": "The second answer is a good one."}


def escalating(talk: Talk) -> None:
    """Every draft is rejected, every second answer accepted."""
    talk.upstream.script("gpt-4o-mini", {"text": ""})
    talk.upstream.script("gpt-4o", GOOD)


@pytest.mark.timeout(180)
def test_after_many_cascades_a_key_still_has_exactly_its_parallel_requests(talk: Talk) -> None:
    drafts: tuple[dict[str, object], ...] = ({"text": ""}, GOOD)
    talk.upstream.script("gpt-4o-mini", *drafts * CASCADES)  # some drafts are accepted and replayed
    talk.upstream.script("gpt-4o", GOOD)
    before = talk.summary(PARALLEL)["total_cost"]
    kinds = [
        (endpoint, router, stream) for endpoint in CASCADING for router in ("checked", "buffered") for stream in (0, 1)
    ]

    def send(kind: tuple[str, str, int]) -> Answer:
        endpoint, router, stream = kind
        return talk.ask(endpoint, body(endpoint, model=router, stream=bool(stream)), PARALLEL)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(send, islice(cycle(kinds), CASCADES)))
    assert {answer.status for answer in answers} == {200}
    assert {answer.text for answer in answers} == {GOOD["text"]}
    escalated = sum(answer.told("escalated") == "true" for answer in answers)
    assert CASCADES // 4 < escalated < CASCADES
    assert admitted(talk, PARALLEL, AT_ONCE + 2) == [200] * AT_ONCE + [429] * 2
    spent = talk.summary(PARALLEL)["total_cost"] - before
    assert spent == pytest.approx(CASCADES * 4.5e-05 + escalated * 7.5e-04, abs=1e-9)


def test_requests_a_minute_count_what_the_client_sends(talk: Talk) -> None:
    escalating(talk)
    statuses = [talk.ask("chat", body("chat", model="checked"), PER_MINUTE).status for _ in range(11)]
    assert statuses == [200] * 10 + [429]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
def test_tokens_a_minute_count_every_attempt(talk: Talk, *, stream: bool) -> None:
    escalating(talk)
    key = f"{TOKENS}-streamed" if stream else TOKENS
    for used in (300, 600):  # two attempts of 150 tokens each
        answer = talk.ask("chat", body("chat", model="checked", stream=stream, max_tokens=50), key)
        assert answer.status == 200, (used, answer.error)
        talk.books(answer, calls=2)
    assert talk.ask("chat", body("chat", model="checked", stream=stream, max_tokens=50), key).status == 429
