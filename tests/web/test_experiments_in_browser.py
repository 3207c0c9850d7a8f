"""Experiments on the dashboard, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from browser_tab import NARROW, WIDE, Tab, open_tab
from dashboard_server import TWO, Served, app_of, services_of
from dashboard_traffic import Story

from litellm_router_plugin.core.experiments import Experiment

pytestmark = pytest.mark.browser

PREMIUM = Experiment("premium-half", "user", 0.5, {"tier": "premium"}, '{"tier":"premium"}')
CAP = Experiment("cap", "user", 0.04, {"max_tier": "standard"}, '{"max_tier":"standard"}')


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A story under one share of the experiment, then under another; a second experiment has too few units."""
    story = Story(seed=7, experiments=(replace(PREMIUM, share=0.2),))
    story.run(120, rated=0.3)
    story.experiments = (PREMIUM, CAP)
    story.run(1_500, rated=0.5)
    with Served(app_of(services_of(story))) as server:
        yield server


@pytest.fixture(scope="module")
def plain() -> Iterator[Served]:
    """Traffic without experiments."""
    story = Story(seed=8)
    story.run(40)
    with Served(app_of(services_of(story))) as server:
        yield server


@pytest.fixture
def tab(browser: Any, served: Served) -> Iterator[Tab]:
    with open_tab(browser, served.url, WIDE) as opened:
        yield opened


def rows(tab: Tab, name: str) -> dict[str, str]:
    """Head of a row -> the row in one line, of the table of an experiment."""
    table = tab.page.get_by_role("table", name=f"The arms of {name} compared").first
    found = [" ".join(row.split()) for row in table.locator("tbody tr").all_inner_texts()]
    return {row.split(" (")[0].rstrip("0123456789,.$ %"): row for row in found}


def test_arms_are_compared_with_their_intervals_and_the_advice_is_said(tab: Tab) -> None:
    tab.sign_in()
    section = tab.page.get_by_role("region", name="premium-half")
    words = section.locator(".words").first.inner_text()
    assert words.startswith(("Stop", "Continue", "Not enough traffic"))
    found = "\n".join(rows(tab, "premium-half").values())
    for head in ("Units", "Requests", "Ratings", "Cost per request", "Moved up", "Rating, 0 to 1"):
        assert head in found
    assert found.count(" to ") == 9 + 1  # three figures, each of two arms and their difference; a title has one too
    assert section.locator("table").first.locator(".whisker").count() == 9
    assert "points" in found
    assert "requests had no user and take no part" in section.inner_text()


def test_a_dot_stands_within_its_whiskers_and_zero_in_the_middle_of_a_difference(tab: Tab) -> None:
    tab.sign_in()
    read = "one => ['--low', '--mean', '--high'].map(name => Number(one.style.getPropertyValue(name)))"
    drawn = tab.page.locator(".whisker")
    for place in (drawn.nth(at).evaluate(read) for at in range(drawn.count())):
        assert 0 <= place[0] <= place[1] <= place[2] <= 1
    dearer = tab.page.get_by_role("region", name="premium-half").locator("tr", has_text="Cost per request")
    low, _, high = dearer.first.locator(".whisker.centred").evaluate(read)
    assert 0.5 < low < high == 1.0  # premium costs more


def test_not_enough_traffic_is_said_and_no_interval_is_made_up(tab: Tab) -> None:
    tab.sign_in()
    section = tab.page.get_by_role("region", name="cap")
    assert "Not enough traffic: the arm has" in section.inner_text()
    assert "too few units for an interval" in section.inner_text()


def test_an_earlier_definition_stands_apart(tab: Tab) -> None:
    tab.sign_in()
    section = tab.page.get_by_role("region", name="premium-half")
    earlier = section.get_by_text("Earlier definition, with another share")
    assert "requests are not mixed in" in earlier.inner_text()
    assert section.get_by_role("table").count() == 1
    earlier.click()
    assert section.get_by_role("table").count() == 2
    assert "gets 20.0" in section.locator("details").inner_text()


def test_the_period_does_not_cut_an_experiment(tab: Tab) -> None:
    tab.sign_in()
    month = rows(tab, "premium-half")
    tab.page.get_by_role("radio", name="24 h").check()
    tab.page.get_by_role("status").filter(has_text="last 24 hours").wait_for()
    assert rows(tab, "premium-half") == month


def test_a_key_sees_its_own_requests_only(tab: Tab) -> None:
    tab.sign_in()
    of_all = rows(tab, "premium-half")["Requests"]
    tab.page.get_by_role("button", name="Change key").click()
    tab.sign_in(TWO)
    own = rows(tab, "premium-half")["Requests"]
    first, second = (int(row.split()[1].replace(",", "")) for row in (own, of_all))
    assert 0 < first < second


def test_without_experiments_there_is_no_section(browser: Any, plain: Served) -> None:
    with open_tab(browser, plain.url) as opened:
        opened.sign_in()
        assert not opened.page.locator("#experiments").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(tab: Tab, scheme: str, size: dict[str, int]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python").Axe()
    tab.page.emulate_media(color_scheme=scheme)
    tab.page.set_viewport_size(size)
    tab.sign_in()
    tab.page.get_by_text("Earlier definition, with another share").click()
    found = axe.run(tab.page)
    assert found.violations_count == 0, found.generate_report()
    tab.assert_nothing_is_wider()
