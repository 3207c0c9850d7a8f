from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.checks.defaults import deterministic_checks
from litellm_router_plugin.checks.panel import CheckPanel
from litellm_router_plugin.checks.route_features import route_values
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.check_panel import combine
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome, Verdict

FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from("abc"),
        st.sampled_from(list(Outcome)),
        st.sampled_from("xy"),
        st.none() | st.floats(0, 1),
    ),
    max_size=5,
)


@given(FINDINGS)
def test_one_rejection_decides_else_one_doubt_else_acceptance(findings: list[Finding]) -> None:
    verdict = combine(findings)
    outcomes = [finding.outcome for finding in findings]
    if Outcome.REJECT in outcomes:
        assert verdict.outcome is Outcome.REJECT
    elif Outcome.UNSURE in outcomes:
        assert verdict.outcome is Outcome.UNSURE
    else:
        assert verdict.outcome is Outcome.ACCEPT
    assert verdict.by == "checks"
    assert set(verdict.failed_checks) == {f.check for f in findings if f.outcome is Outcome.REJECT}
    estimates = [finding.p_ok for finding in findings if finding.p_ok is not None]
    assert verdict.quality == (min(estimates) if estimates else None)


@given(FINDINGS)
def test_the_order_of_findings_does_not_change_the_outcome(findings: list[Finding]) -> None:
    assert combine(findings).outcome is combine(findings[::-1]).outcome


def test_nothing_found_is_accepted_by_the_checks() -> None:
    assert combine([]) == Verdict(Outcome.ACCEPT, by="checks")


class Broken:
    name = "broken"
    reads_prefix = True

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:
        del request, route
        raise RuntimeError(answer.text)


class Doubting:
    name = "doubting"
    reads_prefix = False

    def check(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Finding | None:
        del answer, request, route
        return Finding(self.name, Outcome.UNSURE, "always")


def test_a_check_that_raises_is_reported_and_the_others_still_speak() -> None:
    errors: list[tuple[str, str]] = []
    panel = CheckPanel([Broken(), Doubting()], lambda name, error: errors.append((name, str(error))))
    verdict = panel.examine(AnswerView(text="hello"), RequestView(), NO_STATISTICS)
    assert verdict == Verdict(Outcome.UNSURE, by="checks", reason="doubting: always")
    assert errors == [("broken", "hello")]


def test_only_checks_that_can_read_a_prefix_do() -> None:
    panel = CheckPanel([Doubting()])
    prefix = AnswerView(text="hel", is_prefix=True)
    assert panel.examine_prefix(prefix, RequestView(), NO_STATISTICS).outcome is Outcome.ACCEPT
    assert panel.examine(prefix, RequestView(), NO_STATISTICS).outcome is Outcome.UNSURE


def test_the_default_panel_accepts_an_ordinary_answer_and_rejects_an_empty_one() -> None:
    panel = CheckPanel(deterministic_checks())
    request = RequestView(text="What is the capital of France?")
    assert panel.examine(AnswerView(text="Paris."), request, NO_STATISTICS).outcome is Outcome.ACCEPT
    rejected = panel.examine(AnswerView(text=" "), request, NO_STATISTICS)
    assert rejected.outcome is Outcome.REJECT
    assert rejected.failed_checks == ("empty",)


def test_route_features_leave_out_answers_known_only_in_part() -> None:
    assert route_values(AnswerView(text="x", is_prefix=True), RequestView()) == {}
    assert route_values(AnswerView(text="x", finish_reason="length"), RequestView()) == {}
    assert route_values(AnswerView(choices=0), RequestView()) == {}
    values = route_values(AnswerView(text="The answer is 4."), RequestView())
    assert values["mark_phrase"] == 1.0
    assert values["mark_tag"] == 0.0
