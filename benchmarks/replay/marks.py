"""Puts tables that a benchmark made into a page of the docs, between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def write_between_marks(page: Path, name: str, lines: Sequence[str]) -> None:
    """Replace what stands between ``<!-- name: begin -->`` and ``<!-- name: end -->``.

    Raises:
        SystemExit: The page has no such marks.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{page}: put {begin} and {end} where the tables belong")
    page.write_text("\n".join([before + begin, *lines, end + after]), encoding="utf-8")
