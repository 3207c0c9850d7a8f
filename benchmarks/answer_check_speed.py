"""Measures the time of the learned answer check, alone and together with the default checks.

    python benchmarks/answer_check_speed.py

Prints microseconds of processor time (other work on the machine does not count): the best run, the median and the 95th
percentile. The budget is 1,000 us for all checks together on an answer of 2,000 characters.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count

from litellm_router_plugin.checks.defaults import deterministic_checks
from litellm_router_plugin.checks.learned import LearnedCheck, learned_route_values
from litellm_router_plugin.checks.panel import CheckPanel
from litellm_router_plugin.checks.route_features import route_values
from litellm_router_plugin.core.answers import AnswerView, ToolCall
from litellm_router_plugin.core.requests import RequestView, ToolSpec
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics
from litellm_router_plugin.learning.answer_check_artefact import default_answer_check

CHARS = 2_000
LONG_CHARS = 200_000
NUMBER = count()
ROUNDS = 300
PROSE = "The harbour froze early that year, and 12 of the boats (all but 3) stayed where they were until late March. "
CHOICES = "\n".join(f"({letter}) the boat of pier {n}" for n, letter in enumerate("ABCDEFGHIJ"))
TOOL = ToolSpec("book.table", {"type": "object", "properties": {"seats": {"type": "integer"}}, "required": ["seats"]})


def cases(chars: int) -> dict[str, tuple[AnswerView, RequestView]]:
    """Answers of one length by what they are."""
    prose = (PROSE * (chars // len(PROSE) + 1))[: chars - 20]
    asked = RequestView(text="Why did the boats stay in the harbour that year, and when did they leave again? " * 4)
    choice = RequestView(text=f"Which boat left the harbour first, and why?\n{CHOICES}")
    tooled = RequestView(text="Book a table for four.", tools=(TOOL,) * 20)
    call = AnswerView(tool_calls=(ToolCall("book.table", '{"seats": 4}'),), finish_reason="tool_calls")
    return {
        "prose": (AnswerView(text=prose, finish_reason="stop"), asked),
        "reasoning and a letter": (AnswerView(text=f"{prose}\nThe answer is (C).", finish_reason="stop"), choice),
        "a tool call": (call, tooled),
    }


def known_route(answer: AnswerView, request: RequestView) -> RouteStatistics:
    """Statistics of a route that has seen some answers."""
    route = NO_STATISTICS
    for _ in range(40):
        route = route.with_values({**route_values(answer, request), **learned_route_values(answer, request)})
    return route


def microseconds(action: Callable[[], object]) -> list[float]:
    """Sorted processor times of one call."""
    action()
    times = []
    for _ in range(ROUNDS):
        start = time.thread_time()
        action()
        times.append((time.thread_time() - start) * 1e6)
    return sorted(times)


def show(name: str, times: list[float]) -> None:
    """One row of the table."""
    print(f"| {name} | {times[0]:.0f} | {statistics.median(times):.0f} | {times[int(0.95 * len(times))]:.0f} |")


def examined(panel: CheckPanel, answer: AnswerView, request: RequestView, route: RouteStatistics) -> object:
    """The verdict on the same answer under another model's name, so that nothing is remembered of it."""
    return panel.examine(replace(answer, model=str(next(NUMBER))), request, route)


def main() -> None:
    """Print the table."""
    learned = LearnedCheck(default_answer_check())
    alone = CheckPanel([learned])
    panel = CheckPanel([*deterministic_checks(), learned])
    print("| answer | best us | median us | 95 % |\n| --- | --- | --- | --- |")
    for chars in (CHARS, LONG_CHARS):
        for name, (answer, request) in cases(chars).items():
            route = known_route(answer, request)
            label = f"{name}, {chars:,} characters" if answer.text else name
            for what, checks in (("learned", alone), ("all checks", panel)):
                show(f"{what}: {label}", microseconds(partial(examined, checks, answer, request, route)))
            show(f"route values after a check: {label}", microseconds(partial(learned_route_values, answer, request)))


if __name__ == "__main__":
    main()
