"""The dashboard and its API on a small server of its own, with keys that a test makes up."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import uvicorn
from dashboard_traffic import MODELS, PRICES, Story
from fastapi import FastAPI, HTTPException, Request
from proxy_process import free_port

from litellm_router_plugin.core.experiment_runs import RunDefinition
from litellm_router_plugin.core.experiments import Experiment
from litellm_router_plugin.web.api import build_api
from litellm_router_plugin.web.ladder import RouterLadder, TierFacts
from litellm_router_plugin.web.memory_reading import MemoryReader
from litellm_router_plugin.web.page import pages
from litellm_router_plugin.web.reading import DecisionReader, Yardstick
from litellm_router_plugin.web.session import Caller, Services, Session, enter

ADMIN, VIEWER, ONE, TWO, NOBODY = "sk-admin", "sk-viewer", "sk-one", "sk-two", "sk-nobody"
CALLERS: Mapping[str, Caller] = {
    ADMIN: Caller("key-admin", sees_all=True, rates_all=True),
    VIEWER: Caller("key-viewer", sees_all=True),
    ONE: Caller("key-1", team="team-1"),
    TWO: Caller("key-2", team="team-0"),
    NOBODY: Caller(""),
}
START_TIMEOUT_S = 10.0


@dataclass
class Resets:
    """Remembers which conversations were reset."""

    made: list[tuple[str, str, str]] = field(default_factory=list)

    async def __call__(self, conversation: str, *, key: str, end_user: str) -> None:
        self.made.append((conversation, key, end_user))


def ladder(router: str = "smart", team: str = "", experiments: Sequence[Experiment] = ()) -> RouterLadder:
    """The ladder of the story."""
    windows = {"cheap": 128_000, "standard": 128_000, "premium": 200_000}
    tiers = tuple(
        TierFacts(
            name,
            model_group=MODELS[name],
            models=(f"provider/{MODELS[name]}",),
            price=price,
            context_tokens=windows[name],
            capabilities={"tools": True, "images": True, "files": name == "premium"},
        )
        for name, price in PRICES.items()
    )
    running = tuple(RunDefinition.of(router, experiment) for experiment in experiments)
    return RouterLadder(router, tiers, default_tier="cheap", baseline="premium", team=team, experiments=running)


def services_of(
    story: Story,
    reader: DecisionReader | None = None,
    ladders: tuple[RouterLadder, ...] = (),
    resets: Resets | None = None,
) -> Services:
    """What answers the API, over a story."""
    known = ladders or (ladder(story.router, experiments=story.experiments),)
    yardstick = Yardstick("premium", tuple(PRICES))
    return Services(
        reader=reader or MemoryReader(story.ledger, story.desk.book),
        feedback=story.desk,
        ladders=lambda: known,
        yardstick=lambda _: yardstick,
        beside=lambda _: {"faults": {}},
        reset=resets or Resets(),
    )


def app_of(services: Services) -> FastAPI:
    """The page and the API, with a key check that knows the keys above."""

    async def sign_in(request: Request) -> None:
        caller = CALLERS.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if caller is None:
            raise HTTPException(401, "unknown key")
        enter(request, Session(caller, services))

    app = FastAPI()
    app.include_router(pages)
    app.include_router(build_api(sign_in))
    return app


class Served:
    """An app on a port of loopback, in a thread; a context manager."""

    def __init__(self, app: FastAPI) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/tier-router/"
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        until = time.monotonic() + START_TIMEOUT_S
        while not self._server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(START_TIMEOUT_S)
