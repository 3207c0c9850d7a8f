"""The deterministic checks by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from litellm_router_plugin.checks.code import CodeCheck
from litellm_router_plugin.checks.empty import EmptyCheck
from litellm_router_plugin.checks.final_answer import FinalAnswerCheck
from litellm_router_plugin.checks.language import LanguageCheck
from litellm_router_plugin.checks.refusal import RefusalCheck
from litellm_router_plugin.checks.repetition import RepetitionCheck
from litellm_router_plugin.checks.structure import StructureCheck
from litellm_router_plugin.checks.tool_calls import ToolCallsCheck
from litellm_router_plugin.checks.truncated import TruncatedCheck
from litellm_router_plugin.core.ports import AnswerCheck

DETERMINISTIC: Mapping[str, Callable[[], AnswerCheck]] = MappingProxyType(
    {
        "empty": EmptyCheck,
        "refusal": RefusalCheck,
        "truncated": TruncatedCheck,
        "repetition": RepetitionCheck,
        "language": LanguageCheck,
        "structure": StructureCheck,
        "tool_calls": ToolCallsCheck,
        "code": CodeCheck,
        "final_answer": FinalAnswerCheck,
    }
)
"""Name -> the check; ``checks: default`` is all of them, in this order."""


def deterministic_checks(names: Iterable[str] = tuple(DETERMINISTIC)) -> tuple[AnswerCheck, ...]:
    """New checks of these names; raises `KeyError` on a name that is none of `DETERMINISTIC`."""
    return tuple(DETERMINISTIC[name]() for name in names)
