"""Observe mode, quality, alarms and proposals on the dashboard, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from browser_tab import NARROW, Tab, open_tab
from dashboard_server import ADMIN, ONE, Served, app_of, services_of
from dashboard_traffic import OWNERS, PRICES, Story

from litellm_router_plugin.core.money import Usage
from litellm_router_plugin.core.verdicts import Outcome, Verdict
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord, SettledCall
from litellm_router_plugin.ledger.shadow import ShadowRun, ShadowStep

pytestmark = pytest.mark.browser


def observe(story: Story, number: int, *, good: bool) -> None:
    """One request in observe mode whose path was walked, its answer checked and rated."""
    name = f"observed-{number}"
    record = DecisionRecord(name, "smart", "premium", "default", OWNERS[1], mode="observe", observed_tier="cheap")
    record.prices, record.baseline, record.tiers = PRICES, "premium", tuple(PRICES)
    record.p_success, record.start_tier = {"premium": 0.97, "cheap": 0.9}, "premium"
    story.ledger.open(record)
    for call_id, role, tier, cost in (
        (f"s-{number}", "attempt", "premium", "0.004"),
        (f"c-{number}", "second_opinion", "cheap", "0.0001"),
    ):
        story.ledger.start_call(name, CallRecord(call_id, role, tier, 1))  # type: ignore[arg-type]  # roles of the line above
        story.ledger.settle(call_id, SettledCall("m", Usage(200, 100), Decimal(cost)))
    story.ledger.note_verdict(f"s-{number}", Verdict(Outcome.ACCEPT if good else Outcome.REJECT, by="checks"))
    step = ShadowStep("cheap", f"c-{number}", verdict="accept", by="checks")
    record.shadow = ShadowRun("done", "cheap", escalated=False, steps=(step,), calls=(f"c-{number}",)).to_json()
    story.ledger.close(name, served_call=f"s-{number}", tier="premium", cause="default", escalated=False)
    story.ids.append(name)
    story.desk.give(decision_id=name, thumb="up" if good else "down")


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    story = Story(seed=5)
    story.run(60)
    for number in range(1_000):
        observe(story, number, good=number < 650 or number % 4 == 0)
    with Served(app_of(services_of(story))) as server:
        yield server


@pytest.fixture
def tab(browser: Any, served: Served) -> Iterator[Tab]:
    with open_tab(browser, served.url) as opened:
        yield opened


def test_an_admin_sees_what_observing_shows_alarms_and_proposals(tab: Tab) -> None:
    tab.sign_in(ADMIN)
    page = tab.page
    assert "1,000 requests were observed, 1,000 of them sampled" in page.locator("#observed-words").inner_text()
    assert page.locator("#observed-table tbody tr").count() == 3
    assert "known" in page.locator("#observed-table").inner_text()
    assert "premium" in page.locator("#quality-table").inner_text()
    assert "acceptance of premium, route default" in page.locator("#alarms-table").inner_text()
    diff = page.locator("#proposals pre").first.inner_text()
    assert "+routes:" in diff
    assert "+      premium: -0.5" in diff
    assert "None." in page.locator("#steps-table").inner_text()


def test_a_key_sees_quality_and_nothing_of_the_admins(tab: Tab) -> None:
    tab.sign_in(ONE)
    assert tab.page.locator("#quality").is_visible()
    assert not tab.page.locator("#monitoring").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_these_sections(tab: Tab, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python").Axe()
    tab.page.emulate_media(color_scheme=scheme)
    tab.sign_in()
    result = axe.run(tab.page)
    assert result.violations_count == 0, result.generate_report()
    tab.page.set_viewport_size(NARROW)
    tab.assert_nothing_is_wider()
