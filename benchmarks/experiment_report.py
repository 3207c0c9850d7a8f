"""Measures how long an experiment takes to be added up from an SQLite file with many decisions.

    python benchmarks/experiment_report.py [--decisions 1000000] [--users 50000] [--file F]

The rows are those that the store writes, put in directly. One experiment by user and one by request run at once; six in
a hundred answers are rated.
"""

from __future__ import annotations

# ruff: noqa: S311 - made-up traffic
import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from litellm_router_plugin.core.experiment_runs import RunDefinition
from litellm_router_plugin.core.experiments import Experiment, assign
from litellm_router_plugin.ledger.experiment_sums import arm_of
from litellm_router_plugin.ledger.experiment_views import experiments_view
from litellm_router_plugin.store.database import Database
from litellm_router_plugin.store.filters import Filters
from litellm_router_plugin.store.placements import run_row
from litellm_router_plugin.store.reading import StoreReader
from litellm_router_plugin.store.schema import experiment_runs, feedback, placements

BY_USER = Experiment("premium-10", "user", 0.1, {"tier": "premium"}, '{"tier":"premium"}')
BY_REQUEST = Experiment("half", "request", 0.5, {"max_tier": "standard"}, '{"max_tier":"standard"}')
RATED = 0.06
BATCH = 5_000
ROUNDS = 5
START = 1_700_000_000.0


def rows(count: int, users: int, chance: random.Random) -> Iterator[tuple[list[dict[str, Any]], dict[str, Any] | None]]:
    """For each decision its rows of ``placements``, and its rating where it has one."""
    ids = {name.name: run_row(RunDefinition.of("smart", name))["id"] for name in (BY_USER, BY_REQUEST)}
    for number in range(count):
        decision_id = f"{chance.getrandbits(128):032x}"
        user = f"user-{int(users * chance.random() ** 1.5)}"
        facts = {
            "decision_id": decision_id,
            "created_at": START + number,
            "owner_key": f"key-{chance.randrange(50):04d}",
            "owner_team": f"team-{chance.randrange(5)}",
            "tier": "cheap",
            "route": "default",
            "escalated": int(chance.random() < 0.15),
            "priced": 1,
            "cost_nano": int(chance.lognormvariate(12, 1)),
            "cost_rest": 0,
        }
        placed = assign((BY_USER, BY_REQUEST), {"user": user, "request": decision_id}).placements
        found = [{"run": ids[one.experiment], "arm": arm_of(one), "unit": one.unit_digest, **facts} for one in placed]
        yield found, rating(facts, chance) if chance.random() < RATED else None


def rating(facts: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    score = chance.randrange(5) / 4
    kept = {name: facts[name] for name in ("decision_id", "owner_key", "owner_team", "tier", "route")}
    moment = facts["created_at"]
    times = {"decided_at": moment, "created_at": moment, "updated_at": moment}
    return {**kept, "rater": "user", "score": score, "kind": "score", "value": score, "router": "smart", **times}


def fill(database: Database, count: int, users: int) -> None:
    with database.writing().begin() as connection:
        connection.execute(
            experiment_runs.insert(), [run_row(RunDefinition.of("smart", one)) for one in (BY_USER, BY_REQUEST)]
        )
        placed: list[dict[str, Any]] = []
        rated: list[dict[str, Any]] = []
        for number, (made, given) in enumerate(rows(count, users, random.Random(1)), start=1):
            placed += made
            rated += [given] if given else []
            if len(placed) >= BATCH or number == count:
                connection.execute(placements.insert(), placed)
                if rated:
                    connection.execute(feedback.insert(), rated)
                placed, rated = [], []


def timed(action: Callable[[], object]) -> dict[str, float]:
    """Milliseconds of the first run and the median of the further ones."""
    found = []
    for _ in range(1 + ROUNDS):
        began = time.perf_counter()
        action()
        found.append((time.perf_counter() - began) * 1e3)
    return {"first_ms": round(found[0]), "median_ms": round(statistics.median(found[1:]))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.file or Path(folder) / "decisions.sqlite"
        is_new = not path.exists()
        database = Database(str(path))
        if is_new:
            fill(database, options.decisions, options.users)
        reader = StoreReader(database)
        asked = {
            "both experiments": lambda: experiments_view(reader.experiments(), None, scope="store"),
            "both, of one key": lambda: experiments_view(
                reader.experiments(Filters(owner_key="key-0003")), None, scope="store"
            ),
            "requests and costs by arm, for a summary": reader.summary,
        }
        told = {name: timed(action) for name, action in asked.items()}
        print(json.dumps({"decisions": options.decisions, "megabytes": round(path.stat().st_size / 1e6), **told}))
        database.close()


if __name__ == "__main__":
    main()
