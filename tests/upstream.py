"""A model provider for tests: speaks OpenAI's and Anthropic's protocols on loopback and says what it is told to.

Run it by itself with ``python tests/upstream.py --port 9900``, or in a test through `Upstream`.

Besides the provider's endpoints (``/v1/chat/completions``, ``/v1/completions``, ``/v1/responses``, ``/v1/messages``,
``/v1/embeddings``, ``/v1/models``) there are ``POST /_script`` (a `Script`), ``GET /_calls`` and ``POST /_reset``.
A model without a script echoes the last user message; usage is 100 + 50 tokens unless the script says otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Self

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from upstream_chat import chat_answer, chat_events, embeddings_answer, text_answer, text_events
from upstream_messages import messages_answer, messages_events
from upstream_replies import Ask, Json, Reply, Script, last_user_text
from upstream_responses import responses_answer, responses_events

ANY_MODEL = "*"
DISCONNECT_POLL_S = 0.02
START_TIMEOUT_S = 10.0
CLIENT_CLOSED = 499


@dataclass
class Call:
    """One request that reached the upstream.

    Attributes:
        serial: Counts all calls from 1; the order of their arrival.
        endpoint: ``chat``, ``text``, ``responses``, ``messages`` or ``embeddings``.
        messages: What the client sent as messages, input or prompt.
        status: The HTTP status served; 499 when the client left before the first byte.
        finished: The answer was sent to its end.
        closed_early: The client left before the end.
    """

    serial: int
    model: str
    endpoint: str
    stream: bool
    messages: object
    body: Json
    headers: dict[str, str]
    status: int = 0
    finished: bool = False
    closed_early: bool = False


@dataclass(frozen=True)
class Form:
    """A wire form: how an endpoint answers, plain and streamed."""

    endpoint: str
    answer: Callable[[Ask, Reply], Json]
    events: Callable[[Ask, Reply], Iterator[str]] | None
    content_key: str = "messages"


CHAT = Form("chat", chat_answer, chat_events)
TEXT = Form("text", text_answer, text_events, "prompt")
RESPONSES = Form("responses", responses_answer, responses_events, "input")
MESSAGES = Form("messages", messages_answer, messages_events)
EMBEDDINGS = Form("embeddings", embeddings_answer, None, "input")


class Dropped(Exception):
    """Breaks the connection in the middle of an answer, as a script wants it."""


@dataclass
class State:
    """Scripts, calls and stored responses of one upstream."""

    scripts: dict[str, list[Reply]] = field(default_factory=dict)
    repeats: dict[str, bool] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    responses: dict[str, Json] = field(default_factory=dict)
    serials: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, script: Script) -> None:
        """Replace the script of one model."""
        self.scripts[script.model] = list(script.replies)
        self.repeats[script.model] = script.repeat_last

    def reply_for(self, model: str) -> Reply:
        """The next scripted reply for a model; an echo when there is none (left)."""
        owner = model if model in self.scripts else ANY_MODEL
        left = self.scripts.get(owner) or []
        if not left:
            return Reply()
        return left[0] if len(left) == 1 and self.repeats[owner] else left.pop(0)

    def reset(self) -> None:
        """Forget scripts and calls; serials go on, so that ids stay unique."""
        self.scripts.clear()
        self.repeats.clear()
        self.calls.clear()
        self.responses.clear()


def _error_body(form: Form, ask: Ask, reply: Reply) -> Json:
    message = reply.text or f"scripted failure {reply.status} of {ask.model}"
    error: Json = {"type": "scripted_error", "message": message, **reply.error}
    if form is MESSAGES:
        return {"type": "error", "error": error}
    return {"error": {"code": reply.status, "param": None, **error}}


async def _left_while_waiting(request: Request, seconds: float) -> bool:
    """Wait; True as soon as the client has left."""
    until = time.monotonic() + seconds
    while (rest := until - time.monotonic()) > 0:
        await asyncio.sleep(min(rest, DISCONNECT_POLL_S))
        if await request.is_disconnected():
            return True
    return False


async def _streamed(events: Iterator[str], reply: Reply, call: Call) -> AsyncIterator[str]:
    try:
        for sent, event in enumerate(events):
            if reply.drop_after_chunks is not None and sent >= reply.drop_after_chunks:
                call.finished = True
                raise Dropped
            await asyncio.sleep(reply.chunk_delay_s)
            yield event
        call.finished = True
    finally:
        call.closed_early = not call.finished


async def _half(body: Json, call: Call) -> AsyncIterator[bytes]:
    whole = json.dumps(body).encode()
    yield whole[: len(whole) // 2]
    call.finished = True
    raise Dropped


async def _serve(request: Request, form: Form, state: State) -> Response:
    body = await request.json()
    model, said = str(body.get("model", "")), body.get(form.content_key)
    stream = bool(body.get("stream"))
    serial = next(state.serials)
    ask = Ask(serial, model, stream, last_user_text(said), body)
    call = Call(serial, model, form.endpoint, stream, said, body, dict(request.headers))
    state.calls.append(call)
    reply = state.reply_for(model)
    if await _left_while_waiting(request, reply.delay_s):
        call.status, call.closed_early = CLIENT_CLOSED, True
        return Response(status_code=CLIENT_CLOSED)
    call.status = reply.status
    return _response(form, ask, reply, call, state)


def _response(form: Form, ask: Ask, reply: Reply, call: Call, state: State) -> Response:
    headers = {"x-request-id": f"req_{ask.serial}", **reply.headers}
    if reply.status != httpx.codes.OK:
        call.finished = True
        return JSONResponse(_error_body(form, ask, reply), reply.status, headers)
    if ask.stream and form.events is not None:
        events = _streamed(form.events(ask, reply), reply, call)
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)
    answer = form.answer(ask, reply)
    if form is RESPONSES:
        state.responses[str(answer["id"])] = answer
    if reply.drop_after_chunks is not None:
        headers["content-type"] = "application/json"
        return StreamingResponse(_half(answer, call), headers=headers)
    call.finished = True
    return JSONResponse(answer, headers=headers)


def _add_provider_routes(app: FastAPI, state: State) -> None:
    def add(path: str, form: Form) -> None:
        async def endpoint(request: Request) -> Response:
            return await _serve(request, form, state)

        for prefix in ("/v1", ""):
            app.add_api_route(prefix + path, endpoint, methods=["POST"], name=form.endpoint)

    add("/chat/completions", CHAT)
    add("/completions", TEXT)
    add("/responses", RESPONSES)
    add("/messages", MESSAGES)
    add("/embeddings", EMBEDDINGS)

    @app.get("/v1/responses/{response_id}")
    async def stored(response_id: str) -> Response:
        found = state.responses.get(response_id)
        return JSONResponse(found or {"error": {"message": "no such response"}}, 200 if found else 404)

    @app.get("/v1/models")
    async def models() -> Json:
        names = sorted({*state.scripts} - {ANY_MODEL})
        return {"object": "list", "data": [{"id": name, "object": "model", "owned_by": "upstream"} for name in names]}


def build_app() -> FastAPI:
    """An upstream with its own state."""
    app, state = FastAPI(), State()
    _add_provider_routes(app, state)

    @app.post("/_script")
    async def script(given: Script) -> Json:
        state.add(given)
        return {"ok": True}

    @app.get("/_calls")
    async def calls() -> list[Json]:
        return [asdict(call) for call in state.calls]

    @app.post("/_reset")
    async def reset() -> Json:
        state.reset()
        return {"ok": True}

    return app


class Upstream:
    """An upstream in a thread of this process, on a free port of loopback; start it, or use it in ``with``."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(build_app(), log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._client = httpx.Client(base_url=self.root_url, timeout=START_TIMEOUT_S, trust_env=False)

    @property
    def root_url(self) -> str:
        """The address without ``/v1``; what LiteLLM wants as ``api_base`` of ``anthropic/`` models."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def base_url(self) -> str:
        """The address with ``/v1``; what LiteLLM wants as ``api_base`` of ``openai/`` models."""
        return self.root_url + "/v1"

    def start(self) -> Self:
        """Serve; returns when the first request would be answered."""
        self._thread.start()
        until = time.monotonic() + START_TIMEOUT_S
        while not self._server.started:
            if time.monotonic() > until:
                raise TimeoutError("the test upstream did not start")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """End the thread; open streams are cut."""
        self._client.close()
        self._server.should_exit = True
        self._thread.join(START_TIMEOUT_S)
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def script(self, model: str, *replies: Json, repeat_last: bool = True) -> None:
        """What a model says from now on: `Reply` fields as dicts; ``*`` is every model without its own script."""
        wanted = {"model": model, "replies": replies, "repeat_last": repeat_last}
        self._client.post("/_script", json=wanted).raise_for_status()

    def calls(self, model: str | None = None) -> list[Call]:
        """The calls served since the last reset, in order of arrival."""
        found = self._client.get("/_calls").raise_for_status().json()
        return [Call(**call) for call in found if model is None or call["model"] == model]

    def reset(self) -> None:
        """Forget all scripts and calls."""
        self._client.post("/_reset").raise_for_status()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9900)
    uvicorn.run(build_app(), host="127.0.0.1", port=parser.parse_args().port, log_level="warning")


if __name__ == "__main__":
    main()
