"""Experiments in ``report``: the current definition first, broken data called a problem."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from experiment_traffic import PREMIUM, ExperimentTraffic
from typer.testing import CliRunner, Result

from litellm_router_plugin.cli.main import build_app
from litellm_router_plugin.core.experiment_analysis import Goal, Metric

from .conftest import MakeStore

GOAL = Goal(Metric.ESCALATION, 0.05)


@pytest.fixture
def database(sqlite_url: str, make_store: MakeStore) -> str:
    store = make_store(sqlite_url)
    traffic = ExperimentTraffic(experiments=[replace(PREMIUM, salt="old")], store=store, users=500)
    traffic.into(store.add_decision)
    traffic.run(80)
    traffic.experiments = [replace(PREMIUM, goal=GOAL)]
    traffic.run(600)
    store.flush()
    return sqlite_url


def report(database: str, *arguments: str) -> tuple[int, str]:
    ran = asked(database, "--since", "all", *arguments)
    return ran.exit_code, ran.stdout


def asked(database: str, *arguments: str) -> Result:
    command = ["report", "--database", database, *arguments]
    return CliRunner().invoke(build_app("report"), command, env={"COLUMNS": "200"})


def test_json_has_the_experiments_the_current_definition_first(database: str) -> None:
    _, printed = report(database, "--json")
    found: list[dict[str, Any]] = json.loads(printed)["experiments"]
    assert [(one["current"], one["running"], one["changed"]) for one in found] == [
        (True, None, []),
        (False, None, ["salt"]),
    ]
    current = found[0]
    assert current["control"]["requests"] + current["arm"]["requests"] + current["requests_without_unit"] == 600
    assert current["goal"] == {"metric": "escalation", "effect": 0.05, "confidence": 0.95, "patience_requests": None}
    assert current["arm"]["escalation"]["low"] < current["arm"]["escalation"]["value"]


def test_the_period_of_the_report_does_not_cut_experiments(database: str) -> None:
    told = json.loads(asked(database, "--since", "1d", "--json").stdout)
    assert told["summary"]["total_requests"] == 0
    assert told["experiments"][0]["arm"]["requests"] > 200


def test_tables_and_page_tell_arms_intervals_and_advice(database: str, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    _, printed = report(database, "--html", str(page))
    for text in (printed, page.read_text("utf-8")):
        said = " ".join(text.split())
        assert "Experiment premium-10 on smart" in said
        assert "an earlier definition, with another salt" in said
        assert "arm minus control" in said
        assert "not mixed with those of the current definition" in said
        assert "had no user and take no part" in said


def test_a_broken_split_is_a_problem_and_the_exit_code_says_so(sqlite_url: str, make_store: MakeStore) -> None:
    """Something lost nearly all units of the control."""
    store = make_store(sqlite_url)
    traffic = ExperimentTraffic(experiments=[PREMIUM], users=2_000)

    def lossy(record: Any) -> None:
        if "=control" not in record.experiment or traffic.random.random() < 0.1:
            store.add_decision(record)

    traffic.into(lossy)
    traffic.run(800)
    store.flush()
    code, printed = report(sqlite_url, "--json")
    told = json.loads(printed)
    assert code == 1
    assert told["experiments"][0]["advice"] == "sample ratio mismatch: do not use these data"
    assert any("premium-10: Do not use these data" in problem for problem in told["problems"])
