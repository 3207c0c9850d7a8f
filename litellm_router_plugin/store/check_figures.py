"""How often each check, and each judge, let an answer pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from litellm_router_plugin.store.sums import VerdictGroup


def acceptance_by_check(verdicts: Iterable[VerdictGroup]) -> dict[str, dict[str, object]]:
    """Check or judge -> how many answers it rejected, of how many, and the share that it let pass.

    A check counts over all graded answers, since the checks read each of them; it appears once it has rejected one.
    A decider other than the checks (``judge``, ``second_opinion``, ``policy``) counts over the answers it decided on.
    """
    groups = list(verdicts)
    graded = sum(group.count for group in groups)
    rejected, decided = Counter[str](), Counter[str]()
    for group in groups:
        for name in group.failed_checks:
            rejected[name] += group.count
        if group.decider != "checks":
            decided[group.decider] += group.count
            rejected[group.decider] += group.count * (group.outcome == "reject")
    return {name: _figures(rejected[name], decided[name] or graded) for name in sorted(rejected)}


def _figures(rejected: int, of: int) -> dict[str, object]:
    return {"rejected": rejected, "of": of, "acceptance": 1 - rejected / of if of else None}
