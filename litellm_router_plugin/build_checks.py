"""From the cascade's settings to running checks, graders and judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from litellm_router_plugin.checks.defaults import DETERMINISTIC, deterministic_checks
from litellm_router_plugin.checks.panel import CheckPanel
from litellm_router_plugin.checks.user import UserChecker
from litellm_router_plugin.classifiers.python import load_class
from litellm_router_plugin.config.cascade import CascadeSettings
from litellm_router_plugin.config.checks import PythonCheckSettings, enabled_checks
from litellm_router_plugin.config.judge import JudgeSettings, PromptFileSettings
from litellm_router_plugin.core.judge_economics import judge_can_pay
from litellm_router_plugin.core.money import Price, Usage, cost_at
from litellm_router_plugin.core.ports import Judge
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ConfigError
from litellm_router_plugin.judges.llm import LlmJudge
from litellm_router_plugin.judges.policy import JudgeWithPolicy
from litellm_router_plugin.judges.prompt import load_prompt

TYPICAL_PROMPT_TOKENS = 400
"""Prompt tokens at which set-ups are judged by their prices. A round guess: prices per token differ far more
between tiers than token counts do between requests."""
TYPICAL_ANSWER_TOKENS = 300
JUDGE_PROMPT_TOKENS = 250
"""Tokens of the shipped judge prompts around question and answer."""
JUDGE_REPLY_TOKENS = 10
TYPICAL = Usage(TYPICAL_PROMPT_TOKENS, TYPICAL_ANSWER_TOKENS)

OnFault = Callable[[str, Exception], None]
"""Told which part failed, and with what."""


@dataclass(frozen=True, slots=True)
class Graders:
    """Who reads a draft, in this order.

    Attributes:
        panel: The local checks.
        own: The user's own checkers.
        judge: The model that is asked; None when nobody is.
        asks_always: The judge is asked about every draft that nobody rejected, not only about doubtful ones.
    """

    panel: CheckPanel
    own: tuple[Judge, ...] = ()
    judge: Judge | None = None
    asks_always: bool = False

    @property
    def can_reject_whole(self) -> bool:
        """Whether anybody beside the local checks grades whole answers."""
        return bool(self.own) or self.judge is not None


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
    local = deterministic_checks([name for name in enabled if name in DETERMINISTIC])
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
        asks_always=settings.judge is not None and settings.judge.ask == "always",
    )


def build_judge(settings: JudgeSettings, on_fault: OnFault) -> Judge:
    """The judge, with its failure policy; raises `ConfigError` on a prompt that cannot be used."""
    prompt = settings.prompt.path if isinstance(settings.prompt, PromptFileSettings) else settings.prompt
    judge = LlmJudge(settings.model, load_prompt(prompt), threshold=settings.threshold, timeout_s=settings.timeout_s)
    return JudgeWithPolicy(judge, settings.on_failure, on_error=lambda error: on_fault("judge", error))


def _user_checker(settings: PythonCheckSettings, where: str, on_fault: OnFault) -> UserChecker:
    return UserChecker(
        load_class(settings.path, where),
        threshold=settings.threshold,
        timeout_s=settings.timeout_s,
        on_failure=settings.on_failure,
        on_error=lambda error: on_fault("checker", error),
    )


def check_judge_pays(settings: CascadeSettings, where: str, ladder: Ladder, prices: Mapping[str, Price | None]) -> None:
    """Refuse a judge that cannot pay at any acceptance rate, on any step of the ladder.

    Args:
        settings: The cascade's settings.
        where: Their path.
        ladder: The tiers.
        prices: Tier name and judge group -> price; nothing is refused where one is unknown.

    Raises:
        ConfigError: Every step costs more with draft and judge than going straight up.
    """
    judge = settings.judge
    price = None if judge is None else prices.get(judge.model)
    if judge is None or price is None:
        return
    reads = Usage(TYPICAL_PROMPT_TOKENS + TYPICAL_ANSWER_TOKENS + JUDGE_PROMPT_TOKENS, JUDGE_REPLY_TOKENS)
    judge_cost = cost_at(price, reads)
    shares = {}
    for lower, upper in pairwise(ladder):
        below, above = prices.get(lower.name), prices.get(upper.name)
        if below is None or above is None:
            return
        economics = judge_can_pay(cost_at(below, TYPICAL), judge_cost, cost_at(above, TYPICAL))
        if economics.can_pay or judge.ask == "when_unsure":
            return
        shares[f"{lower.name} to {upper.name}"] = economics.break_even_acceptance
    arithmetic = ", ".join(f"{step}: {_percent(share)}" for step, share in shares.items())
    raise ConfigError(
        f"{where}.judge.model",
        f"asking {judge.model!r} about every draft can never pay. Share of drafts that would have to be accepted "
        f"(a prompt of {TYPICAL_PROMPT_TOKENS} and an answer of {TYPICAL_ANSWER_TOKENS} tokens): {arithmetic}",
        "Name a cheaper judge, write `ask: when_unsure`, or leave the judge out",
    )


def _percent(share: Decimal | None) -> str:
    return "the target costs nothing" if share is None else f"{100 * share:.0f} %"
