"""Odd, wrong, large and non-text bodies: a tier router gives what LiteLLM gives for the same body on a plain model."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from proxy_setups import ALICE
from proxy_talk import PATHS, Talk, body

pytestmark = pytest.mark.proxy

SAID = {"role": "user", "content": "hi"}
CALLED: dict[str, Any] = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
NULLS = ("temperature", "tools", "tool_choice", "metadata", "stream", "stop", "n", "response_format", "user", "top_p")

BODIES: dict[str, list[dict[str, Any]]] = {
    "chat": [
        {"messages": "x"},
        {"messages": ["x"]},
        {"messages": {}},
        {"messages": []},
        {"messages": [{}]},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "user", "content": 5}]},
        {"messages": [{"role": "user", "content": None}]},
        {"messages": [{"content": "hi"}]},
        {"messages": [{"role": "nobody", "content": "hi"}]},
        {"messages": [{"role": "user", "content": [None, "x", 5, {"type": "text"}]}]},
        {"messages": None},
        {},
        {"messages": [SAID], "temperature": "hot"},
        {"messages": [SAID], "tools": "x"},
        {"messages": [SAID], "tool_choice": 5},
        {"messages": [SAID], "metadata": "x"},
        {"messages": [SAID], "metadata": ["x"]},
        {"messages": [SAID], "litellm_metadata": "x"},
        {"messages": [SAID], "response_format": 5},
        {"messages": [SAID], "n": "two"},
        {"messages": [SAID], "user": 5},
        {"messages": [SAID], **dict.fromkeys(NULLS)},
        {"messages": [SAID, CALLED, {"role": "tool", "tool_call_id": "c", "content": None}]},
    ],
    "messages": [
        {"messages": "x", "max_tokens": 9},
        {"messages": [], "max_tokens": 9},
        {"messages": [{"role": "user", "content": 5}], "max_tokens": 9},
        {"messages": [{"role": "user", "content": [{"type": "text"}]}], "max_tokens": 9},
        {"messages": [SAID]},
        {"messages": [SAID], "max_tokens": "x"},
        {"messages": None, "max_tokens": 9},
        {"messages": [SAID], "max_tokens": 9, "metadata": "x"},
        {"messages": [SAID], "max_tokens": 9, "litellm_metadata": "x"},
        {"messages": [SAID], "max_tokens": 9, "system": 5},
        {"messages": [SAID], "max_tokens": 9, "tools": [5]},
        {"max_tokens": 9},
    ],
    "responses": [
        {"input": 5},
        {"input": []},
        {"input": None},
        {},
        {"input": [5]},
        {"input": [{"role": "user", "content": 5}]},
        {"input": "hi", "tools": "x"},
        {"input": "hi", "metadata": "x"},
        {"input": "hi", "litellm_metadata": [1]},
        {"input": "hi", "previous_response_id": 5},
        {"input": "hi", "instructions": 5},
        {"input": "hi", "background": "x"},
    ],
    "text": [
        {"prompt": 5},
        {"prompt": [1, 2, 3]},
        {"prompt": ["a", "b"]},
        {"prompt": None},
        {},
        {"prompt": [[1, 2], [3]]},
        {"prompt": {}},
        {"prompt": ""},
        {"prompt": "hi", "metadata": "x"},
    ],
}
RAW = [b"{", b"", b"[]", b'"x"', b'{"model":"MODEL","messages":[{"role":"user","content":"\\ud800"}]}']
OWN_NAMES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|(chatcmpl|msg|resp|req|call|fc)[-_][\w=-]+|\b\d{9,}\b|char \d+|column \d+"
)
MODELS = re.compile(r"model group '[^']*'|\b(mini|smart|checked)\b")


def said_of(text: str) -> str:
    """An answer without ids, times and the names of the model that was called."""
    return MODELS.sub("MODEL", OWN_NAMES.sub("ID", text))


ROUTERS = ("smart", "checked")
"""Each odd body is sent to one of them, by turns."""


@pytest.mark.parametrize(
    ("endpoint", "odd", "router"),
    [
        pytest.param(endpoint, odd, ROUTERS[number % 2], id=f"{endpoint}-{number}")
        for endpoint, bodies in BODIES.items()
        for number, odd in enumerate(bodies)
    ],
)
def test_an_odd_body_gets_what_a_plain_model_gives(talk: Talk, router: str, endpoint: str, odd: dict[str, Any]) -> None:
    plain = talk.post(PATHS[endpoint], {"model": "mini", **odd}, ALICE)
    routed = talk.post(PATHS[endpoint], {"model": router, **odd}, ALICE)
    assert routed.status_code == plain.status_code, routed.text
    if not plain.is_success:
        assert said_of(routed.text) == said_of(plain.text)
        assert "plugin" not in routed.text


@pytest.mark.parametrize("raw", RAW)
def test_a_body_that_is_no_json_object_gets_what_a_plain_model_gives(talk: Talk, raw: bytes) -> None:
    plain, routed = (talk.post(PATHS["chat"], raw.replace(b"MODEL", name), ALICE) for name in (b"mini", b"smart"))
    assert (routed.status_code, said_of(routed.text)) == (plain.status_code, said_of(plain.text))


def test_odd_bodies_are_no_faults_of_the_plugin(talk: Talk) -> None:
    for odd in BODIES["chat"]:
        talk.post(PATHS["chat"], {"model": "checked", **odd}, ALICE)
    faults = talk.summary()["faults"]
    assert not {"deciding", "telling", "bookkeeping", "settling"} & set(faults), faults


@pytest.mark.parametrize("endpoint", PATHS)
def test_a_prompt_of_two_megabytes_is_routed_and_answered(talk: Talk, endpoint: str) -> None:
    talk.upstream.script("*", {"text": "short"})
    answer = talk.ask(endpoint, body(endpoint, "word " * 400_000), ALICE)
    assert (answer.status, answer.text) == (200, "short")
    assert (answer.told("tier"), answer.told("cause")) == ("premium", "context_window")
    talk.books(answer)


IMAGE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
PICTURED: dict[str, dict[str, Any]] = {
    "chat": {
        "messages": [
            {
                "role": "user",
                "content": [{"type": "text", "text": "say hi"}, {"type": "image_url", "image_url": {"url": IMAGE}}],
            }
        ]
    },
    "messages": {
        "max_tokens": 100,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "say hi"},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": IMAGE.partition(",")[2]},
                    },
                ],
            }
        ],
    },
    "responses": {
        "input": [
            {
                "role": "user",
                "content": [{"type": "input_text", "text": "say hi"}, {"type": "input_image", "image_url": IMAGE}],
            }
        ]
    },
}


@pytest.mark.parametrize("endpoint", PICTURED)
def test_images_reach_a_tier_that_can_see(talk: Talk, endpoint: str) -> None:
    talk.upstream.script("*", {"text": "a dot"})
    answer = talk.ask(endpoint, {"model": "smart", **PICTURED[endpoint]}, ALICE)
    assert (answer.status, answer.text, answer.told("tier")) == (200, "a dot", "cheap")
    (call,) = talk.upstream.calls()
    assert IMAGE.partition(",")[2] in json.dumps(call.body)
    talk.books(answer)


@pytest.mark.parametrize("endpoint", PICTURED)
def test_images_pass_by_a_tier_that_cannot_see(talk: Talk, endpoint: str) -> None:
    talk.upstream.script("*", {"text": "a dot"})
    answer = talk.ask(endpoint, {"model": "blind", **PICTURED[endpoint]}, ALICE)
    assert (answer.status, answer.told("tier"), answer.told("cause")) == (200, "standard", "modality")


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/v1/embeddings", {"input": "hi"}),
        ("/v1/embeddings", {"input": ["hi", "there"]}),
        ("/v1/images/generations", {"prompt": "a dot"}),
        ("/v1/audio/speech", {"input": "hi", "voice": "alloy"}),
        ("/v1/moderations", {"input": "hi"}),
        ("/v1/rerank", {"query": "hi", "documents": ["a", "b"]}),
    ],
)
def test_what_is_no_text_generation_is_a_400_that_names_what_to_call(
    talk: Talk, path: str, given: dict[str, Any]
) -> None:
    response = talk.post(path, {"model": "smart", **given}, ALICE)
    assert response.status_code == 400, response.text
    assert "'smart' is a tier router" in response.text
    assert "by its own name: eyeless, flaky, full, full-recorded, judge, mini, " in response.text
    assert talk.upstream.calls() == []
