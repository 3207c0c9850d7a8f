"""What is lost when something goes wrong, and what is not."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from decision_traffic import Traffic
from sqlalchemy import Column, MetaData, Table, Text, func, select

from litellm_router_plugin.errors import StoreError
from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.store.database import Database
from litellm_router_plugin.store.filters import Filters
from litellm_router_plugin.store.schema import POSTGRESQL_SCHEMA, calls
from litellm_router_plugin.store.store import Store
from litellm_router_plugin.store.troubles import lasting
from litellm_router_plugin.store.writer import INTERVAL_S

from .conftest import MakeStore

WRITER = Path(__file__).parent / "writing_process.py"
COMMIT_S = 1.0
"""Longest that a commit may take on a busy machine."""


def start_writer(url: str, *, seed: int = 1, count: int, pause_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), url, str(seed), str(count), str(pause_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - the command is the test's own


def stored(store: Store, traffic_ids: list[str]) -> list[bool]:
    return [store.reader.record(one) is not None for one in traffic_ids]


def test_a_killed_process_loses_no_more_than_the_unflushed_batch(sqlite_url: str, make_store: MakeStore) -> None:
    process = start_writer(sqlite_url, count=10_000, pause_s=0.004)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(400)]
    process.send_signal(signal.SIGKILL)
    killed_at = time.time()
    lines += process.stdout.readlines()
    process.wait()
    added = [line.split() for line in lines if line.count(" ") == 2]
    found = stored(make_store(sqlite_url), [one[1] for one in added])
    kept = sum(found)
    assert found == [True] * kept + [False] * (len(found) - kept)
    lost = [float(one[2]) for one in added[kept:]]
    assert all(killed_at - moment < INTERVAL_S + COMMIT_S for moment in lost)
    assert kept >= len(found) / 2


def test_a_process_that_ends_by_itself_loses_nothing(sqlite_url: str, make_store: MakeStore) -> None:
    process = start_writer(sqlite_url, count=300, pause_s=0.0)
    output, _ = process.communicate(timeout=60)
    ids = [line.split()[1] for line in output.splitlines()]
    assert len(ids) == 300
    store = make_store(sqlite_url)
    assert all(stored(store, ids))
    assert store.reader.summary()["total_requests"] == 300


def test_two_processes_that_start_at_once_lose_nothing(url: str, make_store: MakeStore) -> None:
    processes = [start_writer(url, seed=seed, count=200, pause_s=0.001) for seed in (1, 2)]
    ids = [line.split()[1] for process in processes for line in process.communicate(timeout=60)[0].splitlines()]
    assert len(set(ids)) == 400
    assert make_store(url).reader.summary()["total_requests"] == 400


def test_tables_are_made_once_by_many_at_once(url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(Database(url).writing) for _ in range(6)]:
            done.result().dispose()
    with Database(url).reading().connect() as connection:
        assert connection.execute(select(func.count()).select_from(version_table(url))).scalar() == 1


def version_table(url: str) -> Table:
    schema = None if url.startswith("sqlite") else POSTGRESQL_SCHEMA
    return Table("alembic_version", MetaData(), Column("version_num", Text), schema=schema)


def test_a_database_that_is_down_is_written_to_when_it_is_back(tmp_path: Path, make_store: MakeStore) -> None:
    path = tmp_path / "decisions.sqlite"
    Store(str(path)).prepare()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    store, traffic = make_store(str(path)), Traffic()
    traffic.into(store.add_decision)
    started = time.perf_counter()
    traffic.run(50)
    assert time.perf_counter() - started < 10.0, "it does not wait for the database"
    assert store.counts().queued == 50
    with pytest.raises(TimeoutError, match="50 items are still to be written"):
        store.flush(timeout_s=0.2)
    blocker.execute("ROLLBACK")
    blocker.close()
    store.flush(timeout_s=60)
    assert store.reader.summary()["total_requests"] == 50
    assert store.counts().dropped == 0


@pytest.mark.postgresql
def test_a_server_that_is_away_for_a_while_costs_nothing(postgresql_url: str, make_store: MakeStore) -> None:
    store, traffic = make_store(postgresql_url), Traffic()
    traffic.into(store.add_decision)
    traffic.run(20)
    store.flush()
    with admin(postgresql_url) as connection:
        name = postgresql_url.rpartition("/")[2]
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        traffic.run(20)
        wait_until(lambda: store.counts().retries > 0)
        assert store.counts().queued == 20
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    store.flush(timeout_s=30)
    assert store.reader.summary()["total_requests"] == 40


def admin(url: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 - psycopg is optional
    import psycopg  # noqa: PLC0415 - same

    return psycopg.connect(f"{url.rpartition('/')[0]}/postgres", autocommit=True)


def wait_until(condition) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_server_that_is_not_there_at_the_start_is_waited_for(make_store: MakeStore) -> None:
    pytest.importorskip("psycopg")
    store, traffic = make_store("postgresql://nobody@127.0.0.1:9/none"), Traffic()
    traffic.into(store.add_decision)
    traffic.run(5)
    wait_until(lambda: store.counts().retries > 0)
    assert store.refusal is None
    assert store.counts().queued == 5
    store.close(timeout_s=10)
    assert store.counts().dropped == 5


def test_a_full_queue_drops_and_counts(tmp_path: Path, make_store: MakeStore) -> None:
    path, told = tmp_path / "decisions.sqlite", list[tuple[int, str]]()
    Store(str(path)).prepare()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    store = make_store(str(path), queue_size=30, on_dropped=lambda count, why: told.append((count, why)))
    traffic = Traffic()
    traffic.into(store.add_decision)
    traffic.run(50)
    assert store.counts().dropped == 20
    assert told == [(1, "full")] * 20
    blocker.close()
    store.flush(timeout_s=60)
    assert store.reader.summary()["total_requests"] == 30


def test_a_row_that_cannot_be_written_does_not_take_others_with_it(url: str, make_store: MakeStore) -> None:
    def spoil(record: DecisionRecord) -> None:
        if len(traffic.ids) == 3:
            record.p_success = {"cheap": object()}  # type: ignore[dict-item]  # on purpose

    store, traffic = make_store(url), Traffic()
    traffic.into(store.add_decision)
    traffic.run(10, spoil)
    store.flush()
    assert store.reader.summary()["total_requests"] == 9
    assert store.counts().dropped == 1


def test_text_that_databases_refuse_is_mended(url: str, make_store: MakeStore) -> None:
    def spoil(record: DecisionRecord) -> None:
        record.route = "a\0b\ud800" + "x" * 1000
        record.signals = ("keyword: \ud83d",)

    store, traffic = make_store(url), Traffic()
    traffic.into(store.add_decision)
    traffic.run(1, spoil)
    store.flush()
    record = store.reader.record(traffic.ids[0])
    assert record is not None
    assert record.route.startswith("a\N{REPLACEMENT CHARACTER}b?x")
    assert len(record.route) == 200


def test_old_decisions_are_deleted_and_newer_ones_are_not(
    url: str, make_store: MakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("litellm_router_plugin.store.retention.CHUNK", 20)
    store, traffic = make_store(url), Traffic()
    traffic.into(store.add_decision)
    traffic.clock.now = time.time() - 11 * 86_400
    traffic.run(70)
    old = list(traffic.ids)
    traffic.clock.now = time.time() - 3600
    traffic.run(20)
    store.flush()
    store.close()
    young = make_store(url, retention_days=9.0)
    traffic.into(young.add_decision)
    traffic.run(1)
    wait_until(lambda: young.reader.summary()["total_requests"] == 21)
    assert not any(stored(young, old))
    assert young.reader.summary(Filters(until=time.time() - 7200))["total_requests"] == 0
    with Database(url).reading().connect() as connection:
        left = connection.execute(select(func.count(calls.c.decision_id.distinct()))).scalar()
    assert left == 21


def test_a_newer_version_is_refused_and_nothing_is_changed(url: str, make_store: MakeStore) -> None:
    database = Database(url)
    with database.writing().begin() as connection:
        connection.execute(version_table(url).update().values(version_num="9999"))
    database.close()
    store, traffic = make_store(url), Traffic()
    traffic.into(store.add_decision)
    traffic.run(3)
    with pytest.raises(StoreError, match=r"of version 9999, newer than this package.*Upgrade litellm-router-plugin"):
        store.flush()
    assert store.counts().dropped == 3
    assert store.add_decision(DecisionRecord("x", "smart", "cheap", "rule")) is False
    with pytest.raises(StoreError, match="newer than this package"):
        store.reader.summary()


def test_a_damaged_file_is_refused(tmp_path: Path, make_store: MakeStore) -> None:
    path = tmp_path / "decisions.sqlite"
    path.write_bytes(b"no database at all " * 500)
    store, traffic = make_store(str(path)), Traffic()
    traffic.into(store.add_decision)
    traffic.run(3)
    with pytest.raises(StoreError, match=r"decisions.sqlite: the file is not an SQLite database. Move it away"):
        store.flush()
    assert path.read_bytes() == b"no database at all " * 500


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    with pytest.raises(StoreError, match=r"holds tables of something else \(recipes\)"):
        Store(str(path)).prepare()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(str(folder / "decisions.sqlite")).prepare()


def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"the file is missing or cannot be opened. Check that"):
        Store(str(tmp_path / "file" / "decisions.sqlite")).prepare()


def test_what_cannot_be_written_to_is_no_passing_trouble(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite"
    Store(str(path)).prepare()
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError) as refused:
        connection.execute("DELETE FROM decisions")
    connection.close()
    found = lasting(refused.value)
    assert found is not None
    assert found[0] == "the file is read-only"


@pytest.mark.postgresql
def test_a_read_only_server_is_refused(postgresql_url: str, make_store: MakeStore) -> None:
    with admin(postgresql_url) as connection:
        connection.execute(f"ALTER DATABASE {postgresql_url.rpartition('/')[2]} SET default_transaction_read_only = on")
    store, traffic = make_store(postgresql_url), Traffic()
    traffic.into(store.add_decision)
    traffic.run(1)
    with pytest.raises(StoreError, match="the database is read-only"):
        store.flush()


def test_reading_what_was_never_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the file is missing"):
        Store(str(tmp_path / "absent.sqlite")).reader.summary()
    assert not (tmp_path / "absent.sqlite").exists()


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_only_its_owner_may_read_the_file(sqlite_url: str) -> None:
    Store(sqlite_url).prepare()
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_forked_worker_has_a_writer_of_its_own(sqlite_url: str, make_store: MakeStore) -> None:
    store, traffic = make_store(sqlite_url, interval_s=5.0), Traffic()  # so that the thread rests while forking
    traffic.into(store.add_decision)
    traffic.run(5)
    store.flush()
    time.sleep(0.1)
    child = os.fork()
    if child == 0:
        traffic.random.seed(99)
        traffic.run(7)
        store.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    traffic.run(3)
    store.flush()
    assert store.reader.summary()["total_requests"] == 15


def test_a_store_that_is_not_used_starts_no_thread_and_makes_no_file(tmp_path: Path) -> None:
    before = threading.active_count()
    store = Store(str(tmp_path / "decisions.sqlite"))
    store.flush()
    store.close()
    assert threading.active_count() == before
    assert list(tmp_path.iterdir()) == []
