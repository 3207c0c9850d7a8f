"""Many findings in, one verdict out."""

from __future__ import annotations

from collections.abc import Sequence

from litellm_router_plugin.core.verdicts import Finding, Outcome, Verdict


def combine(findings: Sequence[Finding]) -> Verdict:
    """What all checks together say: one that rejects decides, else one that is unsure, else the answer is accepted.

    ``quality`` is the lowest of the estimates given, because the checks that give none saw nothing wrong.
    """
    rejecting = [finding for finding in findings if finding.outcome is Outcome.REJECT]
    doubting = [finding for finding in findings if finding.outcome is Outcome.UNSURE]
    deciding = rejecting or doubting
    return Verdict(
        outcome=deciding[0].outcome if deciding else Outcome.ACCEPT,
        by="checks",
        quality=min((finding.p_ok for finding in findings if finding.p_ok is not None), default=None),
        failed_checks=tuple(dict.fromkeys(finding.check for finding in rejecting)),
        reason="; ".join(f"{finding.check}: {finding.reason}" for finding in deciding),
    )
