"""Makes the pictures in ``docs/screenshots``: the dashboard over made-up traffic, in Chromium.

    python docs/make_screenshots.py [--out docs/screenshots]

The traffic is the same every time but for its dates. Needs Chromium and the Python package playwright.
"""

# ruff: noqa: INP001  a script beside the pages, no package
from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from chromium import FLAGS, INSTALL, program  # noqa: E402  needs the path above
from dashboard_server import ADMIN, Served, app_of, services_of  # noqa: E402  same
from dashboard_traffic import Story  # noqa: E402  same
from playwright.sync_api import sync_playwright  # noqa: E402  same

from litellm_router_plugin.core.experiments import Experiment  # noqa: E402  same
from litellm_router_plugin.store.store import Store  # noqa: E402  same
from litellm_router_plugin.web.memory_reading import MemoryReader  # noqa: E402  same
from litellm_router_plugin.web.store_reading import StoredReader  # noqa: E402  same

REQUESTS = 6_000
EXPERIMENT_REQUESTS = 4_000
WIDE, NARROW = {"width": 1360, "height": 900}, {"width": 390, "height": 844}


def open_figures(browser: Any, url: str, size: dict[str, int], scheme: str) -> Any:  # noqa: ANN401  playwright's own
    """A page with its figures, at the time when everything is drawn."""
    page = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce").new_page()
    page.goto(url)
    page.get_by_label("Key", exact=True).fill(ADMIN)
    page.get_by_role("button", name="Show figures").click()
    page.get_by_role("status").filter(has_text="as of").wait_for()
    return page


def shoot(page: Any, path: Path) -> None:  # noqa: ANN401  same
    """Save what the window shows."""
    page.screenshot(path=path)
    sys.stdout.write(f"{path}: {path.stat().st_size / 1000:.0f} kB\n")


def make_pictures(browser: Any, url: str, folder: Path) -> None:  # noqa: ANN401  same
    """All pictures of one server."""
    for scheme in ("light", "dark"):
        page = open_figures(browser, url, {**WIDE, "height": 1180}, scheme)
        shoot(page, folder / f"dashboard-{scheme}.png")
    page = open_figures(browser, url, WIDE, "light")
    page.get_by_role("combobox", name="Moved up", exact=True).select_option("yes")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("status").filter(has_text="decisions shown").wait_for()
    page.locator("#decisions-table tbody a").first.click()
    page.get_by_role("dialog").wait_for()
    shoot(page, folder / "decision.png")
    shoot(open_figures(browser, url, NARROW, "light"), folder / "narrow.png")


def picture_experiments(browser: Any, folder: Path) -> None:  # noqa: ANN401  same
    """The section on experiments, over traffic of its own: a third of the users pinned to premium."""
    pinned = Experiment("premium-third", "user", 0.33, {"tier": "premium"}, '{"tier":"premium"}')
    narrower = replace(pinned, share=0.1)
    story = Story(experiments=(narrower,), people=1_500)
    story.run(300)
    story.experiments = (pinned,)
    story.run(EXPERIMENT_REQUESTS, rated=0.4)
    with Served(app_of(services_of(story))) as served:
        section = open_figures(browser, served.url, WIDE, "light").locator("#experiments")
        section.screenshot(path=folder / "experiments.png")


def main() -> None:
    """Make all pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    browser_path = program()
    if browser_path is None:
        sys.exit(f"Chromium is not there: {INSTALL}")
    with tempfile.TemporaryDirectory() as state, sync_playwright() as driver:
        store = Store(f"sqlite:///{state}/decisions.sqlite")
        story = Story(store=store)
        story.run(REQUESTS)
        store.flush()
        reader = StoredReader(store, MemoryReader(story.ledger, story.desk.book), lambda _router, _key: 0)
        browser = driver.chromium.launch(executable_path=browser_path, args=FLAGS)
        with Served(app_of(services_of(story, reader))) as served:
            make_pictures(browser, served.url, folder)
        picture_experiments(browser, folder)
        browser.close()
        store.close()


if __name__ == "__main__":
    main()
