"""From the cascade's settings to running checks, graders and judge."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from litellm_router_plugin.checks.agreement import SecondOpinion
from litellm_router_plugin.checks.defaults import DETERMINISTIC, deterministic_checks
from litellm_router_plugin.checks.panel import CheckPanel
from litellm_router_plugin.checks.user import UserChecker
from litellm_router_plugin.classifiers.python import load_class
from litellm_router_plugin.config.cascade import CascadeSettings
from litellm_router_plugin.config.checks import (
    AgreementCheckSettings,
    LearnedCheckSettings,
    PythonCheckSettings,
    enabled_checks,
)
from litellm_router_plugin.config.judge import JudgeSettings, PromptFileSettings
from litellm_router_plugin.config.routes import RouteSettings
from litellm_router_plugin.core.cascade_prices import cascade_can_pay
from litellm_router_plugin.core.money import Price, Usage, cost_at
from litellm_router_plugin.core.ports import AnswerCheck, Judge
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ArtefactError, ConfigError
from litellm_router_plugin.judges.llm import LlmJudge
from litellm_router_plugin.judges.policy import JudgeWithPolicy
from litellm_router_plugin.judges.prompt import load_prompt

if TYPE_CHECKING:
    from litellm_router_plugin.checks.learned import LearnedCheck

TYPICAL_PROMPT_TOKENS = 400
"""Prompt tokens at which set-ups are judged by their prices. A round guess: prices per token differ far more
between tiers than token counts do between requests."""
TYPICAL_ANSWER_TOKENS = 300
JUDGE_PROMPT_TOKENS = 250
"""Tokens of the shipped judge prompts around question and answer."""
JUDGE_REPLY_TOKENS = 10
TYPICAL = Usage(TYPICAL_PROMPT_TOKENS, TYPICAL_ANSWER_TOKENS)
JUDGE_READS = Usage(TYPICAL_PROMPT_TOKENS + TYPICAL_ANSWER_TOKENS + JUDGE_PROMPT_TOKENS, JUDGE_REPLY_TOKENS)

logger = logging.getLogger("litellm_router_plugin")

OnFault = Callable[[str, Exception], None]
"""Told which part failed, and with what."""


@dataclass(frozen=True, slots=True)
class Graders:
    """Who reads a draft, in this order.

    Attributes:
        panel: The local checks.
        own: The user's own checkers.
        judge: The model that is asked; None when nobody is.
        judge_group: The judge's model group; empty without a judge.
        second: A second model whose answer is compared; None without one.
        learned: The learned check among the local ones; where there is one the statistics of its features are kept.
        on_fault: Counts a second model that gave no answer.
        asks_always: The judge is asked about every draft that nobody rejected, not only about doubtful ones.
    """

    panel: CheckPanel
    own: tuple[Judge, ...] = ()
    judge: Judge | None = None
    judge_group: str = ""
    second: SecondOpinion | None = None
    learned: LearnedCheck | None = None
    asks_always: bool = False
    on_fault: OnFault | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """The model groups that are called to grade."""
        second = self.second.model_group if self.second is not None else ""
        return tuple(group for group in (self.judge_group, second) if group)


def build_graders(settings: CascadeSettings, where: str, on_fault: OnFault, checker: object = None) -> Graders:
    """Build everybody who grades.

    Args:
        settings: The cascade's settings.
        where: Their path; errors are told under it.
        on_fault: Counts failures.
        checker: A checker given in code, beside those in the settings.

    Raises:
        ConfigError: A prompt, a path or a checker that cannot be used.
    """
    enabled = enabled_checks(settings.checks)
    local: list[AnswerCheck] = list(deterministic_checks([name for name in enabled if name in DETERMINISTIC]))
    wanted = enabled.get("learned")
    learned = _learned_check(wanted, f"{where}.checks.learned") if isinstance(wanted, LearnedCheckSettings) else None
    if learned is not None:
        local.append(learned)
    agreement = enabled.get("agreement")
    own: list[Judge] = []
    python = enabled.get("python")
    if isinstance(python, PythonCheckSettings):
        own.append(_user_checker(python, f"{where}.checks.python.path", on_fault))
    if checker is not None:
        own.append(UserChecker(checker, on_error=lambda error: on_fault("checker", error)))
    return Graders(
        panel=CheckPanel(local, on_error=lambda name, error: on_fault(f"check.{name}", error)),
        own=tuple(own),
        judge=None if settings.judge is None else build_judge(settings.judge, on_fault),
        judge_group="" if settings.judge is None else settings.judge.model,
        second=SecondOpinion(agreement.model_group) if isinstance(agreement, AgreementCheckSettings) else None,
        learned=learned,
        on_fault=on_fault,
        asks_always=settings.judge is not None and settings.judge.ask == "always",
    )


def build_judge(settings: JudgeSettings, on_fault: OnFault) -> Judge:
    """The judge, with its failure policy; raises `ConfigError` on a prompt that cannot be used."""
    prompt = settings.prompt.path if isinstance(settings.prompt, PromptFileSettings) else settings.prompt
    judge = LlmJudge(settings.model, load_prompt(prompt), threshold=settings.threshold, timeout_s=settings.timeout_s)
    return JudgeWithPolicy(judge, settings.on_failure, on_error=lambda error: on_fault("judge", error))


def on_route(graders: Graders, route: RouteSettings) -> Graders:
    """The same graders with what was learned of one route: the learned check's range, the judge's threshold."""
    found = graders
    if route.learned_check is not None and graders.learned is not None:
        learned = graders.learned.calibrated_to(route.learned_check.unsure)
        checks = [learned if check is graders.learned else check for check in graders.panel.checks]
        found = replace(found, panel=graders.panel.with_checks(checks), learned=learned)
    judge = graders.judge
    if route.judge_threshold is not None and isinstance(judge, JudgeWithPolicy) and isinstance(judge.judge, LlmJudge):
        found = replace(found, judge=judge.with_judge(judge.judge.with_threshold(route.judge_threshold)))
    return found


def _learned_check(settings: LearnedCheckSettings, where: str) -> LearnedCheck:
    from litellm_router_plugin.checks.learned import LearnedCheck  # noqa: PLC0415  numpy, only where used
    from litellm_router_plugin.learning.answer_check_artefact import default_answer_check  # noqa: PLC0415  same

    try:
        return LearnedCheck(default_answer_check(), settings.unsure)
    except ArtefactError as error:
        raise ConfigError(where, str(error), "Install the package again") from error


def _user_checker(settings: PythonCheckSettings, where: str, on_fault: OnFault) -> UserChecker:
    return UserChecker(
        load_class(settings.path, where),
        threshold=settings.threshold,
        timeout_s=settings.timeout_s,
        on_failure=settings.on_failure,
        on_error=lambda error: on_fault("checker", error),
    )


def check_cascade_pays(
    settings: CascadeSettings, where: str, ladder: Ladder, prices: Mapping[str, Price | None]
) -> None:
    """Refuse a judge that cannot pay on any step of the ladder, and warn of steps that cannot or hardly pay.

    Args:
        settings: The cascade's settings.
        where: Their path.
        ladder: The tiers.
        prices: Tier name and judge group -> price; nothing is said where one is unknown.

    Raises:
        ConfigError: The judge is asked about every draft, and every step then costs more than going straight up.
    """
    known = [price for tier in ladder if (price := prices.get(tier.name)) is not None]
    judge = settings.judge
    judge_price = None if judge is None else prices.get(judge.model)
    if len(known) < len(ladder) or (judge is not None and judge_price is None):
        return
    asks_always = judge is not None and judge.ask == "always"
    findings = cascade_can_pay(
        ladder.names,
        [cost_at(price, TYPICAL) for price in known],
        judge_usd=cost_at(judge_price, JUDGE_READS) if asks_always and judge_price is not None else Decimal(0),
    )
    refused = [finding for finding in findings if finding.severity == "refuse"]
    if asks_always and judge is not None and len(refused) == len(ladder) - 1:
        raise ConfigError(
            f"{where}.judge.model",
            f"asking {judge.model!r} about every draft can never pay (at a prompt of {TYPICAL_PROMPT_TOKENS} and an "
            f"answer of {TYPICAL_ANSWER_TOKENS} tokens): " + "; ".join(finding.message for finding in refused),
            "Name a cheaper judge, write `ask: when_unsure`, or leave the judge out",
        )
    for finding in findings:
        logger.warning("%s: %s", where, finding.message)
