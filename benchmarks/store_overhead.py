"""Measures what ledger, store and metrics add to a request at 1,000 decisions a second.

    python benchmarks/store_overhead.py [--url URL] [--rounds 5] [--seconds 2] [--rate 1000]

One thread plays the event loop: at each tick it does for one request all that the ledger does for it, with two calls,
and in between it sleeps, so that it has to win Python's interpreter lock back from the writing thread, as a server
has to. Shown are the processor time of that thread, and the time from the moment at which a request was due until it
was done: waits for the lock are in it, and so is all other work on the machine. Rounds with and without listeners
alternate, so that this other work is the same for both. The budget is 200 us more at the 99th percentile.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from litellm_router_plugin.core.money import Price, Usage
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.ledger.ledger import Ledger
from litellm_router_plugin.ledger.metrics import metrics
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord, Owner, SettledCall
from litellm_router_plugin.store.store import Store

BUDGET_US = 200.0
WARM_UP_S = 0.5
"""Not counted: imports of the writing thread, first statements."""
PRICES = {
    "cheap": Price(Decimal("1.5e-07"), Decimal("6e-07"), Decimal("7.5e-08")),
    "standard": Price(Decimal("2.5e-06"), Decimal("1e-05"), Decimal("1.25e-06")),
    "premium": Price(Decimal("1.5e-05"), Decimal("7.5e-05")),
}
OWNER = Owner("key-hash", "user", "team", "end user")
ACCEPTED = Verdict(Outcome.ACCEPT, by="checks")
USAGE = Usage(700, 300, 128)
COST = Decimal("0.000285")
NUMBERS = itertools.count()


def one_request(ledger: Ledger, number: int) -> None:
    """All that the ledger is told of one request: a draft, a judge, and the end."""
    decision_id, draft, judge = f"{number:032x}", f"draft-{number}", f"judge-{number}"
    ledger.open(DecisionRecord(decision_id, "smart", "cheap", "learned", OWNER, prices=PRICES, baseline="premium"))
    ledger.describe(decision_id, signals=("difficulty 0.31",), p_success={"cheap": 0.8, "premium": 0.95})
    ledger.start_call(decision_id, CallRecord(draft, "attempt", "cheap", 1))
    ledger.settle(draft, SettledCall("gpt-4o-mini", USAGE, COST))
    ledger.start_call(decision_id, CallRecord(judge, "judge"))
    ledger.settle(judge, SettledCall("gpt-4.1-nano", USAGE, COST))
    ledger.note_verdict(draft, ACCEPTED)
    ledger.close(decision_id, served_call=draft, tier="cheap", cause="learned", escalated=False)


@dataclass
class Times:
    """Microseconds, one a request: processor time, and time since it was due."""

    busy: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)


def measure(prepare: Callable[[Ledger], None], times: Times, seconds: float, rate: float) -> None:
    """Add the times of requests at a steady rate; the first ones are not counted."""
    ledger = Ledger()
    prepare(ledger)
    number, done = 0, time.perf_counter()
    start = done
    while (due := start + number / rate) < start + WARM_UP_S + seconds:
        if (pause := due - done) > 0:
            time.sleep(pause)
        busy = time.thread_time()
        one_request(ledger, next(NUMBERS))
        busy = time.thread_time() - busy
        before, done = done, time.perf_counter()
        if due > start + WARM_UP_S:
            times.busy.append(busy * 1e6)
            times.whole.append((done - max(due, before)) * 1e6)
        number += 1


def at(times: Sequence[float], share: float) -> float:
    return sorted(times)[int(share * len(times))]


def show(name: str, times: Times, base: Times) -> None:
    for what, own, alone in (("processor", times.busy, base.busy), ("since due", times.whole, base.whole)):
        p50, p99 = at(own, 0.5), at(own, 0.99)
        added = f"added at p99 {p99 - at(alone, 0.99):+8.1f}" if times is not base else ""
        print(f"{name:<24}{what:<11}p50 {p50:8.1f}   p99 {p99:8.1f}   {added}")


def add_metrics(ledger: Ledger) -> None:
    found = metrics()
    if found is not None:
        ledger.add_listener(found.note_decision)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rate", type=float, default=1000.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(arguments.url or str(Path(folder) / "decisions.sqlite"))

        def add_both(ledger: Ledger) -> None:
            def listener(record: DecisionRecord) -> None:
                store.add_decision(record)

            add_metrics(ledger)
            ledger.add_listener(listener)

        kinds = {"ledger alone": lambda _: None, "with metrics": add_metrics, "with metrics and store": add_both}
        times = {name: Times() for name in kinds}
        for _ in range(arguments.rounds):
            for name, prepare in kinds.items():
                measure(prepare, times[name], arguments.seconds, arguments.rate)
                store.flush()
        print(
            f"microseconds a request, {len(times['ledger alone'].busy)} requests each; budget: {BUDGET_US:.0f} at p99"
        )
        for name, own in times.items():
            show(name, own, times["ledger alone"])
        print(f"stored {store.counts().written}, dropped {store.counts().dropped}")
        store.close()


if __name__ == "__main__":
    main()
