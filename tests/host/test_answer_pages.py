"""The pages on headers and on failures name everything that there is."""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from pathlib import Path

import pytest
from ledger_strategies import BASELINE, TIERS, entered, one_call, one_request
from package_files import SOURCES

from litellm_router_plugin.core.decisions import CAUSES
from litellm_router_plugin.host.guard import Guard
from litellm_router_plugin.host.headers import Told
from litellm_router_plugin.host.overrides import HEADERS
from litellm_router_plugin.host.route_book import RouteBook
from litellm_router_plugin.ledger.ledger import MAX_DECISIONS, SETTLE_WITHIN_S
from litellm_router_plugin.ledger.totals import summary
from litellm_router_plugin.ledger.views import decision_view

DOCS = Path(__file__).parent.parent.parent / "docs"
HEADERS_PAGE = (DOCS / "headers.md").read_text("utf-8")
FAILURE_PAGE = (DOCS / "failure-policy.md").read_text("utf-8")
OF_ROUTING = {"store": "store", "metrics": "metrics"}
"""Kinds that are handed on in a variable."""


def words_of(page: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", page))


def part(page: str, heading: str) -> str:
    """A section of a page, without its heading."""
    return page.split(f"## {heading}\n")[1].split("\n## ", maxsplit=1)[0]


def told_headers() -> list[str]:
    return list(Told("d", "t", "c", 1, True, "e", True, Decimal(1), Decimal(1)).headers())  # noqa: FBT003 - all its fields


def test_every_header_that_a_request_may_have_is_told_with_its_key() -> None:
    rows = re.findall(r"\| `(x-tier-router-[\w-]+)` \| `(\w+)` \|", part(HEADERS_PAGE, "What a request may say"))
    assert dict(rows) == dict(HEADERS)


def test_every_header_of_an_answer_is_told() -> None:
    rows = re.findall(r"\| `(x-tier-router-[\w-]+)` \|", part(HEADERS_PAGE, "Headers of an answer"))
    assert sorted(rows) == sorted(told_headers())


def test_every_cause_is_told() -> None:
    assert set(CAUSES) <= words_of(part(HEADERS_PAGE, "Which tier, and why"))


def test_every_field_of_a_decision_and_of_its_calls_is_told() -> None:
    record = entered(one_request(one_call(), one_call(role="judge", call_id="j"))).decision("d")
    assert record is not None
    view = decision_view(record)
    fields = {*view, *(key for calls in (view["attempts"], view["other_calls"]) for key in calls[0])}  # type: ignore[index]  # lists of dicts
    assert fields <= words_of(part(HEADERS_PAGE, "A decision"))


def test_every_field_of_the_summary_is_told() -> None:
    ledger = entered(one_request(one_call()))
    fields = set(summary(ledger.totals(), baseline=BASELINE, tiers=TIERS, scope="worker"))
    assert fields <= words_of(part(HEADERS_PAGE, "The summary"))


def counted_kinds() -> set[str]:
    """Every kind of fault that the package counts, as it is written in the code."""
    kinds = {Guard.fault, RouteBook.fault} | set(OF_ROUTING.values())
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and _is_counter(node.func):
                first = node.args[0]
                is_pattern = isinstance(first, ast.JoinedStr)
                start = first.values[0] if isinstance(first, ast.JoinedStr) else first
                if isinstance(start, ast.Constant) and isinstance(start.value, str):
                    kinds.add(start.value + "NAME" * is_pattern)
    return kinds


def _is_counter(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute) and function.attr == "_guarded":
        return True
    if isinstance(function, ast.Attribute) and function.attr in ("note", "count"):
        owner = function.value
        return getattr(owner, "attr", getattr(owner, "id", "")) in ("faults", "_faults")
    return isinstance(function, ast.Name) and function.id == "on_fault"


def test_every_kind_of_fault_has_a_row_and_every_row_a_kind_that_is_counted() -> None:
    rows = {row.rsplit("|", 2)[1].strip() for row in FAILURE_PAGE.splitlines() if row.startswith("| ")}
    told = {row.strip("`") for row in rows if row.startswith("`")}
    assert told == counted_kinds()


@pytest.mark.parametrize("number", [f"{MAX_DECISIONS:,}", f"{SETTLE_WITHIN_S:.0f} s"])
def test_limits_are_told_as_they_are(number: str) -> None:
    assert number in FAILURE_PAGE
