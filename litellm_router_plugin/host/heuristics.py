"""LiteLLM's own complexity heuristics, as yardsticks for the evaluation.

They are imported when first asked, since importing LiteLLM takes seconds. The parts used are not declared as API by
LiteLLM; a version that lacks them says so instead of giving other numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, cast

from litellm_router_plugin.errors import UnsupportedHost

if TYPE_CHECKING:
    from litellm.router import Router
    from litellm.router_strategy.complexity_router.complexity_router import ComplexityRouter

LEVELS = ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")
"""LiteLLM's levels, simplest first; their positions are the levels given back."""
UNCALLED_MODEL = "never-called"
"""Stands for the models of LiteLLM's tiers: nothing is called here."""


@cache
def _complexity_router(classifier_type: str) -> ComplexityRouter:
    try:
        from litellm.router_strategy.complexity_router.complexity_router import (  # noqa: PLC0415  takes seconds
            ComplexityRouter,
        )
    except ImportError as error:
        raise UnsupportedHost(f"this LiteLLM has no complexity router ({error}); install 1.106 or newer") from error
    config = {"tiers": dict.fromkeys(LEVELS, UNCALLED_MODEL), "classifier_type": classifier_type}
    try:
        return ComplexityRouter(
            model_name=UNCALLED_MODEL,
            litellm_router_instance=cast("Router", None),
            complexity_router_config=config,
            derive_savings_baseline=False,
        )
    except (TypeError, ValueError) as error:
        raise UnsupportedHost(f"this LiteLLM does not know the classifier {classifier_type!r} ({error})") from error


def heuristic_v1_scores(texts: Sequence[str]) -> list[tuple[int, float]]:
    """For each text its level (0 simplest … 3) and LiteLLM's weighted score; higher is harder.

    Raises:
        UnsupportedHost: The installed LiteLLM has no such heuristic.
    """
    classify: Callable[[str], tuple[object, float, object]] = _complexity_router("heuristic").classify
    scored = [classify(text) for text in texts]
    return [(_level(tier), float(score)) for tier, score, _ in scored]


def heuristic_v2_scores(texts: Sequence[str]) -> list[tuple[int, float]]:
    """For each text its level (0 simplest … 3) and 1 - P(the simplest level suffices); higher is harder.

    Raises:
        UnsupportedHost: The installed LiteLLM has no such heuristic.
    """
    router = _complexity_router("heuristic_v2")
    classify = getattr(router, "_classify_with_heuristic_v2", None)
    if classify is None:
        raise UnsupportedHost("this LiteLLM has no heuristic_v2; install 1.106 or newer")
    return [_forecast(classify(text).heuristic_v2_forecast) for text in texts]


def _forecast(forecast: Mapping[str, object]) -> tuple[int, float]:
    probabilities = cast("Mapping[str, float]", forecast["probabilities"])
    return _level(forecast["predicted_tier"]), 1.0 - probabilities[LEVELS[0]]


def _level(tier: object) -> int:
    return LEVELS.index(str(getattr(tier, "value", tier)))
