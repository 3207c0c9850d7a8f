"""What checks and judges say after the call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What is to be done with an answer."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says of one answer.

    Attributes:
        check: The check's name.
        outcome: ``REJECT`` only from a check precise enough to decide alone; ``ACCEPT`` only from one that has
            read the whole answer and vouches for it; else ``UNSURE``. A check with nothing to say returns None
            instead of a finding.
        reason: Why, in words fit for a log; never prompt or answer text.
        p_ok: P(the answer is good enough), where the check estimates it.
    """

    check: str
    outcome: Outcome
    reason: str = ""
    p_ok: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of an answer once everybody who was asked has spoken.

    Attributes:
        outcome: Accept, reject, or unsure (nobody could tell).
        by: Who decided: ``checks``, ``judge``, ``second_opinion``, ``policy`` (a failure policy), or ``nobody``.
        quality: 0..1 estimate where there is one.
        failed_checks: Names of the checks that rejected.
        reason: Why, in words fit for a log.
    """

    outcome: Outcome
    by: str = "nobody"
    quality: float | None = None
    failed_checks: tuple[str, ...] = ()
    reason: str = ""


UNCHECKED = Verdict(Outcome.UNSURE)
