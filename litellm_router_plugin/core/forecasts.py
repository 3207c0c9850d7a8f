"""What a classifier says before the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from litellm_router_plugin.core.frozen import empty

ClassifierCause = Literal["rule", "domain", "context", "learned", "llm", "embedding", "python", "default"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """A classifier's view of a request.

    Attributes:
        tier: The tier it proposes; None when nothing speaks for any (the default tier is taken).
        cause: Which kind of classifier spoke; ``default`` when none did.
        signals: What fired, in words fit for a log: pattern names, keywords, thresholds. Never prompt text.
        p_success: Tier name -> P(that tier's model answers well enough), where the classifier estimates it.
        confidence: P(the proposed tier is the right one), 0..1; None when the kind has no such notion.
        difficulty: 0..1, how hard the prompt is for models in general; None when not estimated.
        abstained: The prompt is unlike anything the classifier knows; ``tier`` is then its cautious choice.
        expected_cost: Tier name -> expected cost of one answer in USD, where estimated.
        usual_success: Tier name -> mean P(success) over the kinds of prompt that the classifier knows: what is to be
            expected of one that it does not know.
        value_usd: What a good answer is worth, as the classifier's target says; None where it says nothing of that.
        failed: The classifier failed and its failure policy chose ``tier`` (None: the default tier).
    """

    tier: str | None = None
    cause: ClassifierCause = "default"
    signals: tuple[str, ...] = ()
    p_success: Mapping[str, float] = field(default_factory=empty, hash=False)
    confidence: float | None = None
    difficulty: float | None = None
    abstained: bool = False
    expected_cost: Mapping[str, float] = field(default_factory=empty, hash=False)
    usual_success: Mapping[str, float] = field(default_factory=empty, hash=False)
    value_usd: float | None = None
    failed: bool = False


NOTHING_FIRED = Forecast()
