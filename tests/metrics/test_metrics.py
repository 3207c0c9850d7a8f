"""What Prometheus is told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from decision_traffic import Traffic
from prometheus_client import CollectorRegistry, generate_latest

from litellm_router_plugin.core.money import Usage
from litellm_router_plugin.ledger.metrics import Metrics
from litellm_router_plugin.ledger.metrics_families import make_families
from litellm_router_plugin.ledger.metrics_labels import MAX_CHECKS, MAX_ROUTERS, OTHER, BoundedLabel
from litellm_router_plugin.ledger.records import DecisionRecord, SettledCall
from litellm_router_plugin.ledger.savings import savings_of

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "docs" / "grafana" / "tier-router.json"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def counts(registry: CollectorRegistry) -> Metrics:
    return Metrics(make_families(registry))


def value(registry: CollectorRegistry, name: str, **labels: str) -> float:
    """The sum of a family's samples that have some labels."""
    samples = [sample for family in registry.collect() for sample in family.samples if sample.name == name]
    assert samples or not labels, f"there is no {name}"
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


def run(counts: Metrics, count: int = 300) -> list[DecisionRecord]:
    traffic = Traffic()
    traffic.into(counts.note_decision)
    traffic.run(count)
    records = [traffic.ledger.decision(one) for one in traffic.ids]
    return [record for record in records if record is not None]


def test_decisions_and_attempts_are_counted(registry: CollectorRegistry, counts: Metrics) -> None:
    records = run(counts)
    for tier in ("cheap", "standard", "premium"):
        wanted = sum(record.tier == tier for record in records)
        assert value(registry, "tier_router_decisions_total", tier=tier, cause="rule", router="smart") == wanted
        attempts = sum(call.tier == tier for record in records for call in record.calls if call.role == "attempt")
        assert value(registry, "tier_router_attempts_total", tier=tier) == attempts
    assert value(registry, "tier_router_escalations_total") == sum(record.escalated for record in records)
    assert value(registry, "tier_router_failed_requests_total") == sum(record.served is None for record in records)
    unpriced = sum(record.cost_state == "unknown" for record in records)
    assert value(registry, "tier_router_unpriced_requests_total") == unpriced


def test_what_was_saved_minus_what_was_lost_is_the_net_saving(registry: CollectorRegistry, counts: Metrics) -> None:
    records = run(counts)
    net = float(sum((savings_of(record) or Decimal(0) for record in records), Decimal(0)))
    lost = value(registry, "tier_router_lost_usd_total")
    assert lost > 0
    assert value(registry, "tier_router_saved_usd_total") - lost == pytest.approx(net)


def test_cost_is_told_by_role(registry: CollectorRegistry, counts: Metrics) -> None:
    records = run(counts)
    for role in ("attempt", "judge"):
        spent = sum(float(call.cost or 0) for record in records for call in record.calls if call.role == role)
        assert spent > 0
        assert value(registry, "tier_router_cost_usd_total", role=role) == pytest.approx(spent)


def test_verdicts_are_told_by_who_gave_them(registry: CollectorRegistry, counts: Metrics) -> None:
    calls = [call for record in run(counts) for call in record.calls]
    refused = sum("refusal" in call.failed_checks for call in calls)
    judged = sum(call.verdict_by == "judge" and call.verdict == "accept" for call in calls)
    assert value(registry, "tier_router_verdicts_total", check="refusal", outcome="reject") == refused > 0
    assert value(registry, "tier_router_verdicts_total", check="judge", outcome="accept") == judged > 0


def test_a_call_that_reports_late_adds_its_cost_and_no_request(registry: CollectorRegistry, counts: Metrics) -> None:
    traffic = Traffic(seed=2)
    traffic.into(counts.note_decision)
    traffic.run(40)
    spent = value(registry, "tier_router_cost_usd_total")
    for decision_id in traffic.ids:
        record = traffic.ledger.decision(decision_id)
        assert record is not None
        late = SettledCall("model-late", Usage(10, 5), Decimal("0.25"))
        traffic.ledger.settle(record.calls[0].call_id, late)
    assert value(registry, "tier_router_decisions_total") == 40
    assert value(registry, "tier_router_cost_usd_total") - spent >= 0.25 * 38
    records = [traffic.ledger.decision(one) for one in traffic.ids]
    net = sum(float(savings_of(record) or 0) for record in records if record is not None)
    saved, lost = value(registry, "tier_router_saved_usd_total"), value(registry, "tier_router_lost_usd_total")
    assert saved - lost == pytest.approx(net)


def test_times_errors_and_drops_are_entered(registry: CollectorRegistry, counts: Metrics) -> None:
    counts.observe_deciding(0.0002)
    counts.observe_checking(0.002)
    counts.observe_judging(1.5)
    counts.note_error("classifier")
    counts.note_dropped(7, "full")
    counts.set_queue(12)
    assert value(registry, "tier_router_deciding_seconds_bucket", le="0.00025") == 1
    assert value(registry, "tier_router_checking_seconds_sum") == pytest.approx(0.002)
    assert value(registry, "tier_router_judging_seconds_count") == 1
    assert value(registry, "tier_router_errors_total", kind="classifier") == 1
    assert value(registry, "tier_router_dropped_writes_total", reason="full") == 7
    assert value(registry, "tier_router_store_queue") == 12


def test_labels_are_bounded_whatever_comes(registry: CollectorRegistry, counts: Metrics) -> None:
    for number in range(500):
        counts.note_decision(DecisionRecord(str(number), f"router-{number}", f"tier-{number}", "rule"))
        counts.note_error(f"kind-{number}")
    text = generate_latest(registry).decode()
    assert len(set(re.findall(r'router="([^"]*)"', text))) == MAX_ROUTERS + 1
    assert value(registry, "tier_router_decisions_total", router=OTHER) == 500 - MAX_ROUTERS
    assert value(registry, "tier_router_errors_total") == 500
    assert text.count("\n") < 200 * MAX_CHECKS


def test_a_label_keeps_what_it_knows() -> None:
    label = BoundedLabel(2)
    assert [label(name) for name in ("a", "b", "c", "a", "")] == ["a", "b", "other", "a", "other"]


PROGRAM = """
import sys
from litellm_router_plugin.ledger.metrics import count_error, metrics, observe_deciding
count_error("classifier")
observe_deciding(0.001)
metrics().set_queue(3)
if len(sys.argv) > 1:
    from prometheus_client import CollectorRegistry, generate_latest, multiprocess
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    print(generate_latest(registry).decode())
"""


def test_several_processes_add_up(tmp_path: Path) -> None:
    """In prometheus_client's multi-process mode, the one that LiteLLM uses with several workers."""
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for last in ([], ["print"]):
        command = [sys.executable, "-c", PROGRAM, *last]
        done = subprocess.run(command, env=env, check=True, capture_output=True, text=True, cwd=ROOT)  # noqa: S603 - own
    assert 'tier_router_errors_total{kind="classifier"} 2.0' in done.stdout
    assert "tier_router_deciding_seconds_count 2.0" in done.stdout
    assert "tier_router_store_queue" in done.stdout


def test_without_prometheus_client_nothing_happens() -> None:
    program = """
import sys
sys.modules["prometheus_client"] = None
import importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "prometheus_client" else real(name, *rest)
from litellm_router_plugin.ledger.metrics import count_error, metrics
count_error("x")
assert metrics() is None
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)  # noqa: S603 - the command is the test's own


def test_the_dashboard_asks_only_for_families_that_there_are(registry: CollectorRegistry) -> None:
    make_families(registry)
    known = {metric.name for metric in registry.collect()}
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text())
    asked = set(re.findall(r"tier_router_\w+", json.dumps(dashboard["panels"]) + json.dumps(dashboard["templating"])))
    assert asked
    for name in asked:
        base = re.sub(r"_(total|bucket|sum|count)$", "", name)
        assert base in known, name
    counted = known - {"tier_router_rating_scores", "tier_router_unpriced_requests"}
    assert {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in asked} >= counted - {
        "tier_router_failed_requests"
    }


def test_the_dashboard_is_one_that_loads() -> None:
    dashboard: dict[str, Any] = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    assert {"title", "uid", "schemaVersion", "time", "templating", "panels"} <= dashboard.keys()
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & own, f"{panel['title']} lies on another panel"
        cells |= own
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        for target in panel["targets"]:
            assert target["expr"].count("(") == target["expr"].count(")")
    assert {one["name"] for one in dashboard["templating"]["list"]} == {"datasource", "router"}
