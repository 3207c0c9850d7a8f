"""``tier-router``: the command line. A command's module is imported only when that command runs."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Annotated, Final

import typer

from litellm_router_plugin.errors import TierRouterError

USAGE: Final = 2

COMMANDS: Final = {
    "serve": "Start the LiteLLM proxy with the plugin.",
    "doctor": "Tell everything that would go wrong with a proxy config.",
    "explain": "Tell why a prompt gets its tier, and why not the next cheaper one.",
    "score": "Score the prompts of a file: tier, and P(success) of each tier.",
    "check": "Check the answers of a file, as the cascade would.",
    "train": "Train a learned classifier.",
    "evaluate": "Compare routing policies on recorded outcomes.",
    "calibrate": "Find thresholds whose quality loss is certified.",
    "replay": "Replay recorded traffic through the policies of a config.",
    "monitor": "Show drift alarms, and propose changes to a config.",
    "report": "Report savings and quality of recorded decisions.",
}
"""Each command is the function of its name in the module of its name beside this one."""


def _module(name: str) -> str:
    return f"litellm_router_plugin.cli.{name}"


def available() -> list[str]:
    """The commands whose module this installation has."""
    return [name for name in COMMANDS if find_spec(_module(name)) is not None]


def wanted_command(arguments: list[str]) -> str | None:
    """The command that some arguments name; None where they name none."""
    first = next((argument for argument in arguments if not argument.startswith("-")), None)
    return first if first in COMMANDS else None


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"tier-router {version('litellm-router-plugin')}")
        raise typer.Exit


def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Cost-aware tier routing for LiteLLM."""


def _not_loaded() -> None:
    """Stand in for a command that is only listed."""
    raise RuntimeError("this command was listed, not loaded")


def build_app(wanted: str | None) -> typer.Typer:
    """The application with one command loaded and the others only listed."""
    app = typer.Typer(name="tier-router", no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    app.callback()(_root)
    for name in available():
        if name == wanted:
            app.command(name)(getattr(import_module(_module(name)), name))
        else:
            app.command(name, help=COMMANDS[name])(_not_loaded)
    return app


def main() -> None:
    """Run the command that the arguments name; errors of the plugin's own are told in one line, without a trace."""
    try:
        build_app(wanted_command(sys.argv[1:]))()
    except TierRouterError as error:
        typer.echo(f"tier-router: {error}", err=True)
        sys.exit(USAGE)


if __name__ == "__main__":
    main()
