"""A report as one HTML file that needs nothing else: no script, no address outside itself."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from litellm_router_plugin.cli.report_tables import Table

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0; width: 100%; }
caption { font-size: 1.25rem; font-weight: 600; padding: .5rem 0; text-align: left; }
th, td { border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .3rem .6rem; }
th { font-weight: 600; }
th, td { text-align: right; }
th:first-child, td:first-child { text-align: left; }
td.negative { color: light-dark(#b00020, #ff8a80); }
p.note { margin-top: 0; opacity: .8; }
"""


def html_report(title: str, subtitle: str, tables: Iterable[Table]) -> str:
    """The file's text. Everything that comes from data is escaped."""
    body = "\n".join(map(_table, tables))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n<p>{escape(subtitle)}</p>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    rows = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f"<table>\n<caption>{escape(table.title)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{rows}\n</tbody>\n</table>\n{note}"
    )


def _cell(text: str) -> str:
    mark = ' class="negative"' if text.startswith("-") else ""
    return f"<td{mark}>{escape(text)}</td>"
