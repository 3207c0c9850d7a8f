"""Measures each deterministic check on recorded answers: precision and share of the errors that it catches.

    python benchmarks/check_precision.py                        print the tables
    python benchmarks/check_precision.py --write docs/checks.md put them into the page, between its marks

The recorded answers are looked for below the folder that TIER_ROUTER_DATA names, by default ../shared/data. Each
(source, model) is a route of its own and is replayed in file order, so that route statistics grow as in live traffic:
an answer is checked first and added to the statistics afterwards. An answer is an error when its score is below .5.
Intervals are Clopper-Pearson, 95 %, over answers; answers of several models to one prompt are not independent.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scipy.stats import binomtest

from litellm_router_plugin.checks import empty, refusal, structure, tool_arguments, tool_calls, truncated
from litellm_router_plugin.checks.defaults import deterministic_checks
from litellm_router_plugin.checks.panel import CheckPanel
from litellm_router_plugin.checks.route_features import route_values
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.reading_answers import read_answer
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics
from litellm_router_plugin.core.verdicts import Finding

PASS_SCORE = 0.5
"""Scores below it are errors."""
REJECT_BOUND = 0.9
"""Lower bound of the precision on the train split that a check needs to reject alone."""
BEGIN, END = "<!-- check_precision: begin -->", "<!-- check_precision: end -->"
REQUIRED_ROUTE = "bfcl_v1, call required"
"""Replay of the tool-calling prompts that need a call, with ``tool_choice: required``."""

FACTS = frozenset(
    {
        empty.NO_CHOICE,
        empty.NO_TEXT,
        truncated.CUT_BY_PROVIDER,
        refusal.FILTERED,
        refusal.DECLARED,
        structure.NOT_JSON,
        structure.NOT_OBJECT,
        structure.OFF_SCHEMA,
        tool_calls.FORBIDDEN,
        tool_calls.MISSING,
        tool_calls.OTHER_TOOL,
        tool_calls.UNKNOWN_TOOL,
        tool_calls.UNPARSABLE,
        tool_arguments.NO_ARGUMENT,
        tool_arguments.EXTRA_ARGUMENT,
        tool_arguments.BAD_ENUM,
    }
)
"""Reasons that are no estimate: nothing was answered, the provider says so, or the request's own specification is
broken. They reject unless the data speak against it; every other reason must be borne out by the data."""

Key = tuple[str, str, str]
"""Check, reason, outcome."""


@dataclass
class Tally:
    """Flagged answers and the errors among them, by (source, split)."""

    flagged: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, source: str, split: str, *, is_error: bool) -> None:
        """Count one flagged answer."""
        self.flagged[source, split] += 1
        self.wrong[source, split] += is_error

    def of(self, split: str, source: str | None = None) -> tuple[int, int]:
        """(errors, flagged) of a split: of one source, or of all but the replay with required calls."""
        keys = [key for key in self.flagged if key[1] == split and _counts(key[0], source)]
        return sum(self.wrong[key] for key in keys), sum(self.flagged[key] for key in keys)


def _counts(source: str, wanted: str | None) -> bool:
    return source == wanted if wanted else source != REQUIRED_ROUTE


@dataclass
class Measured:
    """All tallies: of each check's reasons, of the whole panel's outcomes, and of all answers."""

    checks: dict[Key, Tally] = field(default_factory=lambda: defaultdict(Tally))
    outcomes: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    answers: Tally = field(default_factory=Tally)
    errors_raised: Counter[str] = field(default_factory=Counter)


def recorded_rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def replays_of(row: Mapping[str, Any]) -> Iterator[tuple[str, RequestView]]:
    """The requests that a row stands for, each with the route that it belongs to."""
    messages = [{"role": "user", "content": row.get("sent_prompt") or row["prompt"]}]
    yield row["source"], read_request(messages, params={"tools": row.get("tools")})
    if row.get("tools") and "relevance" not in row["category"]:
        yield REQUIRED_ROUTE, read_request(messages, params={"tools": row["tools"], "tool_choice": "required"})


def measure(rows: Iterator[dict[str, Any]]) -> Measured:
    measured = Measured()
    panel = CheckPanel(deterministic_checks(), lambda name, _error: measured.errors_raised.update([name]))
    routes: dict[tuple[str, str], RouteStatistics] = defaultdict(lambda: NO_STATISTICS)
    for row in rows:
        for source, request in replays_of(row):
            for model, recorded in row["answers"].items():
                answer = read_answer(recorded["text"])
                findings = panel.findings(panel.checks, answer, request, routes[source, model])
                count(measured, findings, source, row["split"], is_error=recorded["score"] < PASS_SCORE)
                routes[source, model] = routes[source, model].with_values(route_values(answer, request))
    return measured


def count(measured: Measured, findings: Sequence[Finding], source: str, split: str, *, is_error: bool) -> None:
    measured.answers.add(source, split, is_error=is_error)
    for finding in findings:
        measured.checks[finding.check, finding.reason, finding.outcome.value].add(source, split, is_error=is_error)
    outcomes = {finding.outcome.value for finding in findings}
    for outcome in ("reject", "unsure"):
        if outcome in outcomes:
            measured.outcomes[outcome].add(source, split, is_error=is_error)
            break


def interval(wrong: int, flagged: int) -> str:
    if not flagged:
        return "-"
    bounds = binomtest(wrong, flagged).proportion_ci(method="exact")
    return f"{wrong / flagged:.2f} [{bounds.low:.2f}, {bounds.high:.2f}]"


def share(part: int, whole: int) -> str:
    return f"{part / whole:.4f}" if whole else "-"


def pooled_table(measured: Measured) -> list[str]:
    lines = [
        "| check | reason | outcome | train: precision | flagged | of errors | dev: precision | flagged | of errors |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (check, reason, outcome), tally in sorted(measured.checks.items()):
        cells = [check, reason, outcome]
        for split in ("train", "dev"):
            wrong, flagged = tally.of(split)
            cells += [interval(wrong, flagged), str(flagged), share(wrong, measured.answers.of(split)[0])]
        lines.append(f"| {' | '.join(cells)} |")
    for outcome, tally in measured.outcomes.items():
        cells = ["**all checks**", f"any {outcome}" + (", no reject" if outcome == "unsure" else ""), outcome]
        for split in ("train", "dev"):
            wrong, flagged = tally.of(split)
            cells += [interval(wrong, flagged), str(flagged), share(wrong, measured.answers.of(split)[0])]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def source_table(measured: Measured) -> list[str]:
    lines = [
        "| check | reason | source | error rate | train: errors / flagged | dev: errors / flagged | of its errors |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for (check, reason, _), tally in sorted(measured.checks.items()):
        for source in sorted({source for source, _ in tally.flagged}):
            (train_wrong, train), (dev_wrong, dev) = tally.of("train", source), tally.of("dev", source)
            all_wrong = sum(measured.answers.of(split, source)[0] for split in ("train", "dev"))
            answers = sum(measured.answers.of(split, source)[1] for split in ("train", "dev"))
            lines.append(
                f"| {check} | {reason} | {source} | {all_wrong / answers:.2f} | {train_wrong} / {train} | "
                f"{dev_wrong} / {dev} | {share(train_wrong + dev_wrong, all_wrong)} |"
            )
    return lines


def too_imprecise(measured: Measured) -> list[str]:
    """Reasons that reject although the train split does not bear them out, and facts that it speaks against."""
    faults = []
    for (check, reason, outcome), tally in sorted(measured.checks.items()):
        wrong, flagged = tally.of("train") if tally.of("train")[1] else tally.of("train", REQUIRED_ROUTE)
        if outcome != "reject" or not flagged:
            continue
        bounds = binomtest(wrong, flagged).proportion_ci(method="exact")
        if (bounds.high if reason in FACTS else bounds.low) < REJECT_BOUND:
            faults.append(f"{check}: {reason}: {interval(wrong, flagged)} of {flagged} on train")
    return faults


def report(measured: Measured) -> str:
    return "\n".join(["All sources:", "", *pooled_table(measured), "", "By source:", "", *source_table(measured)])


def write_between_marks(page: Path, text: str) -> None:
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{page}: the marks {BEGIN} and {END} are missing. Add them where the tables shall stand")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, help="a page to put the tables into")
    args = parser.parse_args()
    data = Path(os.environ.get("TIER_ROUTER_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))
    path = data / "cascade_answers" / "dev.jsonl.gz"
    if not path.exists():
        sys.exit(f"{path}: no recorded answers. Set TIER_ROUTER_DATA to the folder that holds cascade_answers/")
    measured = measure(recorded_rows(path))
    text = report(measured)
    print(text)
    if args.write:
        write_between_marks(args.write, text)
    for name, times in measured.errors_raised.items():
        print(f"RAISED: {name}, {times} times", file=sys.stderr)
    faults = too_imprecise(measured)
    for fault in faults:
        print(f"TOO IMPRECISE TO REJECT: {fault}", file=sys.stderr)
    sys.exit(1 if faults or measured.errors_raised else 0)


if __name__ == "__main__":
    main()
