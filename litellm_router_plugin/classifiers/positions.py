"""Shipped defaults speak of positions on a ladder, not of tier names, so that they fit ladders of any length."""

from __future__ import annotations

from typing import Literal, TypeAlias

from litellm_router_plugin.core.tiers import Ladder

Position: TypeAlias = Literal["lowest", "middle", "highest"]


def tier_at(position: Position, ladder: Ladder) -> str:
    """The name of the tier at a position. The middle of an even ladder is the dearer of the two: of two, the top."""
    rungs: dict[Position, int] = {"lowest": 0, "middle": len(ladder) // 2, "highest": len(ladder) - 1}
    return ladder[rungs[position]].name
