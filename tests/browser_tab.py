"""A tab with the dashboard in it, as its users meet it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dashboard_server import ADMIN

WIDE, NARROW = {"width": 1360, "height": 900}, {"width": 390, "height": 800}
PAGE_WIDTH = "document.documentElement.scrollWidth"
SETTLED_WITHIN_S = 5.0


@dataclass
class Tab:
    """A page, what went wrong on it, and which answer of the proxy its console may report."""

    page: Any
    url: str
    wrong: list[str] = field(default_factory=list)
    expected: str = "nothing"

    def sign_in(self, key: str = ADMIN) -> None:
        """Open the page and enter a key."""
        self.page.goto(self.url)
        self.page.get_by_label("Key", exact=True).fill(key)
        self.page.get_by_role("button", name="Show figures").click()
        self.wait()

    def wait(self) -> None:
        """Until everything is loaded."""
        self.page.get_by_role("status").filter(has_text="as of").wait_for()

    def assert_nothing_is_wider(self) -> None:
        """Nothing reaches beyond the window; where its size has changed, the charts follow a frame or two later."""
        window = self.page.viewport_size["width"]
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while (width := self.page.evaluate(PAGE_WIDTH)) != window and time.monotonic() < deadline:
            self.page.wait_for_timeout(20)
        assert width == window

    def rows(self) -> list[str]:
        """The rows of the list of decisions, each as one line."""
        return [" ".join(row.split()) for row in self.page.locator("#decisions-table tbody tr").all_inner_texts()]


@contextmanager
def open_tab(browser: Any, url: str, size: dict[str, int] = WIDE) -> Iterator[Tab]:
    """A fresh tab; whatever its console reports, a violation of the policy included, fails the test."""
    context = browser.new_context(viewport=size)
    opened = Tab(context.new_page(), url)

    def hear(said: Any) -> None:
        if said.type in ("error", "warning"):
            opened.wrong.append(said.text)

    def watch(asked: Any) -> None:
        if not asked.url.startswith((url, "about:")):
            opened.wrong.append(f"left the proxy: {asked.url}")

    opened.page.on("console", hear)
    opened.page.on("pageerror", lambda error: opened.wrong.append(str(error)))
    opened.page.on("request", watch)
    yield opened
    context.close()
    assert [said for said in opened.wrong if opened.expected not in said] == []
