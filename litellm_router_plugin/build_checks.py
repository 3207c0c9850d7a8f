"""From the cascade's settings to running checks, graders and judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from litellm_router_plugin.checks.defaults import DETERMINISTIC, deterministic_checks
from litellm_router_plugin.checks.panel import CheckPanel
from litellm_router_plugin.checks.user import UserChecker
from litellm_router_plugin.classifiers.python import load_class
from litellm_router_plugin.config.cascade import CascadeSettings
from litellm_router_plugin.config.checks import PythonCheckSettings, enabled_checks
from litellm_router_plugin.config.judge import JudgeSettings, PromptFileSettings
from litellm_router_plugin.core.ports import Judge
from litellm_router_plugin.judges.llm import LlmJudge
from litellm_router_plugin.judges.policy import JudgeWithPolicy
from litellm_router_plugin.judges.prompt import load_prompt

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
