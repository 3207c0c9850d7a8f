"""Decisions are found again as they were, prompts only as the settings say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from decision_traffic import Traffic
from sqlalchemy import Column, MetaData, Table, Text, text

from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.errors import StoreError
from litellm_router_plugin.ledger.kept_prompts import prompt_facts
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.ledger.views import decision_view
from litellm_router_plugin.store.database import Database
from litellm_router_plugin.store.filters import Filters
from litellm_router_plugin.store.location import configured_url, default_file, parse_url
from litellm_router_plugin.store.schema import daily, daily_verdicts, experiment_runs, metadata, placements, states
from litellm_router_plugin.store.snapshot import snapshot

from .conftest import MakeStore


def test_migrations_make_the_tables_that_the_code_uses(sqlite_url: str) -> None:
    with Database(sqlite_url).writing().connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_later_tables_are_made_for_a_database_of_the_first_version(url: str, make_store: MakeStore) -> None:
    store, traffic = make_store(url), Traffic(step_s=2000.0)
    traffic.into(store.add_decision)
    traffic.run(100)
    store.flush()
    before = store.reader.summary()
    store.close()
    database = Database(url)
    with database.writing().begin() as connection:
        for table in (daily, daily_verdicts, placements, experiment_runs, states):
            table.drop(connection)
        place = f"{database.schema}.calls" if database.schema else "calls"
        connection.execute(text(f"ALTER TABLE {place} DROP COLUMN quality"))
        version = Table("alembic_version", MetaData(), Column("version_num", Text), schema=database.schema)
        connection.execute(version.update().values(version_num="0001"))
    database.close()
    again = make_store(url)
    with pytest.raises(StoreError, match="no tables of tier routers of this version"):
        again.reader.summary()
    again.prepare()
    assert again.reader.summary() == before
    assert before["total_requests"] == 100


def test_a_decision_is_found_as_the_ledger_has_it(url: str, make_store: MakeStore) -> None:
    def describe(record: DecisionRecord) -> None:
        record.experiment, record.difficulty, record.expected_cost = "premium-10=on", 0.25, {"cheap": 1e-5}
        record.start_tier, record.observed_tier, record.cascade = "cheap", "premium", "on"

    store, traffic = make_store(url), Traffic()
    traffic.into(store.add_decision)
    traffic.run(40, describe)
    store.flush()
    for decision_id in traffic.ids:
        kept, found = traffic.ledger.decision(decision_id), store.reader.record(decision_id)
        assert kept is not None
        assert found is not None
        assert decision_view(found) == decision_view(kept)
        assert found.cost == kept.cost
        assert found == replace(kept, calls=found.calls)


def test_a_snapshot_is_equal_and_stays_as_it_was() -> None:
    traffic, taken = Traffic(), list[tuple[DecisionRecord, DecisionRecord]]()
    traffic.into(lambda record: taken.append((record, snapshot(record))))
    traffic.run(20)
    assert all(record == copy for record, copy in taken)
    for record, copy in taken:
        record.tier, record.calls[0].model = "changed", "changed"
        record.calls.append(record.calls[0])
        assert copy.tier != "changed"
        assert all(call.model != "changed" for call in copy.calls)
        assert len(copy.calls) == len(record.calls) - 1


def test_pages_hold_every_decision_once_the_latest_first(sqlite_url: str, make_store: MakeStore) -> None:
    store, traffic = make_store(sqlite_url), Traffic(step_s=0.0)  # all at one moment
    traffic.into(store.add_decision)
    traffic.run(20)
    traffic.step_s = 10.0
    traffic.run(25)
    store.flush()
    seen: list[str] = []
    before = None
    for _ in range(10):
        page: dict[str, Any] = store.reader.decisions(before=before, size=7)
        seen += [one["decision_id"] for one in page["decisions"]]
        before = page["next"]
        if before is None:
            break
    assert sorted(seen) == sorted(traffic.ids)
    assert seen[:25] == traffic.ids[:-26:-1]


def test_a_page_can_be_narrowed_to_causes_and_escalations(sqlite_url: str, make_store: MakeStore) -> None:
    store, traffic = make_store(sqlite_url), Traffic()
    traffic.into(store.add_decision)
    traffic.run(60)
    store.flush()
    up: dict[str, Any] = store.reader.decisions(escalated=True, size=100)
    rest: dict[str, Any] = store.reader.decisions(escalated=False, size=100)
    assert len(up["decisions"]) + len(rest["decisions"]) == 60
    assert all(one["escalated"] for one in up["decisions"])
    assert up["decisions"]
    assert store.reader.decisions(cause="learned")["decisions"] == []


def test_a_cursor_that_no_page_gave_is_refused(sqlite_url: str, make_store: MakeStore) -> None:
    store = make_store(sqlite_url)
    store.prepare()
    for wrong in ("", "x", "nan:x", "12"):
        with pytest.raises(ValueError, match="is not what a page gave"):
            store.reader.decisions(before=wrong)


def test_an_unknown_decision_is_none(sqlite_url: str, make_store: MakeStore) -> None:
    store = make_store(sqlite_url)
    store.prepare()
    assert store.reader.decision("absent") is None
    assert store.reader.decision_of_call("absent") is None
    assert store.reader.decisions() == {"decisions": [], "next": None}
    assert store.reader.summary(Filters(since=0.0))["total_requests"] == 0


def test_a_decision_is_found_by_any_of_its_calls(sqlite_url: str, make_store: MakeStore) -> None:
    store, traffic = make_store(sqlite_url), Traffic()
    traffic.into(store.add_decision)
    traffic.run(5)
    store.flush()
    for decision_id in traffic.ids:
        record = traffic.ledger.decision(decision_id)
        assert record is not None
        assert {store.reader.decision_of_call(call.call_id) for call in record.calls} == {decision_id}


VIEW = RequestView(text="How many moons has Mars?", text_chars=24)


@pytest.mark.parametrize(
    ("keep", "redacted", "text", "has_features"),
    [
        ("none", False, None, False),
        ("features", False, None, True),
        ("full", False, VIEW.text, False),
        ("full", True, None, False),
        ("features", True, None, False),
    ],
)
def test_a_prompt_is_kept_as_the_settings_say(
    sqlite_url: str, make_store: MakeStore, *, keep: Any, redacted: bool, text: str | None, has_features: bool
) -> None:
    def hand_over(record: DecisionRecord) -> None:
        for name, value in prompt_facts(keep, VIEW, redacted=redacted).items():
            setattr(record, name, value)

    store, traffic = make_store(sqlite_url), Traffic()
    traffic.into(store.add_decision)
    traffic.run(1, hand_over)
    store.flush()
    found: Any = store.reader.decision(traffic.ids[0])
    assert found["prompt"] == text
    assert (found["features"] is not None) is has_features
    if has_features:
        assert found["features"]["chars"] == pytest.approx(3.2189, abs=1e-3)  # log(1 + 24)


def test_a_prompt_of_a_redacted_request_is_not_kept_whoever_hands_it_over(
    sqlite_url: str, make_store: MakeStore
) -> None:
    def hand_over(record: DecisionRecord) -> None:
        record.keep_prompt, record.prompt, record.redacted = "full", "secret", True

    store, traffic = make_store(sqlite_url), Traffic()
    traffic.into(store.add_decision)
    traffic.run(1, hand_over)
    store.flush()
    found: Any = store.reader.decision(traffic.ids[0])
    assert found["prompt"] is None


def test_prompts_that_wait_are_bounded(sqlite_url: str, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("litellm_router_plugin.store.writer.MAX_PROMPT_CHARS", 250)

    def hand_over(record: DecisionRecord) -> None:
        record.keep_prompt, record.prompt = "full", "x" * 100

    store, traffic = make_store(sqlite_url, interval_s=0.5), Traffic()
    traffic.into(store.add_decision)
    traffic.run(4, hand_over)
    store.flush()
    kept: list[Any] = [store.reader.decision(one) for one in traffic.ids]
    assert [one["prompt"] is not None for one in kept] == [True, True, False, False]


def test_the_default_file_is_in_the_state_folder() -> None:
    assert default_file({"XDG_STATE_HOME": "/var/state"}).as_posix() == (
        "/var/state/litellm_router_plugin/decisions.sqlite"
    )
    assert default_file({}).as_posix().endswith(".local/state/litellm_router_plugin/decisions.sqlite")


def test_the_environment_names_another_database_or_none() -> None:
    assert configured_url({"TIER_ROUTER_DATABASE_URL": "postgresql://u@h/d"}) == "postgresql://u@h/d"
    assert configured_url({"TIER_ROUTER_DATABASE_URL": "none"}) is None
    assert configured_url({"XDG_STATE_HOME": "/s"}) == "sqlite:////s/litellm_router_plugin/decisions.sqlite"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://u@h/d", "mysql is not supported. Use sqlite or postgresql"),
        ("sqlite://", "in memory cannot be shared"),
        ("post gres://", "it cannot be read"),
    ],
)
def test_a_url_that_cannot_be_used_says_why(url: str, message: str) -> None:
    with pytest.raises(Exception, match=message):
        parse_url(url)


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(StoreError, match=r"this user has no home folder\. Set TIER_ROUTER_DATABASE_URL"):
        default_file({})


def test_a_password_is_never_shown() -> None:
    pytest.importorskip("psycopg")
    assert "hunter2" not in Database("postgresql://user:hunter2@host/name").name
