"""Measures one forecast of the shipped classifier against LiteLLM's heuristics and scikit-learn pipelines, in one run.

    python benchmarks/classifier_speed.py [--json FILE]

A forecast is timed from the request's view to the finished `Forecast` for three priced tiers, at each length on two
texts: one stays like the training prompts (familiar), which costs more, since only of those the trees are asked. The
budget holds for the dearer. All contestants take turns within each round, so that a slow moment of the machine hits
them alike; what counts are the ratios. Each turn begins with a call that is not timed, since the turn before has
emptied the processor's caches. Figures are microseconds of processor time a call, the median over rounds (other work
on the machine does not count). Then: time to load the artefact, and the resident memory that it adds, both in
processes of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.host.heuristics import heuristic_v1_scores, heuristic_v2_scores
from litellm_router_plugin.learning.ladder_footing import LadderModel, LadderSettings
from litellm_router_plugin.learning.ladder_forecast import LadderForecast
from litellm_router_plugin.learning.learned_classifier import DEFAULT_LADDER, default_model
from litellm_router_plugin.learning.text_fitting import fit_pipeline

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # LiteLLM reads it on import, which comes later

LENGTHS = (30, 560, 20_000, 1_000_000)
BUDGETS_US = {30: 40, 560: 70, 20_000: 250, 1_000_000: 500}
LONGEST_FOR_OTHERS = 20_000
ROUNDS = 60
BATCH_US = 2_000
"""Calls of one batch take about this long, so that reading the clock does not count."""
LOAD_RUNS = 7
PARAGRAPHS = {
    "ships": "Explain why {n} ships left the harbour in winter, and compute how many tons of grain (in total) each of"
    " them carried: was it more than {m}? Give the answer as JSON with a short reason.\n",
    "cows": "A farmer has {n} cows and buys {m} more. Each cow gives {n} litres of milk a day. How many litres does he"
    " have after {m} days?\n",
}
"""The second stays like the training prompts at every length."""
PRICES = {"cheap": ("1.5e-7", "6e-7"), "standard": ("2.5e-6", "1e-5"), "premium": ("1.65e-5", "6.6e-5")}
LOAD = """
import time
def resident():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1]) * 4096 / 2**20
before = resident()
import numpy
with_numpy = resident()
from litellm_router_plugin.learning.outcome_artefact import load_model
from litellm_router_plugin.learning.learned_classifier import DEFAULT_ARTEFACT
start = time.perf_counter()
load_model(DEFAULT_ARTEFACT)
taken = time.perf_counter() - start
print(1000 * taken, resident() - before, resident() - with_numpy)
"""


def text_of(chars: int, kind: str = "ships") -> str:
    parts: list[str] = []
    size = 0
    while size < chars:
        parts.append(PARAGRAPHS[kind].format(n=len(parts) + 3, m=7 * len(parts) + 40))
        size += len(parts[-1])
    return "".join(parts)[:chars]


def ladder_forecast() -> LadderForecast:
    entries = [
        LadderModel(tier, model, Price(Decimal(PRICES[tier][0]), Decimal(PRICES[tier][1])))
        for tier, model in DEFAULT_LADDER.items()
    ]
    return LadderForecast(default_model(), entries, LadderSettings())


def contestants(ladder: LadderForecast) -> dict[str, Callable[[str], Callable[[], object]]]:
    """Name -> what prepares a text and gives the call that is timed."""
    texts = [text_of(40 * number + 30) for number in range(200)]
    labels = [f"tier-{number % 3}" for number in range(200)]
    logistic, forest = fit_pipeline(texts, labels, "logistic", 0), fit_pipeline(texts, labels, "forest", 0)

    def learned(text: str) -> Callable[[], object]:
        request = read_request(text)
        return lambda: ladder.forecast(request)

    return {
        "learned": learned,
        "LiteLLM heuristic v1": lambda text: lambda: heuristic_v1_scores([text]),
        "LiteLLM heuristic v2": lambda text: lambda: heuristic_v2_scores([text]),
        "scikit-learn TF-IDF + logistic": lambda text: lambda: logistic.predict_proba([text]),
        "scikit-learn TF-IDF + forest": lambda text: lambda: forest.predict_proba([text]),
    }


def batch_time(call: Callable[[], object], calls: int) -> float:
    """Microseconds of processor time a call; one call before it brings back what other contestants pushed out."""
    call()
    start = time.thread_time_ns()
    for _ in range(calls):
        call()
    return (time.thread_time_ns() - start) / calls / 1000


def medians(text: str, prepared: dict[str, Callable[[], object]]) -> dict[str, float]:
    calls = {name: max(1, int(BATCH_US / max(batch_time(call, 3), 1.0))) for name, call in prepared.items()}
    found: dict[str, list[float]] = {name: [] for name in prepared}
    for _ in range(ROUNDS if len(text) <= LONGEST_FOR_OTHERS else ROUNDS // 4):
        for name, call in prepared.items():
            found[name].append(batch_time(call, calls[name]))
    return {name: round(statistics.median(times), 1) for name, times in found.items()}


def load_figures() -> dict[str, float]:
    """Milliseconds to load the artefact, and megabytes that it adds to bare Python and to numpy, each the median."""
    runs = []
    for _ in range(LOAD_RUNS):
        out = subprocess.run([sys.executable, "-c", LOAD], check=True, capture_output=True, text=True).stdout
        runs.append([float(part) for part in out.split()])
    load_ms, total, own = (statistics.median(column) for column in zip(*runs, strict=True))
    return {"load_ms": round(load_ms, 1), "resident_mb": round(total, 1), "without_numpy_mb": round(own, 1)}


def show(figures: dict[str, float]) -> None:
    for name, figure in figures.items():
        print(f"  {name:32} {figure:10.1f} us   {figure / figures['learned']:7.1f} x learned")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the shipped classifier against others.")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    ladder = ladder_forecast()
    prepare = contestants(ladder)
    table: dict[str, dict[str, dict[str, float]]] = {}
    for chars in LENGTHS:
        names = prepare if chars <= LONGEST_FOR_OTHERS else ["learned"]
        rows = table[str(chars)] = {}
        for kind in PARAGRAPHS:
            text = text_of(chars, kind)
            rows[kind] = medians(text, {name: prepare[name](text) for name in names})
            is_familiar = not ladder.forecast(read_request(text)).abstained
            print(f"{chars} characters about {kind}, {'familiar' if is_familiar else 'unfamiliar'}")
            show(rows[kind])
        dearer = max(figures["learned"] for figures in rows.values())
        print(f"{chars} characters, the dearer text: {dearer:.1f} us (budget {BUDGETS_US[chars]})")
    loaded = load_figures()
    print(f"load {loaded['load_ms']} ms (budget 50), resident {loaded['resident_mb']} MB (budget 40)")
    if options.json:
        options.json.write_text(json.dumps({"microseconds": table, **loaded}, indent=1) + "\n")


if __name__ == "__main__":
    main()
