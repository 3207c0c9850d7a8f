"""Proposed changes to the settings of routes, each as a difference of the config with its evidence."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from litellm_router_plugin.core.threshold_proposal import (
    NoProposal,
    Proposal,
    ScoreOutcomes,
    propose_intercept,
    propose_threshold,
)
from litellm_router_plugin.ledger.outcome_pairs import Lesson

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
DIGITS = 4
"""Decimals of a proposed value; more would pretend to be known."""

Value = float | tuple[float, float]


@dataclass(frozen=True, slots=True)
class RouteValues:
    """What holds on one route; see `config.routes`."""

    intercepts: Mapping[str, float] = field(default_factory=dict)
    learned_check: tuple[float, float] | None = None
    judge_threshold: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is set."""
        return not self.intercepts and self.learned_check is None and self.judge_threshold is None

    def value(self, setting: str, tier: str = "") -> Value | None:
        """One setting; None where it is not set."""
        if setting == "intercepts":
            return self.intercepts.get(tier)
        return self.learned_check if setting == "learned_check" else self.judge_threshold

    def with_value(self, setting: str, tier: str, value: Value | None) -> RouteValues:
        """These with one setting changed; None takes it out."""
        if setting == "intercepts":
            left = {name: known for name, known in self.intercepts.items() if name != tier}
            added = {tier: value} if isinstance(value, float | int) else {}
            return replace(self, intercepts={**left, **added})
        if setting == "learned_check":
            return replace(self, learned_check=value if isinstance(value, tuple) else None)
        return replace(self, judge_threshold=value if isinstance(value, float | int) else None)

    def to_json(self) -> dict[str, object]:
        """As it is written in a config."""
        written: dict[str, object] = {}
        if self.intercepts:
            written["intercepts"] = dict(self.intercepts)
        if self.learned_check is not None:
            written["learned_check"] = {"unsure": list(self.learned_check)}
        if self.judge_threshold is not None:
            written["judge_threshold"] = self.judge_threshold
        return written


@dataclass(frozen=True, slots=True)
class RouterValues:
    """The settings of a router that proposals are about.

    Attributes:
        routes: As they are in force.
        judge_threshold: The judge's of the whole router; None without a judge.
        target: Share of the served answers that should be good.
        max_intercept_step: Farthest move in one proposal, in log odds.
        max_threshold_step: Farthest move of a threshold.
    """

    router: str
    routes: Mapping[str, RouteValues] = field(default_factory=dict)
    judge_threshold: float | None = None
    target: float = 0.9
    max_intercept_step: float = 0.5
    max_threshold_step: float = 0.05

    def on(self, route: str) -> RouteValues:
        """What holds on a route."""
        return self.routes.get(route, RouteValues())


@dataclass(frozen=True, slots=True)
class Change:
    """A proposed change.

    Attributes:
        before: The written value; None where the route has none of its own.
        evidence: What it rests on.
    """

    router: str
    lesson: Lesson
    before: Value | None
    after: Value
    evidence: Proposal
    diff: str

    @property
    def identity(self) -> str:
        """Names this very change: another value, or other evidence for another, is another one."""
        told = [self.router, self.lesson.route, self.lesson.setting, self.lesson.tier, self.before, self.after]
        return hashlib.blake2b(json.dumps(told).encode(), digest_size=8).hexdigest()

    def view(self) -> dict[str, object]:
        """The change in the form users see."""
        return {
            "id": self.identity,
            "router": self.router,
            "route": self.lesson.route,
            "setting": self.lesson.setting,
            "tier": self.lesson.tier or None,
            "before": self.before,
            "after": self.after,
            "diff": self.diff,
            "evidence": {
                "source": self.lesson.source,
                "outcomes": self.evidence.outcomes,
                "reason": self.evidence.reason,
                "low": self.evidence.interval.low,
                "high": self.evidence.interval.high,
                "is_bounded": self.evidence.is_bounded,
            },
        }


@dataclass(frozen=True, slots=True)
class Proposals:
    """What is proposed for a router, and of what else pairs were seen: lesson -> why nothing is proposed."""

    changes: tuple[Change, ...] = ()
    nothing: tuple[tuple[Lesson, NoProposal], ...] = ()

    def view(self) -> dict[str, object]:
        """Both in the form users see."""
        return {
            "proposals": [change.view() for change in self.changes],
            "no_proposal": [
                {
                    "route": lesson.route,
                    "setting": lesson.setting,
                    "tier": lesson.tier or None,
                    "source": lesson.source,
                    "reason": why.reason,
                    "more_outcomes": why.more_outcomes,
                }
                for lesson, why in self.nothing
            ],
        }


def proposals(values: RouterValues, outcomes: Mapping[Lesson, ScoreOutcomes]) -> Proposals:
    """What the pairs propose; of two sources for one setting, ratings speak first where they propose something."""
    changes: dict[tuple[str, str, str], Change] = {}
    nothing: list[tuple[Lesson, NoProposal]] = []
    for lesson, seen in sorted(outcomes.items(), key=lambda item: _order(item[0])):
        found = _proposed(values, lesson, seen)
        place = (lesson.route, lesson.setting, lesson.tier)
        if isinstance(found, NoProposal):
            nothing.append((lesson, found))
        elif found is not None and place not in changes:
            changes[place] = _change(values, lesson, found)
    return Proposals(tuple(changes.values()), tuple(nothing))


def _order(lesson: Lesson) -> tuple[str, str, str, bool]:
    return lesson.route, lesson.setting, lesson.tier, lesson.source != "ratings"


def _proposed(values: RouterValues, lesson: Lesson, seen: ScoreOutcomes) -> Proposal | NoProposal | None:
    """None where the setting is not in use on the route: no judge, or a learned check that may not decide there."""
    own = values.on(lesson.route)
    if lesson.setting == "intercepts":
        return propose_intercept(seen, own.intercepts.get(lesson.tier, 0.0), max_step=values.max_intercept_step)
    if lesson.setting == "judge_threshold":
        current = values.judge_threshold if own.judge_threshold is None else own.judge_threshold
    else:
        current = None if own.learned_check is None else own.learned_check[1]
    if current is None:
        return None
    return propose_threshold(seen, current, target=values.target, max_step=values.max_threshold_step)


def _change(values: RouterValues, lesson: Lesson, found: Proposal) -> Change:
    own = values.on(lesson.route)
    proposed = round(found.proposed, DIGITS)
    after: Value = proposed
    if lesson.setting == "learned_check" and own.learned_check is not None:
        after = (min(own.learned_check[0], proposed), proposed)
    changed = own.with_value(lesson.setting, lesson.tier, after)
    before = own.value(lesson.setting, lesson.tier)
    return Change(values.router, lesson, before, after, found, config_diff(lesson.route, own, changed))


def config_diff(route: str, before: RouteValues, after: RouteValues) -> str:
    """How the ``routes`` section changes, as a unified difference of YAML."""
    old = [] if before.is_empty else _yaml({"routes": {route: before.to_json()}})
    new = [] if after.is_empty else _yaml({"routes": {route: after.to_json()}})
    lines = list(difflib.unified_diff(old, new, lineterm="", n=99))
    return "\n".join(line for line in lines[2:] if not line.startswith("@@"))


def _yaml(value: Mapping[str, object], depth: int = 0) -> list[str]:
    lines: list[str] = []
    for key, inner in value.items():
        shown = key if _PLAIN_KEY.fullmatch(key) and key.lower() not in _YAML_WORDS else json.dumps(key)
        if isinstance(inner, Mapping):
            lines += [f"{'  ' * depth}{shown}:", *_yaml(inner, depth + 1)]
        else:
            lines.append(f"{'  ' * depth}{shown}: {json.dumps(inner)}")
    return lines


def within_bounds(change: Change, written: Value | None, *, intercept: float, threshold: float) -> bool:
    """Whether a change stays as near to the written value as all automatic steps together have to.

    Args:
        change: The change.
        written: The value in the config; None stands for an intercept of 0, and bounds no threshold that it lacks.
        intercept: Farthest from it, for intercepts.
        threshold: Farthest from it, for thresholds.
    """
    limit = intercept if change.lesson.setting == "intercepts" else threshold
    base = 0.0 if written is None and change.lesson.setting == "intercepts" else written
    if base is None:
        return False
    pairs = zip(_parts(change.after), _parts(base), strict=True)
    return all(abs(one - other) <= limit + 1e-9 for one, other in pairs)


def _parts(value: Value) -> Iterable[float]:
    return value if isinstance(value, tuple) else (value,)
