"""Measures what importing the package costs, and what the shipped classifier takes to load and to hold.

    python benchmarks/import_time.py [--runs 9] [--write docs/performance.md]

Every figure is the median over fresh interpreters. Import times have the interpreter's own start taken off: they are
read from the clock inside. Budgets: 50 ms for the front door, 50 ms and 40 MB for the default artefact.
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
start = time.perf_counter()
import litellm_router_plugin
taken = time.perf_counter() - start
heavy = [name for name in ("litellm", "sklearn", "numpy", "pydantic") if name in sys.modules]
print(json.dumps({"ms": 1e3 * taken, "heavy": heavy}))
"""
IMPORT = """
import json, time
start = time.perf_counter()
import {module}
print(json.dumps({{"ms": 1e3 * (time.perf_counter() - start)}}))
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
start = time.perf_counter()
model = load_model(DEFAULT_ARTEFACT)
taken = time.perf_counter() - start
print(json.dumps({"ms": 1e3 * taken, "mb": resident_mb() - before}))
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


def line(what: str, figure: float, unit: str, budget: float | None = None) -> str:
    """One row of the table."""
    kept = "" if budget is None else f"{budget:.0f} {unit} | {'yes' if figure <= budget else 'no'}"
    return f"| {what} | {figure:.1f} {unit} | {kept or ' | '} |"


def measured(runs: int) -> list[str]:
    """The table."""
    front, artefact = fresh(FRONT_DOOR, runs), fresh(ARTEFACT, runs)
    lines = [
        "| what | median | budget | kept |",
        "| --- | --- | --- | --- |",
        line("`import litellm_router_plugin`", front["ms"], "ms", FRONT_DOOR_MS),
        line("default classifier: load", artefact["ms"], "ms", ARTEFACT_MS),
        line("default classifier: resident memory that loading adds", artefact["mb"], "MB", ARTEFACT_MB),
    ]
    for module in ("numpy", "litellm", "litellm_router_plugin.proxy"):
        lines.append(line(f"`import {module}`", fresh(IMPORT.format(module=module), max(1, runs // 3))["ms"], "ms"))
    heavy = ", ".join(loads_nothing_heavy()) or "none of litellm, scikit-learn, numpy, pydantic"
    return [
        *lines,
        "",
        f"The front door loads {heavy}. {runs} fresh interpreters a row, {max(1, runs // 3)} for the last three.",
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
