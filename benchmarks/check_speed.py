"""Measures the time of all default checks on one answer, and of the route features.

    python benchmarks/check_speed.py

Prints microseconds of processor time (other work on the machine does not count): the best run, the median and the
95th percentile. The budget is 1,000 us on an answer of 2,000
characters; the last rows show how the time grows with hostile answers of 200,000 characters.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping

from litellm_router_plugin.checks.defaults import deterministic_checks
from litellm_router_plugin.checks.panel import CheckPanel
from litellm_router_plugin.checks.route_features import route_values
from litellm_router_plugin.core.answers import AnswerView, ToolCall
from litellm_router_plugin.core.requests import RequestView, ToolSpec
from litellm_router_plugin.core.route_statistics import NO_STATISTICS

CHARS = 2_000
LONG_CHARS = 200_000
ROUNDS = 400
LONG_ROUNDS = 20
PROSE = "The harbour froze early that year, and the boats stayed where they were until the thaw came in late March. "
GREEK = "".join(
    map(chr, (0x3C4, 0x3BF, 32, 0x3BB, 0x3B9, 0x3BC, 0x3AC, 0x3BD, 0x3B9, 32, 0x3C0, 0x3AC, 0x3B3, 0x3C9, 32))
)
FUNCTION = (
    "def step_{n}(state, rate=0.{n}):\n    total = [part * rate for part in state if part > {n}]\n    return total\n\n"
)
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 80},
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"id": {"type": "integer"}, "label": {"type": "string", "pattern": "^[a-z ]+$"}},
                "required": ["id", "label"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["name", "rows"],
}
TOOL = ToolSpec("book", {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]})

Case = tuple[AnswerView, RequestView]


def filled(text: str, chars: int) -> str:
    return (text * (chars // len(text) + 1))[:chars]


def code_answer(chars: int) -> str:
    body = "".join(FUNCTION.replace("{n}", str(n)) for n in range(10, 10 + chars // len(FUNCTION)))
    return f"Here it is:\n\n```python\n{body}```\n"


def json_answer(chars: int) -> str:
    rows = [{"id": n, "label": "an even label of letters"} for n in range(chars // 46)]
    return json.dumps({"name": "rows", "rows": rows})


def cases() -> Mapping[str, Case]:
    asked = RequestView(text="Why did the boats stay in the harbour that year, and when did they leave again?")
    coded = RequestView(text="Write a Python function for each of these steps.")
    schema_format = {"type": "json_schema", "json_schema": {"name": "rows", "schema": SCHEMA}}
    shaped = RequestView(text="List the rows.", response_format=schema_format)
    tooled = RequestView(text="Book it.", tools=(TOOL,) * 20)
    arguments = json.dumps({"text": filled(PROSE, CHARS)})
    call = AnswerView(tool_calls=(ToolCall("book", arguments),), finish_reason="tool_calls")
    return {
        "prose": (AnswerView(text=filled(PROSE, CHARS), finish_reason="stop"), asked),
        "Greek prose to an English request": (AnswerView(text=filled(GREEK, CHARS), finish_reason="stop"), asked),
        "Python code, parsed": (AnswerView(text=code_answer(CHARS), finish_reason="stop"), coded),
        "JSON against a schema": (AnswerView(text=json_answer(CHARS), finish_reason="stop"), shaped),
        "a tool call": (call, tooled),
        "calls written as text": (
            AnswerView(
                text="["
                + ", ".join(["book(text='a table for two at the window, at eight in the evening')"] * 29)
                + "]",
                finish_reason="stop",
            ),
            tooled,
        ),
    }


def long_cases() -> Mapping[str, Case]:
    asked = RequestView(text="Write a Python function, and explain it in JSON. Why did the boats stay?" * 100)
    texts = {
        "200,000 characters of prose": filled(PROSE, LONG_CHARS),
        "200,000 spaces": " " * LONG_CHARS,
        "200,000 backticks": "`" * LONG_CHARS,
        "200,000 opening brackets": "[" * LONG_CHARS,
        "66,666 fence lines": "```\n" * (LONG_CHARS // 4),
        "200,000 dollar signs": "$" * LONG_CHARS,
        "40,000 lines": "a line\n" * (LONG_CHARS // 7),
    }
    tooled = RequestView(text=asked.text, tools=(TOOL,), response_format={"type": "json_object"})
    return {name: (AnswerView(text=text, finish_reason="stop"), tooled) for name, text in texts.items()}


def microseconds(action: Callable[[], object], rounds: int) -> list[float]:
    action()
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        action()
        times.append((time.thread_time() - start) * 1e6)
    return sorted(times)


def row(name: str, times: list[float]) -> str:
    return f"| {name} | {times[0]:.0f} | {statistics.median(times):.0f} | {times[int(0.95 * len(times))]:.0f} |"


def main() -> None:
    panel = CheckPanel(deterministic_checks())
    print("| answer | best us | median us | 95 % |\n| --- | --- | --- | --- |")
    for rounds, measured in ((ROUNDS, cases()), (LONG_ROUNDS, long_cases())):
        for name, (answer, request) in measured.items():
            times = microseconds(lambda a=answer, r=request: panel.examine(a, r, NO_STATISTICS), rounds)  # type: ignore[misc]
            print(row(f"checks: {name}", times))
    prose, asked = cases()["prose"]
    print(row("route features: prose", microseconds(lambda: route_values(prose, asked), ROUNDS)))


if __name__ == "__main__":
    main()
