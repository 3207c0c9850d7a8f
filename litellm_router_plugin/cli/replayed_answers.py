"""``evaluate --answers``: the policies of the cascade over recorded answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.ladders import RecordedLadder
from litellm_router_plugin.evaluation.models import SuccessModel
from litellm_router_plugin.evaluation.prices import Prices
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.evaluation.scopes import Draws


@dataclass(frozen=True, slots=True)
class Replay:
    """What is replayed.

    Attributes:
        answers: The file of recorded answers.
        prices: By model.
        second: The model that gives second opinions; None: nobody does.
        judge: The model at whose price the simulated judge works; None: the cheapest tier's.
        model: Forecasts before the call; None: no policy that needs them.
        strict: Stop at the first bad line of the answers.
    """

    answers: Path
    prices: Prices
    second: str | None
    judge: str | None
    model: SuccessModel | None
    draws: Draws
    strict: bool = False


def replayed(
    replay: Replay, ladders: Sequence[RecordedLadder], fit: Sequence[OutcomeRow], scored: Sequence[OutcomeRow] | None
) -> str:
    """Quality, saving and escalations of each policy as Markdown, source by source and pooled, with intervals.

    Raises:
        DataError: There is not exactly one ladder, no scored rows, no row that can be replayed, or a price is missing.
    """
    from litellm_router_plugin.checks.learned import LearnedCheck  # noqa: PLC0415  numpy, only if used
    from litellm_router_plugin.evaluation.answers_figures import as_text  # noqa: PLC0415  same
    from litellm_router_plugin.evaluation.answers_report import AnswerEvaluation, evaluate_answers  # noqa: PLC0415  same
    from litellm_router_plugin.evaluation.answers_rows import read_texts  # noqa: PLC0415  same
    from litellm_router_plugin.learning.answer_check_artefact import default_answer_check  # noqa: PLC0415  same

    if len(ladders) != 1:
        raise DataError(
            "--ladder", 0, f"--answers replays one ladder, and {len(ladders)} are named. Give --ladder once"
        )
    if scored is None:
        raise DataError("--dev", 0, "needed with --answers: settings are fixed on --data and served on --dev")
    texts, bad = read_texts(replay.answers, strict=replay.strict)
    setup = AnswerEvaluation(
        ladder=ladders[0],
        texts=texts,
        prices=replay.prices,
        learned=LearnedCheck(default_answer_check()),
        draws=replay.draws,
        second=replay.second,
        judge=replay.judge,
        success=replay.model,
    )
    told = "".join(f"{error}\n" for error in bad)
    return told + as_text(evaluate_answers(setup, fit, scored))
