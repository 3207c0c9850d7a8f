"""What the commands that read files of rows share: exits, bad lines, progress."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from litellm_router_plugin.errors import DataError, TierRouterError

if TYPE_CHECKING:
    from litellm_router_plugin.learning.outcome_model import LearnedModel

DONE: Final = 0
FOUND_PROBLEMS: Final = 1
"""Lines were skipped, or the data was refused."""
WRONG_USE: Final = 2
SHOWN_BAD_LINES: Final = 20
"""Bad lines that are told one by one; the rest is counted."""

Item = TypeVar("Item")

# These commands tell a classifier's warnings themselves; without a handler Python would print them a second time.
logging.getLogger("litellm_router_plugin").addHandler(logging.NullHandler())


def error_console() -> Console:
    """Where everything goes that is no result."""
    return Console(stderr=True, highlight=False)


@contextmanager
def told_errors() -> Iterator[None]:
    """Tell errors in one line and leave: 1 where data is wrong, 2 where the command was used wrongly."""
    try:
        yield
    except DataError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_USE if error.source.startswith("--") else FOUND_PROBLEMS) from error
    except TierRouterError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG_USE) from error


def tell_bad_lines(bad_lines: Sequence[DataError]) -> None:
    """Name each skipped line, the first ones in full."""
    for error in bad_lines[:SHOWN_BAD_LINES]:
        typer.echo(f"skipped {error}", err=True)
    if len(bad_lines) > SHOWN_BAD_LINES:
        typer.echo(f"skipped {len(bad_lines)} lines in all; the first {SHOWN_BAD_LINES} are named above", err=True)


def exit_after(bad_lines: Sequence[DataError]) -> None:
    """Leave with 1 where lines were skipped, else go on to the end."""
    if bad_lines:
        raise typer.Exit(FOUND_PROBLEMS)


def beside(data: Path, given: Path | None, name: str) -> Path | None:
    """A file that was given, or the one of that name beside the data where there is one."""
    if given is not None:
        return given
    there = data.parent / name
    return there if there.is_file() else None


def outcome_model(artefact: Path | None) -> LearnedModel:
    """The model of an artefact folder that was trained on outcomes, or the shipped one.

    Raises:
        ArtefactError: It cannot be loaded, or it learned from tier labels.
    """
    from litellm_router_plugin.learning.learned_classifier import DEFAULT_ARTEFACT  # noqa: PLC0415  numpy, only if used
    from litellm_router_plugin.learning.outcome_artefact import load_model  # noqa: PLC0415  same

    return load_model(DEFAULT_ARTEFACT if artefact is None else artefact)


@contextmanager
def work_shown() -> Iterator[tuple[Callable[[str], None], Callable[[Iterable[Item]], Iterable[Item]]]]:
    """A way to say what is being done, and one to hand on items behind a progress bar; both on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=error_console(), transient=True) as progress:
        task = progress.add_task("reading", total=None)

        def tell(what: str) -> None:
            progress.update(task, description=what, total=None, completed=0)

        def watch(items: Iterable[Item]) -> Iterator[Item]:
            progress.update(task, total=len(items) if isinstance(items, Sequence) else None, completed=0)
            for item in items:
                yield item
                progress.advance(task)

        yield tell, watch
