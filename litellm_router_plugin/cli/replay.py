"""``replay``: recorded traffic through the policies of a config."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import orjson
import typer

from litellm_router_plugin.cli.data_commands import FOUND_PROBLEMS, exit_after, tell_bad_lines, told_errors, work_shown
from litellm_router_plugin.cli.doctor import COST_MAP

if TYPE_CHECKING:
    from litellm_router_plugin.evaluation.jsonl import BadLines
    from litellm_router_plugin.evaluation.spend_rows import RecordedRequest
    from litellm_router_plugin.evaluation.traffic_replay import Replayed

HOW_TO_KEEP = (
    "The log holds no prompts. LiteLLM keeps them with general_settings: {store_prompts_in_spend_logs: true};"
    " replay traffic from after that"
)
Item = TypeVar("Item")
Watch = Callable[[Iterable[Item]], Iterable[Item]]


def replay(
    *,
    data: Annotated[
        Path,
        typer.Option("--data", exists=True, dir_okay=False, help="Rows of LiteLLM's spend log: JSONL, may be gzipped."),
    ],
    config: Annotated[
        Path | None, typer.Option("--config", exists=True, dir_okay=False, help="A proxy config. Default: the bundled.")
    ] = None,
    router: Annotated[str | None, typer.Option("--router", help="Which tier router, where there are several.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="JSONL: what would have become of each request.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad line.")] = False,
) -> None:
    """Replay recorded traffic through a tier router: where it would have gone, and what that would have cost.

    No model is called. Costs of answers that were not produced are estimates: the recorded tokens at that tier's
    price. What the answers would have been worth is not in a spend log: see evaluate.
    Exit code: 0 done; 1 lines were skipped, or nothing could be replayed; 2 wrong use.

    Example: tier-router replay --data spend.jsonl --config proxy_config.yaml --output replayed.jsonl
    """
    from litellm_router_plugin.cli.serve import bundled_config  # noqa: PLC0415  as below
    from litellm_router_plugin.evaluation.jsonl import BadLines  # noqa: PLC0415  numpy, only if used

    bad = BadLines(str(data), strict)
    with told_errors():
        requests = _read(data, bad)
        replayed, left_out, tiers = _replayed(requests, config or bundled_config(), router)
        if output is not None:
            _write(output, replayed)
    tell_bad_lines(bad.found)
    if not replayed:
        typer.echo(_nothing(left_out), err=True)
        raise typer.Exit(FOUND_PROBLEMS)
    _tell(replayed, tiers, left_out, as_json=as_json)
    exit_after(bad.found)


def _read(data: Path, bad: BadLines) -> list[RecordedRequest]:
    from litellm_router_plugin.evaluation.jsonl import parse_objects  # noqa: PLC0415  numpy, only if used
    from litellm_router_plugin.evaluation.spend_rows import grouped, read_spend_row  # noqa: PLC0415  same

    with work_shown() as (tell, watch):
        tell("reading")
        return grouped(row for _, row in watch(parse_objects(data, bad, read_spend_row)))


def _replayed(
    requests: Sequence[RecordedRequest], config: Path, router: str | None
) -> tuple[list[Replayed], Mapping[str, int], Sequence[str]]:
    os.environ.setdefault(COST_MAP, "True")  # must be set before litellm is imported
    from litellm_router_plugin.evaluation.traffic_replay import TrafficReplay  # noqa: PLC0415  only if used
    from litellm_router_plugin.host.dry_run import router_named  # noqa: PLC0415  LiteLLM: seconds
    from litellm_router_plugin.host.proxy_file import load  # noqa: PLC0415  same
    from litellm_router_plugin.host.recorded_setup import recorded_setup  # noqa: PLC0415  same

    written = load(config)
    with recorded_setup(written, router_named(written, router)) as setup, work_shown() as (tell, watch):
        tell("replaying")
        replay = TrafficReplay(setup)
        return replay.run(watch(requests)), replay.left_out, setup.ladder.names


def _write(output: Path, replayed: Iterable[Replayed]) -> None:
    from litellm_router_plugin.evaluation.jsonl import written_lines  # noqa: PLC0415  only if used

    with written_lines(output) as write:
        for one in replayed:
            write(one.as_line())


def _nothing(left_out: Mapping[str, int]) -> str:
    from litellm_router_plugin.evaluation.traffic_replay import NO_PROMPT  # noqa: PLC0415  only if used

    reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "the file has no rows"
    hint = f". {HOW_TO_KEEP}" if left_out.get(NO_PROMPT) else ""
    return f"tier-router replay: nothing could be replayed: {reasons}{hint}"


def _tell(replayed: Sequence[Replayed], tiers: Sequence[str], left_out: Mapping[str, int], *, as_json: bool) -> None:
    from litellm_router_plugin.cli.replay_tables import tables_of  # noqa: PLC0415  numpy, only if used
    from litellm_router_plugin.cli.table_console import print_tables  # noqa: PLC0415  same
    from litellm_router_plugin.evaluation.serialise import as_json_value  # noqa: PLC0415  same
    from litellm_router_plugin.evaluation.traffic_figures import figures_of  # noqa: PLC0415  same

    figures = figures_of(replayed, tiers)
    if as_json:
        value: Any = as_json_value(figures)
        typer.echo(orjson.dumps({**value, "left_out": dict(left_out)}).decode())
        return
    print_tables(tables_of(figures, left_out))
