"""No check raises, whatever the answer and the request hold; and each is a pure function of what it is given."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_router_plugin.checks.defaults import DETERMINISTIC, deterministic_checks
from litellm_router_plugin.checks.route_features import route_values
from litellm_router_plugin.core.answers import AnswerView, FinishReason, ToolCall
from litellm_router_plugin.core.ports import AnswerCheck
from litellm_router_plugin.core.requests import RequestView, ToolSpec
from litellm_router_plugin.core.route_statistics import NO_STATISTICS
from litellm_router_plugin.core.verdicts import Outcome

FRAGMENTS = st.sampled_from(
    [
        *(
            "```python\n",
            "```",
            "~~~",
            "\n",
            "[f(a=",
            ")]",
            '{"a": ',
            "}",
            "\\boxed{",
            "<answer>",
            "</answer>",
            "$$",
            "|",
        ),
        *(
            "I'm sorry, but I ",
            "The answer is ",
            "\u200b",
            "\u5929\u7a7a",
            "\u0438\u0437-\u0437\u0430 ",
            "der die das ",
        ),
        *("(" * 50, "- " * 40, "\ud800", "\x00"),
    ]
)
TEXTS = st.lists(FRAGMENTS | st.text(max_size=20), max_size=12).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SCHEMAS = st.dictionaries(
    st.sampled_from(["type", "properties", "required", "enum", "additionalProperties", "items", "$ref"]),
    JSON,
    max_size=4,
)
FORMATS = st.none() | st.builds(
    lambda kind, schema: {"type": kind, "json_schema": {"schema": schema}},
    st.sampled_from(["json_object", "json_schema", "text"]),
    SCHEMAS,
)
ANSWERS = st.builds(
    AnswerView,
    text=TEXTS,
    tool_calls=st.lists(st.builds(ToolCall, st.sampled_from("fgh"), TEXTS | JSON.map(json.dumps)), max_size=3).map(
        tuple
    ),
    finish_reason=st.sampled_from([None, "stop", "length", "tool_calls", "content_filter", "other"]).map(
        lambda reason: reason  # keeps the literal type open for mypy
    ),
    refusal=st.sampled_from(["", "no"]),
    choices=st.integers(0, 2),
    is_prefix=st.booleans(),
    cut=st.booleans(),
)
REQUESTS = st.builds(
    RequestView,
    text=TEXTS | st.just("Write a Python function as JSON"),
    tools=st.lists(st.builds(ToolSpec, st.sampled_from("fg"), SCHEMAS), max_size=2).map(tuple),
    tool_choice=st.sampled_from(["auto", "none", "required", "f", "x"]),
    response_format=FORMATS,
    max_tokens=st.none() | st.integers(1, 10),
    in_tool_loop=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(ANSWERS, REQUESTS, st.integers(0, 40))
def test_no_check_raises_and_the_same_input_gives_the_same_finding(
    answer: AnswerView, request: RequestView, seen: int
) -> None:
    route = NO_STATISTICS
    for _ in range(seen):
        route = route.with_values(route_values(answer, request))
    for check in deterministic_checks():
        finding = check.check(answer, request, route)
        assert finding == check.check(answer, request, route)
        if finding is not None:
            assert finding.check == check.name
            assert finding.outcome in (Outcome.REJECT, Outcome.UNSURE)
            assert finding.reason
        if not check.reads_prefix and answer.is_prefix:
            assert finding is None


def test_reasons_hold_no_text_of_prompt_or_answer() -> None:
    secret = "xyzzy"
    answer = AnswerView(text=f"```python\n{secret}(", tool_calls=(ToolCall(secret, secret),), refusal=secret)
    request = RequestView(text=secret, tools=(ToolSpec("f"),), response_format={"type": "json_object"})
    for check in deterministic_checks():
        finding = check.check(answer, request, NO_STATISTICS)
        assert finding is None or secret not in finding.reason


def test_every_check_fills_the_role_under_its_own_name() -> None:
    for name, check in zip(DETERMINISTIC, deterministic_checks(), strict=True):
        assert isinstance(check, AnswerCheck)
        assert check.name == name


def test_hostile_answers_of_full_length_are_read() -> None:
    reasons: tuple[FinishReason, ...] = ("stop", "tool_calls")
    for unit in ("```\n", "[", "(", "-", "not ", "$", "`", "<", "f(", "a=", "\\", '"', "a\n", "\u0430"):
        for reason in reasons:
            answer = AnswerView(text=unit * (200_000 // len(unit)), finish_reason=reason)
            request = RequestView(text="Write a Python function as JSON", tools=(ToolSpec("f"),))
            for check in deterministic_checks():
                check.check(answer, request, NO_STATISTICS)
            assert route_values(answer, request)
