"""Measures what the plugin costs the LiteLLM proxy in requests a second, and what each of its hooks costs by itself.

    python benchmarks/proxy_throughput.py [--rounds 40] [--requests 24] [--write docs/performance.md]

One proxy with one worker for each variant, all running, all over the same upstream; they take turns of some requests
(chat completions, eight connections), in changing order, so that all see the same machine. The upstream answers at once
from a process of its own. A ratio is the median over the rounds of one variant's requests a second divided by the
unplugged ones of the same round. The processor time of a proxy's process is told beside it: a busy worker serves as
many requests as its processor time allows, and other work on the machine does not count in it.
Budget: at least 90 % of the unplugged requests a second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from benchmarks.replay.marks import write_between_marks
from benchmarks.replay.processes import MASTER_KEY, ProxyProcess, free_port

MARK = "proxy-throughput"
BUDGET = 0.90
CONNECTIONS = 8
WARM_UP_REQUESTS = 40
PROMPT = "Summarise in three sentences why the harbour froze so early that year, and what it meant for the boats. " * 5
MODELS = {"cheap": "gpt-4o-mini", "standard": "gpt-4.1", "premium": "gpt-4o"}
"""Model group -> a model that LiteLLM has a price for, as it has for most that people use."""
PLUGIN = "litellm_router_plugin.proxy.handler"
HOOKS_FILE = '''"""Callbacks that do nothing, each with one hook: what the host itself does for a hook."""
from litellm.integrations.custom_logger import CustomLogger

class PreCall(CustomLogger):
    async def async_pre_call_hook(self, user_api_key_dict, cache, data, call_type):
        return data

class Headers(CustomLogger):
    async def async_post_call_response_headers_hook(self, data, user_api_key_dict, response, request_headers=None,
                                                    litellm_call_info=None):
        return None

class Events(CustomLogger):
    async def async_log_success_event(self, kwargs, response_obj, start_time, end_time):
        pass

    async def async_log_failure_event(self, kwargs, response_obj, start_time, end_time):
        pass

pre_call, headers, events = PreCall(), Headers(), Events()
'''


@dataclass(frozen=True, slots=True)
class Variant:
    """A proxy to compare: what is told of it, its callbacks, the classifier of its tier router, and what is called."""

    meaning: str
    callbacks: tuple[str, ...] = ()
    classifier: str = ""
    model: str = "cheap"


UNPLUGGED = "unplugged"
VARIANTS = {
    UNPLUGGED: Variant("no callback, the model group called by name"),
    "pre_call": Variant("an empty pre-call hook", ("hooks.pre_call",)),
    "headers": Variant("an empty response-headers hook", ("hooks.headers",)),
    "events": Variant("empty success and failure events", ("hooks.events",)),
    "hooks": Variant("all three", ("hooks.pre_call", "hooks.headers", "hooks.events")),
    "beside": Variant("the plugin, another model group called by name", (PLUGIN,), "rules"),
    "rules": Variant("the plugin, tier router with the `rules` classifier", (PLUGIN,), "rules", "smart"),
    "learned": Variant("the plugin, tier router with the `learned` classifier", (PLUGIN,), "learned", "smart"),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """What some requests in a row came to."""

    requests_a_second: float
    processor_ms: float


class Contestant:
    """A running proxy of one variant."""

    def __init__(self, variant: Variant, proxy: ProxyProcess) -> None:
        self._variant = variant
        self._proxy = proxy
        self._body = {"model": variant.model, "messages": [{"role": "user", "content": PROMPT}]}

    async def take(self, requests: int) -> Turn:
        """Serve some requests, so many at a time as there are connections."""
        left = iter(range(requests))
        connector = aiohttp.TCPConnector(limit=CONNECTIONS)
        headers = {"authorization": f"Bearer {MASTER_KEY}"}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

            async def keep_asking() -> None:
                for _ in left:
                    async with session.post(f"{self._proxy.url}/v1/chat/completions", json=self._body) as response:
                        await response.read()
                        response.raise_for_status()

            start, spent = time.perf_counter(), self._processor_s()
            await asyncio.gather(*(keep_asking() for _ in range(CONNECTIONS)))
            taken = time.perf_counter() - start
        return Turn(requests / taken, 1e3 * (self._processor_s() - spent) / requests)

    def _processor_s(self) -> float:
        """Processor seconds of the proxy's process so far, all its threads."""
        process = self._proxy._process  # noqa: SLF001  its processor time is measured
        assert process is not None
        threads = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def config_of(variant: Variant, upstream: str) -> dict[str, Any]:
    """A proxy's config."""
    model_list = [
        {
            "model_name": group,
            "litellm_params": {"model": f"openai/{model}", "api_key": "none", "api_base": upstream},
        }
        for group, model in MODELS.items()
    ]
    if variant.classifier:
        tiers = [{"name": name, "model_group": name} for name in MODELS]
        settings = {"tiers": tiers, "default_tier": "cheap", "classifier": {"type": variant.classifier}}
        params = {"model": "tier_router/smart"}
        marker = {"model_name": "smart", "litellm_params": params, "model_info": {"tier_router": settings}}
        model_list.append(marker)
    return {
        "model_list": model_list,
        "router_settings": {"num_retries": 0},
        "litellm_settings": {"callbacks": list(variant.callbacks)} if variant.callbacks else {},
        "general_settings": {"master_key": MASTER_KEY},
    }


# The upstream, in a process of its own.


async def answer(request: web.Request) -> web.Response:
    """A fixed answer in the form of a chat completion."""
    body = await request.json()
    message = {"role": "assistant", "content": "It froze in October. The boats stayed in the harbour."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
    said = {"id": f"chatcmpl-{time.time_ns()}", "object": "chat.completion", "created": int(time.time())}
    return web.json_response({**said, "model": body["model"], "choices": [choice], "usage": usage})


def serve(port: int) -> None:
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


@contextlib.contextmanager
def upstream() -> Iterator[str]:
    """The address of a running upstream."""
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, "--upstream", str(port)])
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


# The comparison.


async def compare(contestants: dict[str, Contestant], rounds: int, requests: int) -> dict[str, list[Turn]]:
    """Variant -> its turns, one a round."""
    turns: dict[str, list[Turn]] = {name: [] for name in contestants}
    order = list(contestants)
    for contestant in contestants.values():
        await contestant.take(WARM_UP_REQUESTS)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            turns[name].append(await contestants[name].take(requests))
    return turns


def ratios(turns: Sequence[Turn], base: Sequence[Turn]) -> tuple[float, float]:
    """Requests a second, and processor time a request, against the unplugged ones of the same round."""
    pairs = list(zip(turns, base, strict=True))
    return (
        statistics.median(one.requests_a_second / other.requests_a_second for one, other in pairs),
        statistics.median(one.processor_ms / other.processor_ms for one, other in pairs),
    )


def table(turns: dict[str, list[Turn]]) -> list[str]:
    lines = [
        "| proxy | requests a second, median | ratio | processor time a request, ms | ratio |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, taken in turns.items():
        speed, effort = ratios(taken, turns[UNPLUGGED])
        median = statistics.median(turn.requests_a_second for turn in taken)
        processor = statistics.median(turn.processor_ms for turn in taken)
        lines.append(f"| {VARIANTS[name].meaning} | {median:.0f} | {speed:.3f} | {processor:.2f} | {effort:.3f} |")
    return lines


def measured(names: Sequence[str], rounds: int, requests: int) -> list[str]:
    with contextlib.ExitStack() as running:
        address = running.enter_context(upstream())
        contestants = {}
        for name in names:
            config = config_of(VARIANTS[name], address)
            proxy = running.enter_context(ProxyProcess(config, files={"hooks.py": HOOKS_FILE}))
            contestants[name] = Contestant(VARIANTS[name], proxy)
        turns = asyncio.run(compare(contestants, rounds, requests))
    plugged = [name for name in ("rules", "learned") if name in turns]
    kept = {name: ratios(turns[name], turns[UNPLUGGED])[0] >= BUDGET for name in plugged}
    said = ", ".join(f"`{name}` {'kept' if met else 'missed'}" for name, met in kept.items())
    return [*table(turns), "", f"Budget (ratio of at least {BUDGET}): {said}. {rounds} rounds of {requests} requests."]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--requests", type=int, default=24, help="requests of each variant in a round")
    parser.add_argument(
        "--variants", default=",".join(VARIANTS), help="comma-separated; `unplugged` must be among them"
    )
    parser.add_argument("--write", type=Path, help="put the table between the marks in this page")
    parser.add_argument("--upstream", type=int, metavar="PORT", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.upstream:
        serve(args.upstream)
        return
    lines = measured(args.variants.split(","), args.rounds, args.requests)
    print("\n".join(lines))
    if args.write:
        write_between_marks(args.write, MARK, lines)


if __name__ == "__main__":
    main()
