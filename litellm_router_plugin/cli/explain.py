"""``explain``: why a prompt or a past request got its tier."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from litellm_router_plugin.cli.doctor import COST_MAP
from litellm_router_plugin.cli.serve import MASTER_KEY, bundled_config

if TYPE_CHECKING:
    from litellm_router_plugin.cli.explanation import Explanation

FOUND_PROBLEMS: Final = 1
WRONG_USE: Final = 2
TIMEOUT_S: Final = 10.0
HTTP_OK: Final = 200


def explain(
    *,
    decision_id: Annotated[
        str | None, typer.Argument(help="The x-tier-router-decision-id of an answer; asks the running proxy.")
    ] = None,
    prompt: Annotated[str | None, typer.Option("--prompt", help="Decide on this text instead.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="A proxy config, for --prompt. Default: the bundled one.")
    ] = None,
    router: Annotated[str | None, typer.Option("--router", help="Which tier router, where there are several.")] = None,
    url: Annotated[str, typer.Option("--url", help="The proxy, for a decision id.")] = "http://127.0.0.1:4000",
    key: Annotated[str, typer.Option("--key", envvar=MASTER_KEY, help="A key of that proxy.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell why this tier, and why not the next cheaper one. No tier is called.

    Example: tier-router explain --prompt "Prove that the square root of 2 is irrational"
    """
    if (decision_id is None) == (prompt is None):
        _leave("give a decision id or --prompt, one of them")
    if prompt is not None:
        told = _of_prompt(prompt, config or bundled_config(), router)
        _print_prompt(told, as_json=as_json)
    elif decision_id is not None:
        view = _of_decision(decision_id, url, key)
        typer.echo(json.dumps(view) if as_json else decision_in_words(view))


def _leave(message: str, code: int = WRONG_USE) -> None:
    typer.echo(f"tier-router explain: {message}", err=True)
    raise typer.Exit(code)


def _of_prompt(prompt: str, config: Path, router: str | None) -> Explanation:
    os.environ.setdefault(COST_MAP, "True")  # must be set before litellm is imported
    from litellm_router_plugin.cli.explanation import Decided, explain_decision  # noqa: PLC0415  light, but unused else
    from litellm_router_plugin.host.dry_run import dry_run, router_named  # noqa: PLC0415  imports litellm: seconds
    from litellm_router_plugin.host.proxy_file import load  # noqa: PLC0415  same

    loaded = load(config)
    name = router_named(loaded, router)
    scope = dry_run(loaded, name, prompt)
    policy = scope.tier_router.policy
    decided = Decided(
        router=name,
        ladder=policy.ladder,
        default_tier=policy.config.default,
        rung=scope.choice.rung,
        cause=scope.choice.cause,
        forecast=scope.forecast,
        lacks=scope.inputs.lacks,
    )
    return explain_decision(decided)


def _print_prompt(told: Explanation, *, as_json: bool) -> None:
    from litellm_router_plugin.cli.explanation import in_words  # noqa: PLC0415  as above

    typer.echo(json.dumps(asdict(told)) if as_json else in_words(told))


def _of_decision(decision_id: str, url: str, key: str) -> Mapping[str, object]:
    import httpx  # noqa: PLC0415  slow to import, and only this way of asking needs it

    headers = {"authorization": f"Bearer {key}"}
    try:
        answer = httpx.get(f"{url.rstrip('/')}/tier-router/decisions/{decision_id}", headers=headers, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        _leave(f"--url: {url} does not answer ({error})", FOUND_PROBLEMS)
        raise
    if answer.status_code != HTTP_OK:
        _leave(f"{url} answers {answer.status_code}: {answer.text[:300]}", FOUND_PROBLEMS)
    view: Mapping[str, object] = answer.json()
    return view


def decision_in_words(view: Mapping[str, object]) -> str:
    """A decision as the proxy tells it, in lines for a terminal."""
    signals = view.get("signals")
    fired = ", ".join(map(str, signals)) if isinstance(signals, list) else ""
    lines = [
        f"{view.get('router')}: {view.get('tier')} (cause {view.get('cause')})",
        f"  fired: {fired or 'nothing'}",
        f"  escalated: {'yes' if view.get('escalated') else 'no'}",
        f"  cost: {view.get('cost_usd')} USD ({view.get('cost_state')}), savings: {view.get('savings_usd')} USD",
    ]
    success = view.get("p_success")
    if isinstance(success, Mapping) and success:
        lines.append("  P(success): " + ", ".join(f"{tier} {share:.2f}" for tier, share in success.items()))
    attempts = view.get("attempts")
    for attempt in attempts if isinstance(attempts, list) else ():
        failed = f", failed: {', '.join(attempt['failed_checks'])}" if attempt.get("failed_checks") else ""
        verdict = attempt.get("verdict") or "unchecked"
        lines.append(f"  attempt: {attempt.get('tier')} by {attempt.get('model')}, {verdict}{failed}")
    return "\n".join(lines)
