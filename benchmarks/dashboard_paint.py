"""Measures how soon the dashboard shows something, and its figures, with many decisions in an SQLite file.

    python benchmarks/dashboard_paint.py [--decisions 1000000] [--days 30] [--file F] [--rounds 5]

A fresh tab with the key in it opens the page in Chromium; taken are the browser's own first contentful paint, the time
until totals and charts are drawn, and until the list of decisions stands. The budget is 1.5 s for the first paint; the
others are shown because they are what a user waits for. With ``--file`` a filled file is kept and used again (it may
be one of ``store_summary.py``). Needs Chromium and the Python package playwright.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from chromium import FLAGS, INSTALL, program  # noqa: E402  needs the path above
from dashboard_server import ADMIN, Served, app_of, services_of  # noqa: E402  same
from dashboard_traffic import Story  # noqa: E402  same
from playwright.sync_api import sync_playwright  # noqa: E402  same

from benchmarks.store_summary import fill  # noqa: E402  same
from litellm_router_plugin.store.database import Database  # noqa: E402  same
from litellm_router_plugin.store.store import Store  # noqa: E402  same
from litellm_router_plugin.web.memory_reading import MemoryReader  # noqa: E402  same
from litellm_router_plugin.web.store_reading import StoredReader  # noqa: E402  same

BUDGET_S = 1.5
KEYS = 50
AGES_DAYS = 36_500.0
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
WATCH = """
sessionStorage.setItem('tier-router-key', '%s');
const seen = window.seen = {};
new MutationObserver(() => {
  if (!seen.figures && document.querySelectorAll('.canvas canvas').length === 4) seen.figures = performance.now();
  if (!seen.decisions && document.querySelector('#decisions-table tbody a')) seen.decisions = performance.now();
}).observe(document, { childList: true, subtree: true });
"""


def one_visit(browser: Any, url: str) -> dict[str, float]:  # noqa: ANN401  playwright's own
    """Seconds from the start of the visit, in a profile without any cache."""
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH % ADMIN)
    page.goto(url)
    page.get_by_role("status").filter(has_text="as of").wait_for()
    found = page.evaluate(f"({{ paint: {PAINT}, ...window.seen }})")
    context.close()
    return {name: value / 1000 for name, value in found.items()}


def measure(path: Path, rounds: int) -> dict[str, list[float]]:
    story = Story()
    store = Store(f"sqlite:///{path}", retention_days=AGES_DAYS)
    reader = StoredReader(store, MemoryReader(story.ledger, story.desk.book), lambda _router, _key: 0)
    taken: dict[str, list[float]] = {}
    browser_path = program()
    if browser_path is None:
        sys.exit(f"Chromium is not there: {INSTALL}")
    with Served(app_of(services_of(story, reader=reader))) as served, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path, args=FLAGS)
        for _ in range(rounds):
            for name, value in one_visit(browser, served.url).items():
                taken.setdefault(name, []).append(value)
        browser.close()
    store.close()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.file or Path(folder) / "decisions.sqlite"
        if not path.exists():
            database = Database(str(path))
            fill(database, arguments.decisions, arguments.days, KEYS, time.time())
            database.close()
        taken = measure(path, arguments.rounds)
    labels = {"paint": "first contentful paint", "figures": "totals and charts", "decisions": "list of decisions"}
    for name, label in labels.items():
        times = taken[name]
        print(
            f"{label:<24} first {times[0]:5.2f} s   median {statistics.median(times):5.2f} s   max {max(times):5.2f} s"
        )
    print(f"budget: {BUDGET_S} s for the first paint")
    if max(taken["paint"]) > BUDGET_S:
        sys.exit(1)


if __name__ == "__main__":
    main()
