"""One variant of `litellm.Router`, in a process of its own: makes calls as it is told and answers with their times.

Started by ``benchmarks/host_overhead.py``. A line of standard input is a job and a count, such as ``calls 10``.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import inspect
import json
import sys
import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import litellm
from litellm.integrations.custom_logger import CustomLogger
from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER
from litellm.utils import custom_llm_setup

MARK = "router-worker"
"""Begins the lines that are answers; the host prints others."""
PLUGGED = ("beside", "rules", "learned")
"""Variants with the plugin attached."""
WARM_UP_CALLS = 30
PROMPT = "Summarise in three sentences why the harbour froze so early that year, and what it meant for the boats. " * 5
MODELS = {"cheap": "gpt-4o-mini", "standard": "gpt-4.1", "premium": "gpt-4o"}
"""Model group -> a model that LiteLLM has a price for, as it has for most that people use."""
STRATEGY = "pick, in all"
PARTS = {
    "open the books": "host.wraps._begin",
    "decide, in all": "host.wraps.decide",
    "· read the request": "host.deciding.read_view",
    "· ask the classifier": "host.deciding.classified",
    "· apply the precedence": "host.deciding.choose_tier",
    "enter the decision": "host.routing.TierRouting.note_decision",
    "is the cascade on": "host.driver.plan_request",
    STRATEGY: "host.strategy.TierRoutingStrategy.async_get_available_deployment",
    "· name the tier to the host": "host.strategy.enter_tier",
    "· record the decision for the host": "host.strategy.stamp",
    "headers, hidden facts, close the books": "host.driver.tell",
    "after the answer: enter the logged call": "host.callback.enter_success",
}
"""What is told of a part -> where it stands in the package."""

Times = list[tuple[float, float, float]]
"""Wall microseconds, processor microseconds, and processor microseconds of the logging after it, for each call."""


class Model(litellm.CustomLLM):  # type: ignore[misc]  # the host ships no types
    """Answers at once, in this process."""

    async def acompletion(  # noqa: D102  the host's own contract
        self,
        model: str,
        model_response: Any,  # noqa: ANN401  the host's answer
        **rest: object,
    ) -> Any:  # noqa: ANN401  same
        del rest
        model_response.choices[0].message.content, model_response.model = "It froze.", model
        model_response.usage = litellm.Usage(prompt_tokens=100, completion_tokens=50, total_tokens=150)
        return model_response


def deployments(base_url: str | None) -> list[dict[str, Any]]:
    """The three groups: behind an address, or answered in the process."""
    found = []
    for group, model in MODELS.items():
        params: dict[str, object] = {"model": f"openai/{model}", "api_key": "none", "api_base": base_url}
        if not base_url:
            params = {"model": f"bench/{group}", "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06}
        found.append({"model_name": group, "litellm_params": params})
    return found


def prepared(variant: str, base_url: str | None) -> tuple[Any, str]:
    """The router of a variant, and the model that its calls name."""
    litellm.custom_provider_map = [{"provider": "bench", "custom_handler": Model()}]
    custom_llm_setup()
    if variant in PLUGGED:  # elsewhere nothing of the plugin may be loaded
        importlib.import_module("litellm_router_plugin.host.marker").register()
    router = litellm.Router(model_list=deployments(base_url), num_retries=0)
    if variant == "callback":
        litellm.callbacks.append(CustomLogger())
    if variant in PLUGGED:
        kind = "rules" if variant == "beside" else variant
        tiers = [{"name": name, "model_group": name} for name in MODELS]
        settings = {"tiers": tiers, "default_tier": "cheap", "classifier": {"type": kind}}
        settings["savings_baseline"] = MODELS["premium"]  # one that LiteLLM can price in both set-ups
        importlib.import_module("litellm_router_plugin").attach(router, {"smart": settings})
    return router, "smart" if variant in ("rules", "learned") else "cheap"


async def timed_calls(router: Any, model: str, count: int) -> Times:  # noqa: ANN401  the host's router
    """Whole calls; what the host logs after an answer is waited for, so that it does not count in the next call."""
    times = []
    for _ in range(count):
        messages = [{"role": "user", "content": PROMPT}]
        wall, cpu = time.perf_counter(), time.thread_time()
        await router.acompletion(model=model, messages=messages)
        answered, cpu_answered = time.perf_counter(), time.thread_time()
        await asyncio.sleep(0)
        await GLOBAL_LOGGING_WORKER.flush()
        logged = time.thread_time()
        times.append(((answered - wall) * 1e6, (cpu_answered - cpu) * 1e6, (logged - cpu_answered) * 1e6))
    return times


async def timed_picks(router: Any, model: str, count: int) -> Times:  # noqa: ANN401  the host's router
    """The pick alone, without a decision: of a tier router, for a request that was decided before."""
    if model == "smart":
        scope = importlib.import_module("litellm_router_plugin.host.scope").SCOPE
        routing = importlib.import_module("litellm_router_plugin.host.attach").routing_of(router)
        scope.set(await asyncio.to_thread(routing.dry_scope, "smart", [{"role": "user", "content": PROMPT}], {}))
    times = []
    for _ in range(count):
        messages = [{"role": "user", "content": PROMPT}]
        wall, cpu = time.perf_counter(), time.thread_time()
        await router.async_get_available_deployment(model=model, messages=messages, request_kwargs={"metadata": {}})
        times.append(((time.perf_counter() - wall) * 1e6, (time.thread_time() - cpu) * 1e6, 0.0))
    return times


async def timed_parts(router: Any, model: str, count: int) -> dict[str, list[float]]:  # noqa: ANN401  the host's router
    """Processor microseconds of each part in each call; the clock itself adds about a microsecond a part."""
    spent: dict[str, list[float]] = {part: [] for part in PARTS}
    undo = [instrument(where, spent[part]) for part, where in PARTS.items()]
    bound = router.async_get_available_deployment
    strategy = type(bound.__self__)
    router.async_get_available_deployment = strategy.async_get_available_deployment.__get__(bound.__self__)
    await timed_calls(router, model, count)
    router.async_get_available_deployment = bound
    for put_back in undo:
        put_back()
    return spent


def instrument(where: str, spent: list[float]) -> Callable[[], None]:
    """Time a function, or a coroutine function, of the package; returns what takes the clock off again."""
    path, _, name = f"litellm_router_plugin.{where}".rpartition(".")
    owner: Any
    try:
        owner = importlib.import_module(path)
    except ModuleNotFoundError:  # a method of a class
        module, _, cls = path.rpartition(".")
        owner = getattr(importlib.import_module(module), cls)
    original = getattr(owner, name)

    @wraps(original)
    def plain(*args: object, **kwargs: object) -> object:
        start = time.thread_time()
        try:
            return original(*args, **kwargs)
        finally:
            spent.append((time.thread_time() - start) * 1e6)

    @wraps(original)
    async def awaited(*args: object, **kwargs: object) -> object:
        start = time.thread_time()
        try:
            return await original(*args, **kwargs)
        finally:
            spent.append((time.thread_time() - start) * 1e6)

    setattr(owner, name, awaited if inspect.iscoroutinefunction(original) else plain)
    return lambda: setattr(owner, name, original)


JOBS: dict[str, Callable[[Any, str, int], Awaitable[object]]] = {
    "calls": timed_calls,
    "picks": timed_picks,
    "parts": timed_parts,
}


async def work(variant: str, base_url: str | None) -> None:
    """Make ready, then do the jobs that standard input names."""
    router, model = prepared(variant, base_url)
    await timed_calls(router, model, WARM_UP_CALLS)
    say("ready")
    for line in sys.stdin:
        job, count = line.split()
        say(await JOBS[job](router, model, int(count)))


def say(answer: object) -> None:
    """Write an answer."""
    sys.stdout.write(f"{MARK} {json.dumps(answer)}\n")
    sys.stdout.flush()


def main() -> None:
    """Run as a process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant")
    parser.add_argument("--base-url")
    args = parser.parse_args()
    asyncio.run(work(args.variant, args.base_url))


if __name__ == "__main__":
    main()
