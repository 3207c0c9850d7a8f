"""The dashboard and its API on a small server of its own, with keys that a test makes up."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import uvicorn
from dashboard_traffic import MODELS, PRICES, Story
from fastapi import FastAPI, HTTPException, Request
from proxy_process import free_port

from litellm_router_plugin.core.experiment_runs import RunDefinition
from litellm_router_plugin.core.experiments import Experiment
from litellm_router_plugin.errors import TierRouterError
from litellm_router_plugin.ledger.outcome_pairs import collect
from litellm_router_plugin.ledger.proposals import RouterValues, proposals
from litellm_router_plugin.ledger.quality_monitor import MonitorKey, QualityMonitor, WatchSettings
from litellm_router_plugin.web.api import build_api
from litellm_router_plugin.web.ladder import RouterLadder, TierFacts
from litellm_router_plugin.web.memory_outcomes import outcomes_in_memory
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


class Refused(TierRouterError, ValueError):
    """What the story's monitoring does not do."""


class StoryMonitoring:
    """Monitors and proposals of a story; steps are noted, and change nothing."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._steps: list[dict[str, object]] = []
        self.monitor = QualityMonitor(lambda _router: WatchSettings())
        for decision_id in story.ids:
            record = story.ledger.decision(decision_id)
            if record is not None:
                self.monitor.note(record)

    def _proposals(self) -> dict[str, Any]:
        rated, judged = outcomes_in_memory(self._story.ledger, self._story.desk.book, self._story.router)
        values = RouterValues(self._story.router, judge_threshold=0.7)
        return proposals(values, collect(rated, judged, {})).view()

    def report(self, router: str | None = None) -> dict[str, object]:
        own = {"router": self._story.router, "apply": "off", **self._proposals(), "steps": list(self._steps)}
        return {**self.monitor.report(router), "routers": [own] if router in (None, self._story.router) else []}

    def apply(self, router: str, change_id: str, by: str) -> dict[str, object]:
        found = next((one for one in self._proposals()["proposals"] if one["id"] == change_id), None)
        if found is None or router != self._story.router:
            raise Refused("there is no such proposal")
        step = {**found, "id": f"step-{change_id}", "at": self._story.end, "by": by, "reason": "", "reverted_at": None}
        self._steps.append(step)
        return step

    def revert(self, router: str, step_id: str, by: str) -> dict[str, object]:
        found = next((one for one in self._steps if (one["router"], one["id"]) == (router, step_id)), None)
        if found is None:
            raise Refused(f"there is no step that {by} could revert")
        found["reverted_at"] = self._story.end
        return found

    def reset(self, key: MonitorKey) -> bool:
        return self.monitor.reset(key)


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
        monitoring=StoryMonitoring(story),
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
