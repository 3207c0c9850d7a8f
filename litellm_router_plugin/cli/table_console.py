"""Tables of text on a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from litellm_router_plugin.cli.report_tables import Table


def print_tables(tables: Iterable[Table], problems: Iterable[str] = ()) -> None:
    """Print tables with their notes, then what should make somebody look."""
    console = Console()
    for table in tables:
        console.print(_rich(table))
        if table.note:
            console.print(f"{table.note}\n", style="dim", markup=False, highlight=False)
    for problem in problems:
        console.print(f"! {problem}", style="red", markup=False, highlight=False)


def _rich(table: Table) -> RichTable:
    shown = RichTable(title=table.title, title_justify="left", show_header=any(table.columns))
    for index, name in enumerate(table.columns):
        shown.add_column(Text(name), justify="right" if index else "left")
    for row in table.rows:
        shown.add_row(*(Text(cell, style="red" if cell.startswith("-") else "") for cell in row))
    return shown
