"""Measures what importing the package costs, and what the shipped classifier takes to load and to hold.

    python benchmarks/import_time.py [--runs 9] [--write docs/performance.md]

Every figure is the median over fresh interpreters, without the interpreter's own start. Two clocks are told: wall time,
and the process's processor time, in which other work on the machine does not count; it is held against the budget.
Budgets: 50 ms for the front door, 50 ms and 40 MB for the default artefact.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.replay.marks import write_between_marks

MARK = "import-time"
FRONT_DOOR = """
import json, sys, time
start, spent = time.perf_counter(), time.process_time()
import litellm_router_plugin
taken, spent = time.perf_counter() - start, time.process_time() - spent
heavy = [name for name in ("litellm", "sklearn", "numpy", "pydantic") if name in sys.modules]
print(json.dumps({"ms": 1e3 * taken, "processor_ms": 1e3 * spent, "heavy": heavy}))
"""
IMPORT = """
import json, time
start, spent = time.perf_counter(), time.process_time()
import {module}
taken, spent = time.perf_counter() - start, time.process_time() - spent
print(json.dumps({{"ms": 1e3 * taken, "processor_ms": 1e3 * spent}}))
"""
ARTEFACT = """
import json, time
def resident_mb():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * 4096 / 2**20
import numpy
from litellm_router_plugin.learning.learned_classifier import DEFAULT_ARTEFACT
from litellm_router_plugin.learning.outcome_artefact import load_model
before = resident_mb()
start, spent = time.perf_counter(), time.process_time()
model = load_model(DEFAULT_ARTEFACT)
taken, spent = time.perf_counter() - start, time.process_time() - spent
print(json.dumps({"ms": 1e3 * taken, "processor_ms": 1e3 * spent, "mb": resident_mb() - before}))
"""
FRONT_DOOR_MS, ARTEFACT_MS, ARTEFACT_MB = 50.0, 50.0, 40.0

Figures = dict[str, float]


def fresh(code: str, runs: int) -> Figures:
    """The medians of what some code prints as JSON, each time in a new interpreter."""
    found = [json.loads(_printed(code)) for _ in range(runs)]
    return {name: statistics.median(one[name] for one in found) for name in found[0] if name != "heavy"}


def loads_nothing_heavy() -> list[str]:
    """Which heavy packages the front door loads."""
    loaded: list[str] = json.loads(_printed(FRONT_DOOR))["heavy"]
    return loaded


def _printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def line(what: str, found: Figures, budget_ms: float | None) -> str:
    """One row of the table."""
    kept = " | " if budget_ms is None else f"{budget_ms:.0f} ms | {_kept(found['processor_ms'], budget_ms)}"
    return f"| {what} | {found['ms']:.1f} ms | {found['processor_ms']:.1f} ms | {kept} |"


def _kept(figure: float, budget: float) -> str:
    return "yes" if figure <= budget else "no"


def measured(runs: int) -> list[str]:
    """The table."""
    front, artefact = fresh(FRONT_DOOR, runs), fresh(ARTEFACT, runs)
    few = max(1, runs // 3)
    modules = ("numpy", "litellm", "litellm_router_plugin.proxy")
    memory = f"{artefact['mb']:.1f} MB | | {ARTEFACT_MB:.0f} MB | {_kept(artefact['mb'], ARTEFACT_MB)}"
    heavy = ", ".join(loads_nothing_heavy()) or "none of litellm, scikit-learn, numpy, pydantic"
    return [
        "| what | wall time | processor time | budget | kept |",
        "| --- | --- | --- | --- | --- |",
        line("`import litellm_router_plugin`", front, FRONT_DOOR_MS),
        line("default classifier: load, numpy imported before", artefact, ARTEFACT_MS),
        f"| default classifier: resident memory that loading adds | {memory} |",
        *(line(f"`import {module}`", fresh(IMPORT.format(module=module), few), None) for module in modules),
        "",
        f"The front door loads {heavy}. {runs} fresh interpreters a row, {few} for the last three.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--write", type=Path, help="put the table between the marks in this page")
    args = parser.parse_args()
    lines = measured(args.runs)
    print("\n".join(lines))
    if args.write:
        write_between_marks(args.write, MARK, lines)


if __name__ == "__main__":
    main()
