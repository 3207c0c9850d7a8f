"""Uses that a type checker must refuse: each line's ignore is itself an error once the line is accepted."""

from __future__ import annotations

from litellm_router_plugin import AnswerCheck, Classifier, Forecast, TierRouting
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.verdicts import Outcome, Verdict


class BlockingForecast:
    """Not a classifier: it does not await."""

    def forecast(self, request: RequestView, calls: object) -> Forecast:
        del request, calls
        return Forecast()


class NamelessCheck:
    """Not a check: it has no name."""

    def check(self, answer: AnswerView, request: RequestView) -> None:
        del answer, request


classifier: Classifier = BlockingForecast()  # type: ignore[assignment]
check: AnswerCheck = NamelessCheck()  # type: ignore[assignment]
wrong_cause = Forecast("premium", "guess")  # type: ignore[arg-type]
wrong_outcome = Verdict("accept")  # type: ignore[arg-type]
right_outcome = Verdict(Outcome.ACCEPT)


def change(view: RequestView, routing: TierRouting) -> None:
    view.text = "records are frozen"  # type: ignore[misc]
    routing.summary(3)  # type: ignore[arg-type]
