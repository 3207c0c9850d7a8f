"""Measures how long the store takes to answer with many decisions in an SQLite file.

    python benchmarks/store_summary.py [--decisions 1000000] [--days 30] [--keys 50] [--file F] [--json F]

Fills a file with made-up decisions over some days up to now, one in twenty through the code that writes real ones and
the others as copies of them at other moments, then asks for what a dashboard asks. Two fillings matter: spread over 30
days, and all within one day (``--days 1``), where a day's summary has to take in every decision. With ``--file`` a
filled file is kept and used again. The budget is 300 ms for the summary of a day.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection, Table, delete

from litellm_router_plugin.core.money import Price, Usage, cost_at
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord, Owner
from litellm_router_plugin.store.database import Database
from litellm_router_plugin.store.filters import Filters
from litellm_router_plugin.store.pauses import no_pause
from litellm_router_plugin.store.reading import StoreReader
from litellm_router_plugin.store.schema import (
    DAY_HOURS,
    GROUP_COLUMNS,
    HOUR_S,
    SUM_COLUMNS,
    VERDICT_COLUMNS,
    calls,
    daily,
    daily_verdicts,
    decisions,
    hourly,
    hourly_verdicts,
)
from litellm_router_plugin.store.writing import Known, build_batch, write_batch

BUDGET_MS = 300.0
DAY_S = 86_400.0
ROUNDS = 5
WRITTEN = 50_000
"""Decisions that the store's own code writes when filling, about; the database copies them, which is far quicker."""
BATCH = 5_000
"""Decisions in a transaction while filling; more than in service, to be done sooner."""
PRICES = {
    "cheap": Price(Decimal("1.5e-07"), Decimal("6e-07"), Decimal("7.5e-08")),
    "standard": Price(Decimal("2.5e-06"), Decimal("1e-05"), Decimal("1.25e-06")),
    "premium": Price(Decimal("1.5e-05"), Decimal("7.5e-05")),
}
TIERS = tuple(PRICES)
ROUTES = tuple(f"route-{number}" for number in range(8))


def made_up(count: int, days: float, keys: int, now: float) -> Iterator[DecisionRecord]:
    """Decisions in order of time; a fifth went up one tier after a rejected draft."""
    chance = random.Random(7)  # noqa: S311  made-up traffic
    owners = [Owner(f"key-{n:04d}", f"user-{n:04d}", f"team-{n % 10}") for n in range(keys)]
    start = now - days * DAY_S
    for number in range(count):
        rung = chance.choices((0, 1, 2), (70, 20, 10))[0]
        calls = [_call(chance, number, 1, TIERS[rung])]
        if rung < 2 and chance.random() < 0.2:
            calls[0].verdict, calls[0].verdict_by, calls[0].failed_checks = "reject", "checks", ("refusal",)
            rung += 1
            calls.append(_call(chance, number, 2, TIERS[rung]))
        moment = start + number / count * days * DAY_S
        yield DecisionRecord(
            f"{chance.getrandbits(128):032x}",
            "smart",
            TIERS[rung],
            "learned",
            chance.choice(owners),
            ("difficulty 0.41",),
            chance.choice(ROUTES),
            escalated=len(calls) > 1,
            p_success={"cheap": 0.71, "standard": 0.83, "premium": 0.92},
            confidence=0.71,
            prices=PRICES,
            baseline="premium",
            created_at=moment,
            closed_at=moment + 1.0,
            served_call=calls[-1].call_id,
            calls=calls,
            tiers=TIERS,
        )


def _call(chance: random.Random, number: int, attempt: int, tier: str) -> CallRecord:
    usage = Usage(chance.randrange(50, 3000), chance.randrange(20, 900))
    call = CallRecord(f"call-{number:08d}-{attempt}", "attempt", tier, attempt, f"model-{tier}", usage)
    call.cost, call.status = cost_at(PRICES[tier], usage), "settled"
    call.verdict, call.verdict_by = "accept", "checks"
    return call


def fill(database: Database, count: int, days: float, keys: int, now: float) -> None:
    """Fill a database: some decisions through the code that writes real ones, the others as copies a moment later."""
    copies = max(1, count // WRITTEN)
    write(database, count // copies, days, keys, now)
    if copies > 1:
        with database.writing().begin() as connection:
            multiply(connection, copies, days * DAY_S / count)


def write(database: Database, count: int, days: float, keys: int, now: float) -> None:
    batch: list[DecisionRecord] = []
    known = Known()
    for number, record in enumerate(made_up(count, days, keys, now), start=1):
        batch.append(record)
        if len(batch) == BATCH or number == count:
            with database.writing().begin() as connection:
                write_batch(connection, build_batch(batch, no_pause), known)
            batch = []


def multiply(connection: Connection, copies: int, apart_s: float) -> None:
    """Have each decision so many times, its copies so many seconds apart, and sum them up anew."""
    later = f"{apart_s!r} * n"
    moved = {
        "decision_id": "decision_id || printf('%02x', n)",
        "created_at": f"created_at + {later}",
        "closed_at": f"closed_at + {later}",
        "hour": f"CAST((created_at + {later}) / {HOUR_S} AS INTEGER)",
        "served_call": "served_call || '-' || n",
        "call_id": "call_id || '-' || n",
    }
    numbers = f"WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < {copies - 1})"  # noqa: S608  a number
    for table in (decisions, calls):
        names = [column.name for column in table.columns]
        values = ", ".join(moved.get(name, name) for name in names)
        query = f"SELECT {values} FROM {table.name} CROSS JOIN copy"  # noqa: S608  names of our own
        insert_from(connection, table, query, numbers)
    sums = ", ".join(("COUNT(*)", *(f"SUM({name})" for name in SUM_COLUMNS)))
    graded = f"{decisions.name} JOIN {calls.name} USING (decision_id) WHERE decider != ''"
    day = f"hour / {DAY_HOURS} * {DAY_HOURS}"
    for table, hour, (_, *keys), summed, source in (
        (hourly, "hour", GROUP_COLUMNS, sums, decisions.name),
        (daily, day, GROUP_COLUMNS, sums, decisions.name),
        (hourly_verdicts, "hour", VERDICT_COLUMNS, "COUNT(*)", graded),
        (daily_verdicts, day, VERDICT_COLUMNS, "COUNT(*)", graded),
    ):
        by = ", ".join((hour, *keys))
        connection.execute(delete(table))
        query = f"SELECT {by}, {summed} FROM {source} GROUP BY {by}"  # noqa: S608  names of our own
        insert_from(connection, table, query)


def insert_from(connection: Connection, table: Table, query: str, before: str = "") -> None:
    names = ", ".join(column.name for column in table.columns)
    connection.exec_driver_sql(f"{before} INSERT INTO {table.name} ({names}) {query}")


def timed(action: Callable[[], object]) -> dict[str, float]:
    """Milliseconds of the first run and the median of the further ones."""
    found = []
    for _ in range(1 + ROUNDS):
        began = time.perf_counter()
        action()
        found.append((time.perf_counter() - began) * 1e3)
    return {"first_ms": round(found[0], 1), "median_ms": round(statistics.median(found[1:]), 1)}


def questions(reader: StoreReader, now: float) -> dict[str, Callable[[], object]]:
    """What a dashboard asks; the last 24 hours begin and end within an hour."""
    day = Filters(since=now - DAY_S, until=now)
    month = Filters(since=now - 30 * DAY_S)
    first = reader.decisions(size=1)["decisions"]
    assert isinstance(first, list)
    return {
        "summary of the last 24 hours": lambda: reader.summary(day),
        "summary of the last 24 hours, one key": lambda: reader.summary(
            Filters(since=day.since, until=day.until, owner_key="key-0003")
        ),
        "summary of 30 days": lambda: reader.summary(month),
        "summary of everything": lambda: reader.summary(Filters()),
        "series of 24 hours by hour": lambda: reader.series("hour", day),
        "series of 30 days by day": lambda: reader.series("day", month),
        "page of 50 decisions": reader.decisions,
        "page of 50, one key": lambda: reader.decisions(Filters(owner_key="key-0003")),
        "page of 50, dear tier": lambda: reader.decisions(Filters(tier="premium")),
        "one decision": lambda: reader.decision(first[0]["decision_id"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--keys", type=int, default=50)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.file or Path(folder) / "decisions.sqlite"
        database, is_new = Database(str(path)), not path.exists()
        if is_new:
            began = time.perf_counter()
            fill(database, arguments.decisions, arguments.days, arguments.keys, time.time())
            print(f"filled in {time.perf_counter() - began:.0f} s, {path.stat().st_size / 1e6:.0f} MB")
        database.writing()
        reader = StoreReader(database)
        latest = reader.decisions(size=1)["decisions"]
        assert isinstance(latest, list)
        now = latest[0]["created_at"]
        found = {name: timed(ask) for name, ask in questions(reader, now).items()}
        for name, times in found.items():
            print(f"{name:<40} first {times['first_ms']:8.1f} ms   median {times['median_ms']:8.1f} ms")
        print(f"budget: {BUDGET_MS:.0f} ms for the summary of a day")
        if arguments.json:
            arguments.json.write_text(json.dumps({"decisions": arguments.decisions, "days": arguments.days, **found}))
        database.close()


if __name__ == "__main__":
    main()
