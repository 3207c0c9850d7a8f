"""The ``report`` command, as users run it."""

from __future__ import annotations

import json
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from decision_traffic import Traffic
from typer.testing import CliRunner, Result

from litellm_router_plugin.cli.main import build_app, main
from litellm_router_plugin.cli.report import problems_of
from litellm_router_plugin.cli.report_tables import share, usd
from litellm_router_plugin.ledger.feedback import FeedbackDesk
from litellm_router_plugin.ledger.records import DecisionRecord

from .conftest import MakeStore

HOSTILE = "<script>alert(1)</script>[red]"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build_app("report"), ["report", *arguments], env={"COLUMNS": "160"})


@pytest.fixture
def recorded(sqlite_url: str, make_store: MakeStore) -> str:
    """A database with decisions of the last hours, ratings, and names that would break a page."""
    store, traffic = make_store(sqlite_url), Traffic()
    traffic.clock.now = time.time() - 20_000
    traffic.into(store.add_decision)

    def hostile(record: DecisionRecord) -> None:
        record.route = HOSTILE

    traffic.run(160)
    traffic.run(20, hostile)
    desk = FeedbackDesk(traffic.ledger, store, clock=traffic.clock)
    for number, decision_id in enumerate(traffic.ids):
        decision = traffic.ledger.decision(decision_id)
        is_cheap = decision is not None and decision.tier == "cheap"
        desk.give(decision_id=decision_id, rating=5 if is_cheap else 1 + number % 4)
    store.flush()
    return sqlite_url


def test_it_prints_savings_against_both_yardsticks(recorded: str) -> None:
    done = run("--database", recorded)
    assert done.exit_code == 0, done.output
    for title in ("Totals", "Savings", "Tiers", "Checks", "Ratings", "Days"):
        assert title in done.output
    assert "everything on premium (the baseline)" in done.output
    line = next(line for line in done.output.splitlines() if "everything on cheap (the best fixed tier)" in line)
    assert "-$" in line
    assert HOSTILE in done.output


def test_its_json_holds_the_figures_of_the_store(recorded: str) -> None:
    done = run("--database", recorded, "--json")
    found: Any = json.loads(done.output)
    assert found["summary"]["total_requests"] == 180
    assert found["summary"]["scope"] == "store"
    assert sum(point["requests"] for point in found["days"]["points"]) == 180
    assert found["problems"] == []


def test_a_period_and_a_router_narrow_it(recorded: str) -> None:
    assert json.loads(run("--database", recorded, "--json", "--since", "1m").output)["summary"]["total_requests"] == 0
    assert (
        json.loads(run("--database", recorded, "--json", "--since", "all").output)["summary"]["total_requests"] == 180
    )
    assert run("--database", recorded, "--router", "absent").output.strip() == "no requests in this period"
    later = json.loads(run("--database", recorded, "--json", "--since", "2999-01-01").output)
    assert later["summary"]["total_requests"] == 0


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_its_html_is_whole_and_escaped(recorded: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert run("--database", recorded, "--html", str(path)).exit_code == 0
    text = path.read_text()
    page = _Tags()
    page.feed(text)
    assert "script" not in page.tags
    assert not {"src", "href", "onerror"} & {name for name, _ in page.attributes}
    assert "&lt;script&gt;" in text
    assert page.tags.count("table") == 7
    assert 'class="negative"' in text


def test_routing_that_lost_money_is_exit_1(sqlite_url: str, make_store: MakeStore) -> None:
    def cheap_baseline(record: DecisionRecord) -> None:
        record.baseline = "cheap"

    store, traffic = make_store(sqlite_url), Traffic()
    traffic.clock.now = time.time() - 20_000
    traffic.into(store.add_decision)
    traffic.run(30, cheap_baseline)
    store.flush()
    done = run("--database", sqlite_url)
    assert done.exit_code == 1
    assert "more than sending everything to cheap" in done.output


def test_figures_that_speak_for_too_few_are_a_problem() -> None:
    whole = {"savings": 1.0, "savings_baseline": "premium", "total_requests": 100, "unpriced_requests": 5}
    assert problems_of(whole) == []
    assert "6 of 100 requests have no price" in problems_of({**whole, "unpriced_requests": 6})[0]
    assert "savings are unknown" in problems_of({**whole, "savings": None})[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "yesterday"], "'yesterday' is no period. Write 7d"),
        (["--html", "/no/such/folder/r.html"], "cannot be written"),
    ],
)
def test_wrong_use_is_exit_2(recorded: str, arguments: list[str], message: str) -> None:
    done = run("--database", recorded, *arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_a_database_that_is_not_there_is_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tier-router", "report", "--database", str(tmp_path / "absent.sqlite")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "the file is missing" in capsys.readouterr().err


def test_without_a_store_it_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIER_ROUTER_DATABASE_URL", "none")
    done = run()
    assert done.exit_code == 2
    assert "Name a database with --database" in done.output


def test_amounts_are_shown_with_digits_enough() -> None:
    assert [usd(1234.5), usd(0.0000123), usd(-2.0, signed=True), usd(0.5, signed=True), usd(None)] == [
        "$1,234.50",
        "$0.000012",
        "-$2.00",
        "+$0.500000",
        "unknown",
    ]
    assert [share(0.123), share(None)] == ["12.3 %", "unknown"]
