"""A file of answers in, a file of verdicts out: one line for each good line, in order.

Each answer is compared with those of its (route, model) that stood before it in the file, as live traffic is. Two
passes compare it with all of them, later ones included: that is transductive, and no figure for live traffic.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias, cast

from litellm_router_plugin.checks.agreement import OPINION, opinion_verdict
from litellm_router_plugin.checks.defaults import deterministic_checks
from litellm_router_plugin.checks.learned import LearnedCheck, learned_route_values
from litellm_router_plugin.checks.panel import CheckPanel
from litellm_router_plugin.checks.route_features import route_values
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.expected_cost import updated
from litellm_router_plugin.core.final_answers import agree
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.reading_answers import FINISH_REASONS, read_answer
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.jsonl import BadLines, WrongLineError, parse_objects, written_lines
from litellm_router_plugin.evaluation.rows import read_name, read_prompt, shown

RouteKey: TypeAlias = tuple[str, ...]
"""Route and model."""
MAX_SYSTEM_CHARS = 2_000
"""Characters of the system prompt that tell routes apart where a line names none, as on the proxy."""


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One line to check; ``id`` is given back as it came."""

    id: str | int | float
    request: RequestView
    answer: AnswerView
    second: AnswerView | None
    key: RouteKey


Numbered: TypeAlias = tuple[int, AnswerLine]
Watch: TypeAlias = Callable[[Iterable[Numbered]], Iterable[Numbered]]


@dataclass(frozen=True, slots=True)
class Checked:
    """How a file went.

    Attributes:
        outcomes: Lines checked and written, by verdict.
        bad_lines: Lines that could not be used, with their numbers.
    """

    outcomes: Mapping[str, int]
    bad_lines: tuple[DataError, ...]


@dataclass(slots=True)
class AnswerChecker:
    """Checks answers one after the other, and remembers each for those that follow.

    Attributes:
        learned: The learned check; it stands behind the deterministic ones.
        known: Statistics of each route and model so far.
        is_frozen: Nothing more is remembered; set after the first of two passes.
    """

    learned: LearnedCheck
    known: dict[RouteKey, RouteStatistics] = field(default_factory=lambda: defaultdict(lambda: NO_STATISTICS))
    is_frozen: bool = False
    faults: list[Exception] = field(default_factory=list)
    _panel: CheckPanel | None = None

    def remember(self, line: AnswerLine) -> None:
        """Add an answer's numbers to the statistics of its route and model."""
        values = {**route_values(line.answer, line.request), **learned_route_values(line.answer, line.request)}
        if values and not self.is_frozen:
            self.known[line.key] = self.known[line.key].with_values(values)

    def check(self, line: AnswerLine) -> dict[str, object]:
        """What is written for a line.

        A second answer settles a doubt as it does in a cascade, and moves ``p_ok`` by what agreement is worth.

        Raises:
            Exception: Whatever a check raised: here, unlike in live traffic, it must not be passed over.
        """
        route = self.known.get(line.key, NO_STATISTICS)
        verdict = self._examined(line, route)
        p_ok = self.learned.p_ok(line.answer, line.request, route)
        told: dict[str, object] = {"id": line.id}
        agreement = None if line.second is None else agree(line.answer, line.second, line.request)
        if agreement is not None and p_ok is not None:
            p_ok = updated(p_ok, OPINION, accepted=agreement)
        if line.second is not None and verdict.outcome is Outcome.UNSURE:
            opinion = opinion_verdict(line.answer, line.second, line.request, route)
            verdict = verdict if opinion is None else replace(verdict, outcome=opinion.outcome)
        told |= {"p_ok": p_ok, "verdict": verdict.outcome.value, "failed_checks": list(verdict.failed_checks)}
        if line.second is not None:
            told["agreement"] = agreement
        self.remember(line)
        return told

    def _examined(self, line: AnswerLine, route: RouteStatistics) -> Verdict:
        if self._panel is None:
            self._panel = CheckPanel([*deterministic_checks(), self.learned], self._failed)
        verdict = self._panel.examine(line.answer, line.request, route)
        if self.faults:
            raise self.faults[0]
        return verdict

    def _failed(self, _check: str, error: Exception) -> None:
        self.faults.append(error)


def read_answer_line(line: Mapping[str, object], number: int) -> AnswerLine:
    """A line to check. Raises `WrongLineError` saying what is wrong with it."""
    identity = line.get("id", f"line-{number}")
    if isinstance(identity, bool) or not isinstance(identity, str | int | float):
        raise WrongLineError(f'"id" must be a text or a number, found {shown(identity)}')
    prompt = read_prompt(line)
    form = line.get("response_format")
    if form is not None and not isinstance(form, Mapping):
        raise WrongLineError(f'"response_format" must be an object, found {shown(form)}')
    params = {"tools": prompt.tools, "tool_choice": line.get("tool_choice"), "response_format": form}
    request = read_request(prompt.content, params={name: value for name, value in params.items() if value})
    second = None if line.get("second_answer") is None else _read_view(line, "second_answer")
    answer = _read_view(line, "answer")
    finish = line.get("finish_reason")
    if isinstance(finish, str) and finish:
        answer = replace(answer, finish_reason=FINISH_REASONS.get(finish, "other"))
    return AnswerLine(identity, request, answer, second, (_route(line, request), read_name(line, "model", "")))


def _read_view(line: Mapping[str, object], key: str) -> AnswerView:
    raw = line.get(key)
    if not isinstance(raw, str | Mapping):
        raise WrongLineError(f'"{key}" must be a text or a message, found {shown(raw)}')
    return read_answer(raw)


def _route(line: Mapping[str, object], request: RequestView) -> str:
    """The line's route; lines that name none share one by system prompt and by whether tools are on offer."""
    route = line.get("route")
    if route is None:
        return f"{'tools' if request.tools else ''}\n{request.system[:MAX_SYSTEM_CHARS]}"
    if not isinstance(route, str):
        raise WrongLineError(f'"route" must be a text, found {shown(route)}')
    return f"route {route}"


def check_file(
    source: Path,
    target: Path,
    learned: LearnedCheck,
    *,
    strict: bool = False,
    two_pass: bool = False,
    watch: Watch = iter,
) -> Checked:
    """Check every good line of a file.

    Args:
        source: JSON lines, plain or gzipped.
        target: Where the lines go; gzipped when its name ends in ``.gz``. Nothing is left there on an error.
        learned: The learned check.
        strict: Stop at the first bad line.
        two_pass: Compare with all answers of the file, later ones included.
        watch: Hands on the lines and shows how far it is.

    Raises:
        DataError: A file cannot be read or written, or a line is bad and ``strict`` is set.
    """
    checker = AnswerChecker(learned)
    if two_pass:
        for _, line in watch(_lines(source, BadLines(str(source), strict))):
            checker.remember(line)
        checker.is_frozen = True
    bad = BadLines(str(source), strict)
    outcomes = {outcome.value: 0 for outcome in Outcome}
    with written_lines(target) as write:
        for _, line in watch(_lines(source, bad)):
            told = checker.check(line)
            outcomes[cast("str", told["verdict"])] += 1
            write(told)
    return Checked(outcomes, tuple(bad.found))


def _lines(source: Path, bad: BadLines) -> Iterator[Numbered]:
    return parse_objects(source, bad, read_answer_line)
