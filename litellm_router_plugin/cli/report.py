"""``report``: what routing cost, saved and lost, from recorded decisions."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from litellm_router_plugin.cli.report_sections import SECTIONS, section_problems, section_tables
from litellm_router_plugin.cli.report_tables import Table, tables_of

DONE, FOUND_PROBLEMS, WRONG_USE = 0, 1, 2
UNIT_S: Final[Mapping[str, int]] = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
MAX_UNPRICED_SHARE: Final = 0.05
"""Share of requests without a price above which the figures of cost speak for too few; a choice of ours."""


def report(
    *,
    database: Annotated[
        str | None, typer.Option("--database", help="URL, or SQLite file. Default: the one the proxy writes to.")
    ] = None,
    since: Annotated[str, typer.Option("--since", help="7d, 12h, 30m, 4w, a date (UTC), or all.")] = "7d",
    router: Annotated[str | None, typer.Option("--router", help="Only this tier router.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Also write an HTML file.")] = None,
) -> None:
    """Report what routing cost and saved, what observing and experiments show, and how quality stands.

    Exit code: 0 done; 1 routing cost more than the baseline, more than 5 % of the requests have no price, the data of
    an experiment must not be used, or there is a drift alarm; 2 wrong use, or the database cannot be read.

    Example: tier-router report --since 30d --html report.html
    """
    began = _moment(since)
    figures = _figures(_url(database), began, router)
    problems = [*problems_of(figures["summary"]), *section_problems(figures)]
    if html is not None:
        _write_html(html, _subtitle(began, router, problems), figures)
    if as_json:
        typer.echo(json.dumps({**figures, "problems": problems}))
    else:
        _print(figures, problems)
    raise typer.Exit(FOUND_PROBLEMS if problems else DONE)


def problems_of(summary: Mapping[str, Any]) -> list[str]:
    """What of a summary should make somebody look: routing that lost money, figures that speak for too few."""
    found = []
    savings = summary["savings"]
    if savings is not None and savings < 0:
        found.append(f"routing cost {-savings:.6f} USD more than sending everything to {summary['savings_baseline']}")
    requests, unpriced = summary["total_requests"], summary["unpriced_requests"]
    if requests and unpriced / requests > MAX_UNPRICED_SHARE:
        found.append(f"{unpriced} of {requests} requests have no price; no figure of cost covers them")
    if requests and savings is None and unpriced < requests:
        found.append("savings are unknown: the baseline has no price, or the decisions name several baselines")
    return found


def _moment(text: str) -> float | None:
    """The wall time in seconds at which a period begins; None where it takes in everything."""
    if text == "all":
        return None
    if found := re.fullmatch(r"(\d{1,6})([mhdw])", text):
        return time.time() - int(found[1]) * UNIT_S[found[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        _leave(f"--since: {text!r} is no period. Write 7d, 12h, 30m, 4w, a date such as 2026-01-31, or all")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _leave(message: str) -> None:
    typer.echo(f"tier-router report: {message}", err=True)
    raise typer.Exit(WRONG_USE)


def _url(given: str | None) -> str:
    from litellm_router_plugin.store.location import URL_VARIABLE, configured_url  # noqa: PLC0415  loads SQLAlchemy

    url = given or configured_url()
    if url is None:
        _leave(f"{URL_VARIABLE} switches the store off. Name a database with --database")
    return str(url)


def _figures(url: str, since: float | None, router: str | None) -> dict[str, Any]:
    """The parts of the report as JSON."""
    from litellm_router_plugin.store.database import Database  # noqa: PLC0415  loads SQLAlchemy
    from litellm_router_plugin.store.filters import Filters  # noqa: PLC0415  same
    from litellm_router_plugin.store.reading import StoreReader  # noqa: PLC0415  same

    database = Database(url)
    try:
        reader, filters = StoreReader(database), Filters(since=since, router=router)
        further = {section.name: section.read(reader, filters) for section in SECTIONS}
        return {"summary": reader.summary(filters), "days": reader.series("day", filters), **further}
    finally:
        database.close()


def _print(figures: Mapping[str, Any], problems: Sequence[str]) -> None:
    if not figures["summary"]["total_requests"]:
        typer.echo("no requests in this period")
    from litellm_router_plugin.cli.table_console import print_tables  # noqa: PLC0415  only here

    print_tables(_tables(figures), problems)


def _tables(figures: Mapping[str, Any]) -> list[Table]:
    """Those of the period, where there was a request in it, and those of all sections."""
    summary = figures["summary"]
    of_period = tables_of(summary, figures["days"]) if summary["total_requests"] else []
    return [*of_period, *section_tables(figures)]


def _subtitle(since: float | None, router: str | None, problems: Sequence[str]) -> str:
    start = "the beginning" if since is None else datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M UTC")
    whose = f"tier router {router}" if router else "all tier routers"
    return " ".join([f"Since {start}, {whose}.", *(f"Note: {problem}." for problem in problems)])


def _write_html(path: Path, subtitle: str, figures: Mapping[str, Any]) -> None:
    from litellm_router_plugin.cli.report_html import html_report  # noqa: PLC0415  only with --html

    try:
        path.write_text(html_report("Tier router report", subtitle, _tables(figures)), "utf-8")
    except OSError as error:
        _leave(f"--html: {path} cannot be written ({error.strerror}). Name a file in a folder that is there")
