"""``doctor``: everything that would go wrong with a proxy config, before it does."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from litellm_router_plugin.cli.findings import Finding
from litellm_router_plugin.cli.own_modules import let_modules_be_found

DONE, FOUND_PROBLEMS, WRONG_USE = 0, 1, 2
COST_MAP: Final = "LITELLM_LOCAL_MODEL_COST_MAP"
"""LiteLLM's switch for the price map that is installed instead of one that it would download."""


def doctor(
    config: Annotated[Path, typer.Option("--config", help="The proxy's config file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell everything that would go wrong with a proxy config: settings, tiers, prices, keys, versions.

    Nothing is called and nothing is changed. Exit code: 0 all is well, 1 something is wrong, 2 wrong use.

    Example: tier-router doctor --config proxy_config.yaml
    """
    if not config.is_file():
        typer.echo(f"--config: there is no file {config}", err=True)
        raise typer.Exit(WRONG_USE)
    findings = examine(config)
    if as_json:
        typer.echo(json.dumps({"config": str(config), "findings": [asdict(finding) for finding in findings]}))
    else:
        _print(config, findings)
    raise typer.Exit(FOUND_PROBLEMS if findings else DONE)


def examine(config: Path) -> list[Finding]:
    """The findings on a config file and on the installed LiteLLM."""
    os.environ.setdefault(COST_MAP, "True")  # must be set before litellm is imported
    from litellm_router_plugin.cli.diagnosis import diagnose  # noqa: PLC0415  imports litellm: seconds
    from litellm_router_plugin.errors import ConfigError  # noqa: PLC0415  same
    from litellm_router_plugin.host.proxy_file import load  # noqa: PLC0415  same
    from litellm_router_plugin.host.versions import host_version, problem_with  # noqa: PLC0415  same

    let_modules_be_found(config)
    problem = problem_with(host_version())
    found = [Finding("error", "litellm", problem, "Install a version in that range")] if problem else []
    try:
        return [*found, *diagnose(load(config), os.environ)]
    except ConfigError as error:
        return [*found, Finding.of(error)]


def _print(config: Path, findings: list[Finding]) -> None:
    for finding in findings:
        typer.echo(f"{finding.level:<7}  {finding.in_words(indent=9)}")
    errors = sum(finding.level == "error" for finding in findings)
    summary = f"{errors} errors, {len(findings) - errors} warnings" if findings else "nothing is wrong"
    typer.echo(f"{config}: {summary}")
