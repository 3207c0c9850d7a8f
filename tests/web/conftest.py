"""The API over a story of made-up traffic, without a proxy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chromium import FLAGS, INSTALL, program
from dashboard_server import ADMIN, Resets, app_of, services_of
from dashboard_traffic import Story
from fastapi.testclient import TestClient
from services import need

from litellm_router_plugin.store.store import Store
from litellm_router_plugin.web.memory_reading import MemoryReader
from litellm_router_plugin.web.store_reading import StoredReader

Ask = Callable[..., TestClient]
AGES_DAYS = 36_500.0


@pytest.fixture(scope="session")
def story() -> Story:
    """A month of requests, shared: tests read it, and rate answers of their own."""
    told = Story()
    told.run(400)
    return told


@pytest.fixture
def resets() -> Resets:
    return Resets()


@pytest.fixture
def client(story: Story, resets: Resets) -> Iterator[Ask]:
    """A client with a key, by default the admin's."""
    app = app_of(services_of(story, resets=resets))
    made: list[TestClient] = []

    def with_key(key: str = ADMIN) -> TestClient:
        made.append(TestClient(app, headers={"authorization": f"Bearer {key}"}, base_url="http://proxy"))
        return made[-1]

    yield with_key
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def stored(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredReader]:
    """A reader of a database that holds the story, and knows nothing from memory."""
    pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed (extra: store)")
    path = tmp_path_factory.mktemp("web") / "decisions.sqlite"
    store = Store(f"sqlite:///{path}", interval_s=0.01, retention_days=AGES_DAYS)
    for decision_id in story.ids:
        record = story.ledger.decision(decision_id)
        assert record is not None
        store.add_decision(record)
    store.flush()
    yield StoredReader(store, MemoryReader(Story().ledger, story.desk.book), lambda _router, _key: 0)
    store.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, where it is installed."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (pip install playwright)"
    )
    need("Chromium", available=program() is not None, how=INSTALL)
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program(), args=FLAGS)
        yield started
        started.close()
