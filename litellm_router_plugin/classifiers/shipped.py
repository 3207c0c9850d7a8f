"""Shipped defaults, read from the data files beside this module and placed on a ladder."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Literal, TypedDict, cast

from litellm_router_plugin.classifiers.positions import Position, tier_at
from litellm_router_plugin.core.tiers import Ladder

POSITIONS: tuple[Position, ...] = ("lowest", "middle", "highest")


class RuleData(TypedDict):
    """Named patterns, and keywords, of one position."""

    patterns: dict[str, str]
    keywords: list[str]


class DomainData(TypedDict):
    """What tells a domain, and the position of its tier; None: the default tier."""

    patterns: list[str]
    keywords: list[str]
    position: Position | None


def _read(name: str) -> dict[str, object]:
    text = files("litellm_router_plugin.classifiers").joinpath(name).read_text(encoding="utf-8")
    return cast("dict[str, object]", json.loads(text))


def default_rules(ladder: Ladder) -> dict[str, list[RuleData]]:
    """Tier name -> shipped rules. On a ladder of two, the middle and the highest position are the same tier."""
    data = cast("dict[Position | Literal['version'], RuleData]", _read("default_rules.json"))
    rules: dict[str, list[RuleData]] = {}
    for position in POSITIONS:
        rules.setdefault(tier_at(position, ladder), []).append(data[position])
    return rules


def default_domains() -> dict[str, DomainData]:
    """Domain -> what tells it and where on a ladder it belongs."""
    return cast("dict[str, DomainData]", _read("default_domains.json")["domains"])
