"""The dashboard in Chromium, as its users meet it: by mouse, by keyboard, and by what a screen reader is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from browser_tab import NARROW, WIDE, Tab, open_tab
from dashboard_server import ADMIN, ONE, TWO, Served, app_of, services_of
from dashboard_traffic import Story

from litellm_router_plugin.core.money import Usage
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord, Owner, SettledCall

pytestmark = pytest.mark.browser

NASTY = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


@pytest.fixture(scope="module")
def told() -> Story:
    """A story with one decision more, of key 1, whose every text is hostile, whose savings are negative."""
    story = Story(seed=11)
    story.run(300)
    record = DecisionRecord(
        decision_id="nasty",
        router="smart",
        tier="cheap",
        start_tier="cheap",
        cause="rule",
        owner=Owner("key-1", NASTY),
        signals=(NASTY,),
        route=NASTY,
        prices=dict.fromkeys(("cheap", "standard", "premium")),
        baseline="premium",
        tiers=("cheap", "standard", "premium"),
        cascade=NASTY,
    )
    story.ledger.open(record)
    story.ledger.start_call("nasty", CallRecord("c", "attempt", "cheap", 1))
    story.ledger.settle("c", SettledCall(NASTY, Usage(10, 10), None))
    story.ledger.close("nasty", served_call="c", tier="cheap", cause="rule", escalated=False)
    return story


@pytest.fixture(scope="module")
def served(told: Story) -> Iterator[Served]:
    with Served(app_of(services_of(told))) as server:
        yield server


@pytest.fixture
def tab(browser: Any, served: Served) -> Iterator[Tab]:
    with open_tab(browser, served.url, WIDE) as opened:
        yield opened


def test_a_key_opens_the_figures_and_stays_in_this_tab(tab: Tab) -> None:
    tab.sign_in()
    page = tab.page
    assert page.locator("#totals").inner_text().count("$") >= 4
    assert page.locator(".canvas canvas").count() == 4
    assert page.evaluate("sessionStorage.getItem('tier-router-key')") == ADMIN
    assert page.evaluate("Object.values(localStorage).join()") == ""
    assert ADMIN not in page.url
    assert page.context.cookies() == []
    page.reload()
    tab.wait()
    page.get_by_role("button", name="Change key").click()
    assert page.evaluate("sessionStorage.length") == 0
    assert not page.locator("#figures").is_visible()


def test_a_wrong_key_is_asked_for_again(tab: Tab) -> None:
    tab.expected = "status of 401"
    tab.page.goto(tab.url)
    tab.page.get_by_label("Key", exact=True).fill("sk-wrong")
    tab.page.keyboard.press("Enter")
    tab.page.get_by_role("alert").filter(has_text="The proxy does not know this key.").wait_for()
    assert tab.page.get_by_label("Key", exact=True).is_visible()


def test_savings_are_negative_where_they_are_and_unknown_is_never_zero(tab: Tab) -> None:
    tab.sign_in()
    fixed = tab.page.locator("#totals > div").filter(has_text="best fixed tier")
    assert "unknown" in fixed.locator("dd").first.get_attribute("class")
    assert "rate answers of two tiers" in fixed.inner_text()
    lost = tab.page.locator("#decisions-table tbody td.negative").first
    assert re.search(r"\u2212\$\d", lost.inner_text())
    nasty = tab.page.locator("#decisions-table tbody tr").filter(has_text="onerror").first
    assert nasty.locator("td.unknown").all_inner_texts() == ["unknown", "unknown"]


def test_decisions_are_filtered_and_more_are_loaded(tab: Tab) -> None:
    tab.sign_in()
    page = tab.page
    assert len(tab.rows()) == 25
    page.get_by_role("button", name="Older decisions").click()
    page.locator("#decisions-table tbody tr").nth(49).wait_for()
    page.get_by_role("combobox", name="Moved up", exact=True).select_option("yes")
    page.get_by_role("combobox", name="Tier", exact=True).select_option("standard")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("status").filter(has_text="decisions shown").first.wait_for()
    assert tab.rows()
    assert [row for row in tab.rows() if "moved up to standard" not in row] == []
    assert "escalated=true" in page.url
    page.reload()
    tab.wait()
    assert [row for row in tab.rows() if "moved up to standard" not in row] == []
    page.get_by_role("button", name="Clear").click()
    page.locator("#decisions-table tbody tr").filter(has_not_text="moved up to").nth(5).wait_for()
    assert len(tab.rows()) == 25


def test_a_decision_is_drilled_into_and_rated_by_keyboard(tab: Tab, told: Story) -> None:
    tab.sign_in()
    page = tab.page
    page.get_by_role("combobox", name="Moved up", exact=True).select_option("yes")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("status").filter(has_text="decisions shown").first.wait_for()
    page.locator("#decisions-table tbody a").first.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    words = dialog.inner_text()
    assert "Why this tier" in words
    assert "Why not the next cheaper one" in words
    assert "rejected" in words
    assert "decision=" in page.url
    dialog.get_by_role("radio", name="4").press("Space")
    dialog.get_by_role("button", name="Rate this answer").press("Enter")
    dialog.get_by_role("status").filter(has_text="Taken: 4 of 5").wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    page.wait_for_url(lambda address: "decision=" not in address)  # its close event comes after it is hidden
    assert page.evaluate("document.activeElement.tagName") == "A"  # back where the user was
    assert any(entry.rater == "admin" for entry in told.desk.book._entries.values())


def test_an_address_leads_to_a_decision_of_ones_own_only(tab: Tab, told: Story) -> None:
    tab.expected = "status of 404"
    tab.sign_in(TWO)
    tab.page.goto("about:blank")
    tab.page.goto(f"{tab.url}#decision=nasty")
    tab.page.get_by_role("alert").filter(has_text="no such decision, or not one of this key's").wait_for()
    assert not tab.page.get_by_role("dialog").is_visible()


def test_what_clients_sent_is_shown_as_text(tab: Tab) -> None:
    tab.sign_in(ONE)
    tab.page.get_by_label("Decision id").fill("nasty")
    tab.page.get_by_role("button", name="Open").click()
    tab.page.get_by_role("dialog").wait_for()
    assert NASTY in tab.page.get_by_role("dialog").inner_text()
    assert tab.page.locator("dialog img, dialog script").count() == 0
    assert tab.page.title() == "Tier router"


def test_the_theme_follows_the_system_until_it_is_chosen(tab: Tab) -> None:
    tab.page.emulate_media(color_scheme="dark")
    tab.sign_in()
    dark = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.page.get_by_role("button", name="Dark").click()
    assert tab.page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    assert tab.page.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "false"
    tab.page.reload()
    assert tab.page.evaluate("document.documentElement.dataset.theme") == "light"


def test_every_chart_has_its_figures_as_a_table(tab: Tab) -> None:
    tab.sign_in()
    for chart in tab.page.locator("figure.chart").all():
        assert re.search(r"In the last 30 days: .+\.", chart.get_by_role("img").get_attribute("aria-label"))
        chart.get_by_text("Show as a table").click()
        chart.locator("tbody tr").first.wait_for()
        assert chart.locator("tbody tr").count() == 30


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(tab: Tab, scheme: str, size: dict[str, int]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python").Axe()
    tab.page.emulate_media(color_scheme=scheme)
    tab.page.set_viewport_size(size)
    tab.page.goto(tab.url)
    found = {"key": axe.run(tab.page)}
    tab.sign_in()
    found["figures"] = axe.run(tab.page)
    tab.page.locator("#decisions-table tbody a").first.click()
    tab.page.get_by_role("dialog").wait_for()
    found["decision"] = axe.run(tab.page)
    for where, result in found.items():
        assert result.violations_count == 0, f"{where}: {result.generate_report()}"


def test_nothing_is_wider_than_a_narrow_window(tab: Tab) -> None:
    tab.page.set_viewport_size(NARROW)
    tab.sign_in()
    tab.assert_nothing_is_wider()


def test_the_periods_lead_to_other_figures(tab: Tab) -> None:
    tab.sign_in()
    month = tab.page.locator("#totals").inner_text()
    tab.page.get_by_role("radio", name="24 h").check()
    tab.page.get_by_role("status").filter(has_text="last 24 hours").wait_for()
    assert tab.page.locator("#totals").inner_text() != month
    assert "period=24h" in tab.page.url


def test_amounts_never_round_to_nothing_and_unknown_ones_are_said_to_be(tab: Tab) -> None:
    tab.page.goto(tab.url)
    asked = "values => import('./assets/format.js').then(({ money }) => values.map(money))"
    written = {
        1234.5: "$1,234.50",
        1.5: "$1.50",
        0: "$0",
        0.25: "$0.25",
        4.5e-05: "$0.000045",
        -0.00769: "\u2212$0.00769",
        -20.77: "\u2212$20.77",
        1e-09: "$0.000000001",
    }
    told = tab.page.evaluate(asked, list(written))
    assert dict(zip(written, told, strict=True)) == written
    assert tab.page.evaluate(asked, [None]) == ["unknown"]
    assert tab.page.evaluate("import('./assets/format.js').then(({ money }) => money(NaN))") == "unknown"
