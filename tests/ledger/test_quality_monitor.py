"""Drift monitors over live traffic: what feeds them, their bound, their false alarms, and what they remember."""

from __future__ import annotations

import random
from typing import Any

import pytest

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.ledger.quality_monitor import MonitorKey, QualityMonitor, WatchSettings, values_of
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord
from litellm_router_plugin.ledger.shadow import ShadowRun, ShadowStep

ACCEPTANCE = MonitorKey("smart", "default", "cheap", "acceptance")


def decision(number: object, verdict: str = "accept", **facts: object) -> DecisionRecord:
    call = CallRecord("c", "attempt", "cheap", 1, verdict=verdict, verdict_by="checks")
    return DecisionRecord(str(number), "smart", "cheap", "learned", start_tier="cheap", calls=[call], **facts)  # type: ignore[arg-type]


def views(monitor: QualityMonitor) -> list[Any]:
    found: Any = monitor.report()["monitors"]
    return list(found)


def watching(**settings: float) -> QualityMonitor:
    return QualityMonitor(lambda _router: WatchSettings(**settings))  # type: ignore[arg-type]


def fed(monitor: QualityMonitor, seed: int, count: int, share: float) -> None:
    rng = random.Random(seed)  # noqa: S311  a simulation
    for number in range(count):
        verdict = "accept" if rng.random() < share else "reject"
        monitor.note(decision(f"{seed}-{share}-{number}", verdict))
    monitor.take_in()


def test_a_decision_feeds_acceptance_quality_and_forecast_and_its_shadow_too() -> None:
    record = decision(1, "reject", p_success={"cheap": 0.8, "premium": 0.9})
    record.calls[0].quality = 0.3
    steps = (
        ShadowStep("premium", "s", verdict="accept", by="judge", quality=0.9),
        ShadowStep("cheap", "c", served=True, verdict="reject", by="checks"),
    )
    record.shadow = ShadowRun("done", "premium", escalated=False, steps=steps, calls=("s",)).to_json()
    found = {(key.tier, key.stream): value for key, value in values_of(record)}
    assert found == {
        ("cheap", "acceptance"): 0.0,
        ("cheap", "quality"): 0.3,
        ("cheap", "forecast"): 0.8,
        ("premium", "acceptance"): 1.0,
        ("premium", "quality"): 0.9,
    }


def test_answers_that_become_poor_raise_one_alarm_that_stays() -> None:
    told: list[tuple[MonitorKey, str]] = []
    monitor = QualityMonitor(lambda _router: WatchSettings(), lambda key, words: told.append((key, words)))
    fed(monitor, 1, 600, 0.9)
    assert monitor.report()["alarms"] == 0
    fed(monitor, 2, 400, 0.4)
    assert [key for key, _ in told] == [ACCEPTANCE]
    assert "changed after" in told[0][1]
    view = views(monitor)[0]
    assert view["seen"] == 1_000
    assert view["recent"] < 0.6 < view["mean"]
    assert monitor.report("other")["monitors"] == []
    assert monitor.reset(ACCEPTANCE)
    assert monitor.report()["alarms"] == 0
    assert not monitor.reset(ACCEPTANCE)


def test_false_alarms_over_many_monitors_stay_within_the_rate_of_the_router() -> None:
    """20 routers of 2 monitors at a rate of a tenth: a false alarm in a tenth of them at most."""
    alarmed = 0
    for seed in range(20):
        rng = random.Random(seed)  # noqa: S311  a simulation
        monitor = watching(false_alarm_rate=0.1, monitors=2)
        for number in range(400):
            for route in "ab":
                good = rng.random() < 0.7
                monitor.note(decision(f"{route}{number}", "accept" if good else "reject", route=route))
        alarmed += monitor.report()["alarms"] != 0
    assert alarmed <= 2


def test_the_number_of_monitors_is_bounded_and_what_is_left_out_is_told() -> None:
    monitor = watching(monitors=3)
    for number in range(10):
        monitor.note(decision(number, route=f"route {number}"))
    report = monitor.report()
    assert len(views(monitor)) == 3
    assert report["unwatched"] == 7


def test_a_decision_that_is_final_again_counts_once() -> None:
    monitor = watching()
    for _ in range(3):
        monitor.note(decision(1))
    assert [view["seen"] for view in views(monitor)] == [1]


def test_another_process_goes_on_where_one_ended() -> None:
    first, second, whole = watching(), watching(), watching()
    fed(first, 3, 400, 0.9)
    second.adopt(first.to_json())
    fed(second, 4, 400, 0.5)
    fed(whole, 3, 400, 0.9)
    fed(whole, 4, 400, 0.5)
    assert second.report() == whole.report()


@pytest.mark.parametrize("state", [{}, {"monitors": 1}, {"monitors": [{"key": ["a"]}]}, {"monitors": [7]}])
def test_damaged_state_is_refused_whole(state: dict[str, object]) -> None:
    monitor = watching()
    with pytest.raises(DataError):
        monitor.adopt(state)
    assert monitor.report()["monitors"] == []
