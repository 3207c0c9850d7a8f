"""The life of a decision in the ledger: pending, final, corrected late, forgotten; with many threads at once."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from decimal import Decimal

import pytest
from ledger_strategies import BASELINE, PRICES, Event, MadeCall, MadeRequest, entered, one_call, one_request

from litellm_router_plugin.core.money import Usage
from litellm_router_plugin.core.verdicts import UNCHECKED, Outcome, Verdict
from litellm_router_plugin.ledger import ledger as ledger_module
from litellm_router_plugin.ledger.ledger import OTHER_KEYS, SETTLE_WITHIN_S, Ledger
from litellm_router_plugin.ledger.records import CallRecord, DecisionRecord, Owner, SettledCall
from litellm_router_plugin.ledger.totals import acceptance
from litellm_router_plugin.ledger.views import decision_view

COST = Decimal("0.00021")
"""Of one made-up call on the cheap tier."""


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def state(ledger: Ledger, decision_id: str = "d") -> tuple[str, Decimal | None]:
    record = ledger.decision(decision_id)
    assert record is not None
    return record.cost_state, record.cost


def test_a_decision_is_pending_until_it_is_closed_and_every_call_has_reported() -> None:
    ledger = Ledger()
    made = one_request(one_call(call_id="a"), one_call("standard", call_id="b"), served=1)
    made.start(ledger)
    seen = [state(ledger)]
    for event in (made.calls[1].event(), made.close, made.calls[0].event()):
        assert ledger.totals().requests == 0
        event(ledger)
        seen.append(state(ledger))
    assert seen == [("pending", None)] * 3 + [("final", Decimal("0.00371"))]
    assert (ledger.totals().requests, ledger.pending()) == (1, 0)


def test_a_call_that_does_not_report_in_time_makes_the_cost_unknown() -> None:
    clock = Clock()
    ledger = Ledger(clock)
    made = one_request(one_call())
    made.start(ledger)
    made.close(ledger)
    clock.now += SETTLE_WITHIN_S - 1
    ledger.sweep()
    assert state(ledger) == ("pending", None)
    assert ledger.open_calls() == 1
    clock.now += 2
    ledger.sweep()
    assert state(ledger) == ("unknown", None)
    assert (ledger.totals().unpriced, ledger.open_calls(), ledger.pending()) == (1, 0, 0)


def test_a_request_that_is_still_running_is_not_given_up() -> None:
    clock = Clock()
    ledger = Ledger(clock)
    one_request(one_call()).start(ledger)
    clock.now += 10 * SETTLE_WITHIN_S
    ledger.sweep()
    assert (state(ledger)[0], ledger.pending(), ledger.open_calls()) == ("pending", 1, 0)


def test_a_row_that_comes_after_it_was_given_up_corrects_the_totals() -> None:
    clock = Clock()
    ledger = Ledger(clock)
    made = one_request(one_call())
    made.start(ledger)
    made.close(ledger)
    clock.now += SETTLE_WITHIN_S + 1
    ledger.sweep()
    made.calls[0].event()(ledger)
    totals = ledger.totals()
    assert state(ledger) == ("final", COST)
    assert (totals.requests, totals.unpriced, totals.total_cost) == (1, 0, COST)
    assert totals.always(BASELINE) == Decimal("0.0225")


def test_a_row_of_a_call_that_was_thought_failed_corrects_the_totals() -> None:
    ledger = entered(one_request(one_call("cheap", "failed"), served=0))
    one_call().event()(ledger)
    assert state(ledger) == ("final", COST)
    assert ledger.totals().total_cost == COST


def test_a_second_row_under_one_call_id_is_added_to_the_first() -> None:
    made = one_request(one_call())
    ledger = entered(made)
    made.calls[0].event()(ledger)
    record = ledger.decision("d")
    assert record is not None
    assert [call.call_id for call in record.calls] == ["c", "c#1"]
    assert (record.cost, ledger.totals().total_cost, ledger.totals().requests) == (2 * COST, 2 * COST, 1)


@pytest.mark.parametrize("end", ["failed", "lost"])
def test_the_end_of_a_call_that_has_settled_changes_nothing(end: str) -> None:
    ledger = entered(one_request(one_call()))
    if end == "failed":
        ledger.fail_call("c")
    else:
        ledger.lose_call("c")
    assert state(ledger) == ("final", COST)


def test_calls_and_decisions_that_are_not_ours_are_passed_over() -> None:
    ledger = Ledger()
    assert ledger.settle("foreign", SettledCall("m", Usage(1), Decimal(1))) is False
    ledger.fail_call("foreign")
    ledger.lose_call("foreign")
    ledger.note_verdict("foreign", Verdict(Outcome.REJECT, by="judge"))
    ledger.start_call("unknown", CallRecord("c", "attempt"))
    ledger.describe("unknown", tier="premium")
    ledger.discard("unknown")
    ledger.close("unknown", served_call=None, tier="cheap", cause="rule", escalated=False)
    assert ledger.decision("unknown") is None
    assert (ledger.totals().requests, ledger.pending()) == (0, 0)


def test_closing_twice_keeps_the_first() -> None:
    ledger = entered(one_request(one_call()))
    ledger.close("d", served_call=None, tier="premium", cause="cap", escalated=True)
    record = ledger.decision("d")
    assert record is not None
    assert (record.tier, record.cause, record.escalated, record.served_call) == ("cheap", "rule", False, "c")


def test_a_refused_request_leaves_the_books_unless_it_cost_something() -> None:
    ledger = Ledger()
    one_request().start(ledger)
    ledger.discard("d")
    assert ledger.decision("d") is None
    assert ledger.pending() == 0
    made = one_request(one_call(role="classifier"), served=None)
    made.start(ledger)
    ledger.discard("d")
    for event in made.events():
        event(ledger)
    assert (ledger.totals().failed, ledger.totals().total_cost) == (1, COST)


def test_a_decision_that_is_read_is_a_copy() -> None:
    ledger = entered(one_request(one_call()))
    record = ledger.decision("d")
    assert record is not None
    record.tier = "premium"
    record.calls[0].cost = Decimal(99)
    assert state(ledger) == ("final", COST)
    again = ledger.decision("d")
    assert again is not None
    assert again.tier == "cheap"


def test_a_call_leads_to_its_decision() -> None:
    ledger = entered(one_request(one_call()))
    assert (ledger.decision_of_call("c"), ledger.decision_of_call("x")) == ("d", None)


def test_listeners_hear_of_each_decision_once_it_is_final_and_again_when_it_is_corrected() -> None:
    heard: list[tuple[str, Decimal | None]] = []
    ledger = Ledger(on_final=[lambda record: heard.append((record.decision_id, record.cost))])
    made = one_request(one_call())
    made.start(ledger)
    made.close(ledger)
    assert heard == []
    made.calls[0].event()(ledger)
    made.calls[0].event()(ledger)
    assert heard == [("d", COST), ("d", 2 * COST)]


def test_verdicts_are_counted_once_a_call_and_only_if_somebody_looked() -> None:
    ledger = Ledger()
    calls = [one_call(tier, call_id=f"{tier}{n}") for tier in ("cheap", "standard") for n in range(2)]
    one_request(*calls).start(ledger)
    ledger.note_verdict("cheap0", Verdict(Outcome.REJECT, by="checks", failed_checks=("empty",)))
    ledger.note_verdict("cheap0", Verdict(Outcome.REJECT, by="checks", failed_checks=("empty",)))
    ledger.note_verdict("cheap1", Verdict(Outcome.UNSURE, by="checks"))
    ledger.note_verdict("standard0", UNCHECKED)
    totals = ledger.totals()
    assert acceptance(totals, ("cheap", "standard")) == {"cheap": 0.5, "standard": None}
    record = ledger.decision("d")
    assert record is not None
    assert [(call.verdict, call.failed_checks) for call in record.calls[:2]] == [("reject", ("empty",)), ("unsure", ())]
    assert record.calls[0].verdict_by == "checks"


def test_memory_is_bounded_and_what_is_forgotten_stays_in_the_totals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "MAX_DECISIONS", 10)
    dropped: list[int] = []
    ledger = Ledger(on_dropped=dropped.append)
    for n in range(100):
        entered(one_request(one_call(call_id=f"c{n}"), decision_id=f"d{n}"), ledger=ledger)
        ledger.note_verdict(f"c{n}", Verdict(Outcome.ACCEPT, by="checks"))
    held: Sequence[object] = [
        ledger._decisions,
        ledger._decision_of_call,
        ledger._counted,
        ledger._verdicts_counted,
    ]
    assert [len(part) for part in held if isinstance(part, dict | set)] == [10] * 4
    assert (ledger.totals().requests, ledger.totals().total_cost) == (100, 100 * COST)
    assert ledger.decision("d0") is None
    assert dropped == []
    ledger.settle("c0", SettledCall("m", Usage(1), Decimal(1)))
    assert ledger.totals().total_cost == 100 * COST


def test_requests_that_are_forgotten_before_they_are_final_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "MAX_DECISIONS", 10)
    dropped: list[int] = []
    ledger = Ledger(on_dropped=dropped.append)
    for n in range(12):
        one_request(one_call(call_id=f"c{n}"), decision_id=f"d{n}").start(ledger)
    assert (sum(dropped), ledger.pending()) == (2, 10)


def test_further_keys_than_have_totals_of_their_own_share_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "MAX_OWNERS", 3)
    ledger = Ledger()
    for n in range(10):
        made = MadeRequest(f"d{n}", (one_call(call_id=f"c{n}"),), 0, Owner(f"key-{n}"))
        entered(made, ledger=ledger)
    assert ledger.totals().requests == 10
    assert [ledger.totals(owner_key=f"key-{n}").requests for n in range(5)] == [1, 1, 1, 0, 0]
    assert ledger.totals(owner_key=OTHER_KEYS).requests == 7


def test_pending_requests_are_counted_by_router_and_key() -> None:
    ledger = Ledger()
    MadeRequest("a", (one_call(call_id="a"),), 0, Owner("key-1")).start(ledger)
    MadeRequest("b", (one_call(call_id="b"),), 0, Owner("key-2"), router="other").start(ledger)
    assert (ledger.pending(), ledger.pending("smart"), ledger.pending("other", "key-2")) == (2, 1, 1)
    assert ledger.pending("smart", "key-2") == 0


def test_many_threads_lose_no_call_and_count_none_twice() -> None:
    ledger = Ledger()
    made = [
        one_request(
            *(one_call(role=role, call_id=f"{n}/{role}") for role in ("attempt", "judge", "classifier")),
            decision_id=f"d{n}",
        )
        for n in range(300)
    ]
    for request in made:
        request.start(ledger)
    events: list[Event] = [event for request in made for event in request.events()]
    random.Random(5).shuffle(events)  # noqa: S311 - an order, no secret
    failures: list[BaseException] = []

    def play(part: Sequence[Event]) -> None:
        try:
            for event in part:
                event(ledger)
                ledger.totals()
                ledger.sweep()
        except BaseException as error:  # noqa: BLE001 - told to the main thread
            failures.append(error)

    threads = [threading.Thread(target=play, args=(events[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (ledger.totals().requests, ledger.pending()) == (300, 0)
    assert ledger.totals().total_cost == 900 * COST


def test_a_decision_shows_every_call_and_what_they_cost() -> None:
    calls = (
        one_call("cheap", call_id="draft"),
        one_call(role="judge", call_id="judge"),
        one_call("standard", call_id="answer"),
    )
    ledger = Ledger()
    made = one_request(*calls, served=2)
    made.start(ledger)
    ledger.describe("d", signals=("keyword: proof",), p_success={"cheap": 0.4}, cascade="on", start_tier="cheap")
    ledger.note_verdict("draft", Verdict(Outcome.REJECT, by="checks", failed_checks=("refusal",)))
    for event in made.events():
        event(ledger)
    record = ledger.decision("d")
    assert record is not None
    view = decision_view(record)
    attempts, others = view["attempts"], view["other_calls"]
    assert isinstance(attempts, list)
    assert [(a["tier"], a["cost_usd"], a["verdict"], a["failed_checks"]) for a in attempts] == [
        ("cheap", 0.00021, "reject", ["refusal"]),
        ("standard", 0.0035, None, []),
    ]
    assert others == [{"role": "judge", "model": "model-", "cost_usd": 0.00021, "status": "settled"}]
    assert (view["tier"], view["escalated"], view["cost_state"], view["start_tier"]) == (
        "standard",
        True,
        "final",
        "cheap",
    )
    assert view["cost_usd"] == pytest.approx(0.00392)
    assert view["savings_usd"] == pytest.approx(0.0225 - 0.00392)
    assert (view["signals"], view["p_success"]) == (["keyword: proof"], {"cheap": 0.4})


def test_a_pending_decision_shows_no_amounts() -> None:
    ledger = Ledger()
    one_request(one_call()).start(ledger)
    record = ledger.decision("d")
    assert record is not None
    view = decision_view(record)
    assert (view["cost_state"], view["cost_usd"], view["savings_usd"]) == ("pending", None, None)


def test_an_unfinished_record_knows_no_call_by_another_name() -> None:
    record = DecisionRecord("d", "smart", "cheap", "rule", prices=PRICES, baseline=BASELINE)
    assert record.served is None
    assert record.call("c") is None
    made: MadeCall = one_call()
    record.calls.append(CallRecord(made.call_id, made.role))
    assert record.call("c") is record.calls[0]
