"""Runs the cascade on the real proxy over recorded answers of real models, and says where it pays and where not.

    python benchmarks/replay/cascade_end_to_end.py [--quick] [--few] [--write docs/cascade.md] [--replay PATH]

Needs the recorded answers (``TIER_ROUTER_DATA``, default ``../shared/data``) and the replay upstream beside them
(``tools/replay_upstream.py``). Every request goes through the LiteLLM proxy over HTTP, eight at a time. The judge is
simulated: it is right about an answer with the stated probability, and has the price of a small model. Quality is the
recorded score of the answer that was served; each answer's text is compared with the recorded one. Costs are added up
in three books (response headers, LiteLLM's spend rows, the plugin's summary), which must agree to 1e-9 USD.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.replay.figures import Figures, always, figures, table
from benchmarks.replay.losing import LOSING_LADDER, LOSING_PRICE, losing_policies, losing_tables
from benchmarks.replay.marks import write_between_marks
from benchmarks.replay.processes import ProxyProcess, Replay, replay_script
from benchmarks.replay.recordings import Ladder, Prompt, data_folder, prices, recorded_prompts
from benchmarks.replay.setups import FIXED, TIER_NAMES, Policies, PoliciesOf, cascade, proxy_config, router_name
from benchmarks.replay.traffic import Served, check_books, guard_of, send_all

MARK, LOSING_MARK = "cascade-end-to-end", "cascade-losing"
HAIKU = "claude-3-haiku-20240307"
LADDERS = (
    Ladder("bfcl_v1", ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06", "claude-3-5-sonnet-20240620"), HAIKU),
    Ladder("zeroeval_crux", ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06", "gpt-4o-2024-05-13"), HAIKU),
    Ladder("mmlu_pro", ("gemini-1.5-flash-002", "gemini-1.5-pro-002", "gpt-4o-2024-05-13"), "llama-3.1-8b-instruct"),
)
ACCURACIES = (0.65, 0.75, 0.85, 0.95)
JUDGE_PRICE = "gpt-4o-mini-2024-07-18"
PROMPTS, QUICK_PROMPTS = 120, 20
WITH_GUARD = " with guard"
LOSING_PROMPTS, LOSING_ACCURACY = 300, 0.85


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one ladder: policy -> its requests, and policy -> its router's summary."""

    ladder: Ladder
    requests: Mapping[str, Sequence[Served]]
    summaries: Mapping[str, Mapping[str, Any]]


def policies(accuracies: Sequence[float], ladder: Ladder) -> Policies:
    """What is compared: local checks alone; judges of several accuracies, the usual one with the guard too; the learned
    check with whom it may ask where it is unsure; the learned classifier; and all of it together.
    """
    compared: dict[str, Mapping[str, object]] = {FIXED: {}, "checks only": {"cascade": cascade()}}
    usual = accuracies[-2]
    for accuracy in accuracies:
        compared[f"judge {accuracy:.2f}"] = {"cascade": cascade(judge=accuracy)}
    compared[f"judge {usual:.2f}{WITH_GUARD}"] = {"cascade": cascade(judge=usual, break_even=True)}
    unsure = partial(cascade, reads=True, ask="when_unsure")
    learned = {"classifier": {"type": "learned"}}
    everything = unsure(second=ladder.second, judge=usual)
    compared["second opinion where unsure"] = {"cascade": unsure(second=ladder.second)}
    compared[f"judge {usual:.2f} where unsure"] = {"cascade": unsure(judge=usual)}
    compared[f"second opinion, else judge {usual:.2f}, where unsure"] = {"cascade": everything}
    compared["learned classifier, no cascade"] = learned
    compared[f"joint: learned classifier, second opinion, judge {usual:.2f}"] = {**learned, "cascade": everything}
    return compared


def few_policies(accuracies: Sequence[float], ladder: Ladder) -> Policies:
    """The fixed tiers, the usual judge, the learned classifier, and all of it together."""
    usual = accuracies[-2]
    kept = (FIXED, f"judge {usual:.2f}", f"judge {usual:.2f} where unsure")
    every = policies(accuracies, ladder).items()
    return {name: settings for name, settings in every if name in kept or name.startswith(("learned", "joint"))}


@contextlib.contextmanager
def proxy_over_replay(
    ladders: Sequence[Ladder], compared: PoliciesOf, accuracies: Sequence[float], judge_price: str, script: Path
) -> Iterator[ProxyProcess]:
    """The proxy with every router, over one replay upstream for each judge."""
    data = data_folder()
    with contextlib.ExitStack() as running:
        replays = {accuracy: running.enter_context(Replay(script, data, accuracy)) for accuracy in accuracies}
        for replay in replays.values():
            replay.wait()
        upstreams = {accuracy: replay.base_url for accuracy, replay in replays.items()}
        config = proxy_config(ladders, compared, prices(data), upstreams, judge_price)
        yield running.enter_context(ProxyProcess(config, rows=True))


async def run_ladder(proxy: ProxyProcess, ladder: Ladder, prompts: Sequence[Prompt], compared: Policies) -> Run:
    """Every policy on the same prompts, then the check of the books."""
    requests: dict[str, list[Served]] = {}
    routers: dict[str, list[Served]] = {router_name(ladder.source, policy): [] for policy in compared}
    for policy in compared:
        name = router_name(ladder.source, policy)
        tiers = TIER_NAMES[: len(ladder.models)] if policy == FIXED else [None]
        for tier in tiers:
            answered = await send_all(proxy, name, ladder, prompts, tier)
            requests[policy if tier is None else always(tier)] = answered
            routers[name] += answered
    summaries = check_books(proxy, routers)
    return Run(ladder, requests, {policy: summaries[router_name(ladder.source, policy)] for policy in compared})


def notes(run: Run) -> dict[str, str]:
    """Policy without guard -> what the guard did in the same cascade with it."""
    found = {}
    for policy, summary in run.summaries.items():
        standing = guard_of(summary, router_name(run.ladder.source, policy))
        if standing and policy.endswith(WITH_GUARD):
            bypassed = sum(one.cause == "break_even" for one in run.requests[policy])
            found[policy.removesuffix(WITH_GUARD)] = f"{standing['standing']}, {bypassed} bypassed"
    return found


def shown(requests: Mapping[str, Sequence[Served]]) -> dict[str, Figures]:
    """The figures to show: of a cascade with guard only where the guard stepped in."""
    found = figures(requests)
    idle = {policy for policy, served in requests.items() if all(one.cause != "break_even" for one in served)}
    return {policy: one for policy, one in found.items() if not (policy.endswith(WITH_GUARD) and policy in idle)}


def lines_of(runs: Sequence[Run], seconds: float) -> list[str]:
    """The tables, each under a line that says what it is of."""
    lines = []
    for run in runs:
        count = len(next(iter(run.requests.values())))
        ladder = " → ".join(f"`{model}`" for model in run.ladder.models)
        second = f"second opinions by `{run.ladder.second}`"
        lines.append(f"`{run.ladder.source}`, {count} prompts: {ladder}; {second}.")
        lines += ["", *table(shown(run.requests), notes(run)), ""]
    pooled = {policy: [one for run in runs for one in run.requests[policy]] for policy in runs[0].requests}
    total = len(next(iter(pooled.values())))
    lines += [f"All {total} prompts together:", "", *table(shown(pooled), {}), ""]
    served = sum(len(found) for run in runs for found in run.requests.values())
    moved = Counter(one.tier for run in runs for found in run.requests.values() for one in found)
    tiers = ", ".join(f"{moved[tier]} by {tier}" for tier in TIER_NAMES)
    return [
        *lines,
        f"{served} requests ({tiers}) in {seconds:.0f} s; headers, rows and summaries agree on every router.",
    ]


async def compare(script: Path, accuracies: Sequence[float], most: int, *, few: bool = False) -> list[str]:
    compared = partial(few_policies if few else policies, accuracies)
    prompts = recorded_prompts(data_folder(), LADDERS, most)
    start = time.monotonic()
    with proxy_over_replay(LADDERS, compared, accuracies, JUDGE_PRICE, script) as proxy:
        runs = []
        for ladder in LADDERS:
            runs.append(await run_ladder(proxy, ladder, prompts[ladder.source], compared(ladder)))
            print("\n".join([f"{ladder.source}:", *table(shown(runs[-1].requests), notes(runs[-1])), ""]), flush=True)
    return lines_of(runs, time.monotonic() - start)


async def lose(script: Path, most: int) -> list[str]:
    """A cascade that cannot pay, with and without the guard."""
    prompts = recorded_prompts(data_folder(), [LOSING_LADDER], most, ("dev", "train"))[LOSING_LADDER.source]
    compared: Policies = {FIXED: {}, **losing_policies(LOSING_ACCURACY)}
    with proxy_over_replay([LOSING_LADDER], lambda _: compared, [LOSING_ACCURACY], LOSING_PRICE, script) as proxy:
        run = await run_ladder(proxy, LOSING_LADDER, prompts, compared)
    return losing_tables(run.requests, run.summaries)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"{3 * QUICK_PROMPTS} prompts and two judges")
    parser.add_argument("--few", action="store_true", help="only some of the policies")
    parser.add_argument("--only", choices=("compare", "lose"), help="one of the two parts")
    parser.add_argument("--replay", type=Path, help="the replay upstream; default: tools/ beside the data")
    parser.add_argument("--write", type=Path, help="a page with marks to put the tables between")
    args = parser.parse_args()
    script = replay_script(data_folder(), args.replay)
    accuracies = (ACCURACIES[0], ACCURACIES[-1]) if args.quick else ACCURACIES
    if args.only != "lose":
        lines = asyncio.run(compare(script, accuracies, QUICK_PROMPTS if args.quick else PROMPTS, few=args.few))
        tell(MARK, lines, args.write)
    if args.only != "compare":
        tell(LOSING_MARK, asyncio.run(lose(script, QUICK_PROMPTS if args.quick else LOSING_PROMPTS)), args.write)


def tell(name: str, lines: Sequence[str], page: Path | None) -> None:
    print("\n".join([*lines, ""]))
    if page:
        write_between_marks(page, name, lines)


if __name__ == "__main__":
    main()
