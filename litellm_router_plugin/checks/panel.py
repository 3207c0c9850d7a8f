"""Runs checks over an answer and combines what they find."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.check_panel import combine
from litellm_router_plugin.core.ports import AnswerCheck
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.route_statistics import RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Verdict


def ignore_error(_check: str, _error: Exception) -> None:
    """Counts nothing; the default of a panel whose errors nobody collects."""


class CheckPanel:
    """The checks of one tier router. A check that raises is reported and otherwise counts as one that said nothing.

    Args:
        checks: In the order in which their reasons are given.
        on_error: Called with the check's name and the error.
    """

    def __init__(
        self, checks: Sequence[AnswerCheck], on_error: Callable[[str, Exception], None] = ignore_error
    ) -> None:
        self.checks = tuple(checks)
        self.prefix_checks = tuple(check for check in self.checks if check.reads_prefix)
        self._on_error = on_error

    def with_checks(self, checks: Sequence[AnswerCheck]) -> CheckPanel:
        """A panel of other checks whose errors are reported to the same place."""
        return CheckPanel(checks, self._on_error)

    def examine(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Verdict:
        """The verdict of all checks on a whole answer; accepted when none finds anything."""
        return combine(self.findings(self.checks, answer, request, route))

    def examine_prefix(self, answer: AnswerView, request: RequestView, route: RouteStatistics) -> Verdict:
        """The verdict on the first part of a stream, of the checks that can read one."""
        return combine(self.findings(self.prefix_checks, answer, request, route))

    def findings(
        self, checks: Sequence[AnswerCheck], answer: AnswerView, request: RequestView, route: RouteStatistics
    ) -> Sequence[Finding]:
        """What each of these checks says, in order."""
        found: list[Finding] = []
        for check in checks:
            try:
                finding = check.check(answer, request, route)
            except Exception as error:  # noqa: BLE001  a faulty check must not cost the client the answer
                self._on_error(check.name, error)
            else:
                if finding is not None:
                    found.append(finding)
        return found
