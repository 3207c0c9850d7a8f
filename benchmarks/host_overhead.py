"""Measures what the plugin adds to ``litellm.Router.acompletion``, cascade off, and which part of it costs what.

    python benchmarks/host_overhead.py [--rounds 40] [--calls 10] [--write docs/performance.md]

Each variant runs in a process of its own, so that the unplugged one has nothing of the plugin loaded; the processes
take turns of a few calls, in changing order, so that all see the same machine. The model answers at once: once over
HTTP on loopback, as a provider would, and once in the process itself, where no network hides the overhead. A ratio is
the median, over the rounds, of one round's median divided by the unplugged median of the same round. Processor time is
that of the thread that runs the event loop: other work on the machine does not count.
Budget: 5 % of the unplugged median over HTTP.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.proxy_throughput import upstream
from benchmarks.replay.marks import write_between_marks

BUDGET = 1.05
UNPLUGGED = "unplugged"
VARIANTS = {
    UNPLUGGED: "no plugin, the model group called by name",
    "callback": "no plugin, a callback that does nothing",
    "beside": "plugin attached, another model group called by name",
    "rules": "plugin attached, tier router with the `rules` classifier",
    "learned": "plugin attached, tier router with the `learned` classifier",
}
PICKS = (UNPLUGGED, "beside", "rules")
PLUGGED = ("rules", "learned")
MARK = "host-overhead"
WORKER = Path(__file__).parent / "replay" / "router_worker.py"
ANSWER = "router-worker"

Medians = Mapping[str, Sequence[Sequence[float]]]
"""Variant -> for each round the medians of its times, in the order of the worker's columns."""


class Worker:
    """A process that runs one variant."""

    def __init__(self, variant: str, base_url: str | None) -> None:
        where = ["--base-url", base_url] if base_url else []
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER), variant, *where],
            env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "127.0.0.1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def answer(self) -> Any:  # noqa: ANN401  JSON
        """The next answer; what the host prints between is passed over."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(ANSWER):
                return json.loads(line.removeprefix(ANSWER))
        raise RuntimeError(f"a worker ended with exit code {self._process.wait()}")

    def do(self, job: str, count: int) -> Any:  # noqa: ANN401  JSON
        """Have a job done and wait for its times."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{job} {count}\n")
        self._process.stdin.flush()
        return self.answer()

    def stop(self) -> None:
        """Let the process end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def started(variants: Sequence[str], base_url: str | None) -> dict[str, Worker]:
    """A worker for each variant, warm."""
    workers = {variant: Worker(variant, base_url) for variant in variants}
    for worker in workers.values():
        worker.answer()
    return workers


def turns(workers: Mapping[str, Worker], job: str, rounds: int, count: int) -> Medians:
    """Let the workers take turns."""
    medians: dict[str, list[list[float]]] = {variant: [] for variant in workers}
    order = list(workers)
    for _ in range(rounds):
        random.shuffle(order)
        for variant in order:
            times = workers[variant].do(job, count)
            medians[variant].append([statistics.median(column) for column in zip(*times, strict=True)])
    return medians


def ratio(medians: Medians, variant: str, column: int) -> float:
    """The median over rounds of a variant's time divided by the unplugged one of the same round."""
    pairs = zip(medians[variant], medians[UNPLUGGED], strict=True)
    return statistics.median(row[column] / other[column] for row, other in pairs)


def call_table(medians: Medians) -> list[str]:
    """Whole calls."""
    lines = [
        "| variant | median, µs | ratio | processor time, ratio | processor time of the logging after it, µs |",
        "| --- | --- | --- | --- | --- |",
    ]
    for variant, rows in medians.items():
        median, _, logging = (statistics.median(row[column] for row in rows) for column in range(3))
        wall, cpu = (ratio(medians, variant, column) for column in (0, 1))
        lines.append(f"| {VARIANTS[variant]} | {median:,.0f} | {wall:.3f} | {cpu:.3f} | {logging:,.0f} |")
    return lines


def pick_table(medians: Medians) -> list[str]:
    """The pick alone."""
    lines = ["| pick alone | processor time, median µs | ratio |", "| --- | --- | --- |"]
    for variant, rows in medians.items():
        median = statistics.median(row[1] for row in rows)
        lines.append(f"| {VARIANTS[variant]} | {median:.0f} | {ratio(medians, variant, 1):.2f} |")
    return lines


def part_table(spent: Mapping[str, Sequence[float]]) -> list[str]:
    """The parts of one call; ``·`` is part of the row above."""
    lines = ["| part | processor time, median µs |", "| --- | --- |"]
    for part, times in spent.items():
        lines.append(f"| {part} | {f'{statistics.median(times):.0f}' if times else 'not called'} |")
    return lines


def verdict(medians: Medians) -> str:
    """Whether the budget was kept."""
    plugged = [variant for variant in PLUGGED if variant in medians]
    said = [f"`{one}` {'kept' if ratio(medians, one, 0) <= BUDGET else 'missed'}" for one in plugged]
    return f"Budget (ratio of at most {BUDGET}): {', '.join(said)}."


def conduct(variants: Sequence[str], rounds: int, calls: int) -> list[str]:
    """All tables."""
    with upstream() as base_url:
        workers = started(variants, base_url)
        over_http = turns(workers, "calls", rounds, calls)
        for worker in workers.values():
            worker.stop()
    workers = started(variants, None)
    in_process = turns(workers, "calls", rounds, calls)
    picks = turns({one: workers[one] for one in PICKS if one in workers}, "picks", rounds, 10 * calls)
    parts = workers["rules"].do("parts", rounds * calls)
    for worker in workers.values():
        worker.stop()
    return [
        *("The model over HTTP on loopback:", "", *call_table(over_http), "", verdict(over_http), ""),
        *("The model in the process:", "", *call_table(in_process), ""),
        *(*pick_table(picks), ""),
        *("Parts of a call with the `rules` classifier (a part is slower here than in a loop of its own):", ""),
        *(*part_table(parts), "", f"{rounds} rounds of {calls} calls a variant."),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--calls", type=int, default=10, help="calls of each variant in a round")
    parser.add_argument("--variants", default=",".join(VARIANTS), help="comma-separated, with `unplugged` and `rules`")
    parser.add_argument("--write", type=Path, help="put the tables between the marks in this page")
    args = parser.parse_args()
    lines = conduct(args.variants.split(","), args.rounds, args.calls)
    print("\n".join(lines))
    if args.write:
        write_between_marks(args.write, MARK, lines)


if __name__ == "__main__":
    main()
