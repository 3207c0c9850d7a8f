"""Our classifier inside LiteLLM's own complexity router, named by dotted path in its YAML.

.. code-block:: yaml

    complexity_router_config:
      tiers: {SIMPLE: gpt-4o-mini, MEDIUM: gpt-4o, COMPLEX: claude-opus}
      classifier_type: custom
      classifier_plugin: litellm_router_plugin.host.classifier_plugin.learned
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Protocol

from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.learning.learned_classifier import LearnedClassifier

TIERS = ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")
"""LiteLLM's own tiers, cheapest first."""
LOWEST_DIFFICULTY: Mapping[str, float] = {"SIMPLE": 0.0, "MEDIUM": 0.33, "COMPLEX": 0.5, "REASONING": 0.75}
"""Difficulty from which a tier is proposed: about the 40, 70 and 90 % quantiles over the prompts that the shipped model
was trained on. LiteLLM does not say which models stand behind its tiers when it asks, so the forecast of difficulty
for models in general decides."""


class RoutingContext(Protocol):
    """What LiteLLM hands to a classifier."""

    structured_messages: Sequence[Mapping[str, object]]
    raw_messages: Sequence[Mapping[str, object]]


class DifficultyPlugin:
    """Names one of LiteLLM's tiers by the learned difficulty of a prompt; None when it does not know the kind."""

    @cached_property
    def classifier(self) -> LearnedClassifier:
        """The shipped model, loaded when it is first asked."""
        return LearnedClassifier.default()

    async def classify(self, context: RoutingContext) -> str | None:
        """The tier of a request, or None to leave it to LiteLLM's ``classifier_fallback``."""
        messages = context.structured_messages or context.raw_messages
        forecast = self.classifier.forecast(list(messages))
        if forecast.abstained or forecast.difficulty is None or not read_request(messages).text:
            return None
        return [tier for tier in TIERS if forecast.difficulty >= LOWEST_DIFFICULTY[tier]][-1]


learned = DifficultyPlugin()
"""The object that YAML names."""
