"""What a client is told about its request, as response headers and in ``_hidden_params["tier_router"]``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

PREFIX = "x-tier-router-"
DECIMALS = 15
"""Decimals of an amount in a header: USD 1e-15 is a millionth of the cheapest token."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a request when its answer, or its error, is handed to the host.

    Attributes:
        cost: USD of every call of the request; None unless all are finished and priced.
        savings: Baseline minus cost, in USD; None where the cost or the baseline is.
    """

    decision_id: str
    tier: str
    cause: str
    attempts: int
    escalated: bool
    experiment: str = ""
    offline: bool = False
    cost: Decimal | None = None
    savings: Decimal | None = None

    def headers(self) -> dict[str, str]:
        """As response headers; what is unknown is left out, never 0."""
        headers = {
            f"{PREFIX}tier": self.tier,
            f"{PREFIX}cause": self.cause,
            f"{PREFIX}attempts": str(self.attempts),
            f"{PREFIX}escalated": "true" if self.escalated else "false",
            f"{PREFIX}decision-id": self.decision_id,
        }
        if self.experiment:
            headers[f"{PREFIX}experiment"] = self.experiment
        if self.offline:
            headers[f"{PREFIX}offline"] = "true"
        if self.cost is not None:
            headers[f"{PREFIX}cost-usd"] = plain(self.cost)
        if self.savings is not None:
            headers[f"{PREFIX}savings-usd"] = plain(self.savings)
        return headers

    def hidden(self) -> Mapping[str, object]:
        """As it stands in an answer's hidden parameters."""
        return {
            "decision_id": self.decision_id,
            "tier": self.tier,
            "cause": self.cause,
            "attempts": self.attempts,
            "escalated": self.escalated,
            "experiment": self.experiment or None,
            "offline": self.offline,
            "cost_usd": None if self.cost is None else float(self.cost),
            "savings_usd": None if self.savings is None else float(self.savings),
        }


def plain(amount: Decimal) -> str:
    """An amount without exponent, superfluous zeros, or the noise of binary floats behind its fifteenth decimal."""
    text = format(round(amount, DECIMALS) + 0, "f")  # adding 0 takes the sign off a zero
    return text.rstrip("0").rstrip(".") if "." in text else text
