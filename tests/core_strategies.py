"""Hypothesis strategies for the core's records, shared by its tests."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from litellm_router_plugin.core.cascade import CascadePolicy
from litellm_router_plugin.core.decisions import LACK_WORDS, Bounds, DecisionInputs
from litellm_router_plugin.core.forecasts import ClassifierCause, Forecast
from litellm_router_plugin.core.money import Price, Usage
from litellm_router_plugin.core.tiers import Ladder, Tier

NAMES = ("cheap", "standard", "premium", "huge", "vast")

STRANGE_KEYS = ("type", "role", "content", "text", "name", "input", "output", "function", "tool_calls", "choices", "id")

json_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.sampled_from(("text", "user", "tool_result", "tool_use", "function_call", "message", "system"))
    | st.text(max_size=8)
)
json_values: SearchStrategy[object] = st.recursive(
    json_scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(STRANGE_KEYS) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=20,
)
"""Any JSON, leaning to the keys and words that requests and answers are made of."""


def ladder_of(rungs: int) -> Ladder:
    """A ladder of that many tiers."""
    return Ladder(tuple(Tier(name, f"group-{name}") for name in NAMES[:rungs]))


ladders = st.integers(2, len(NAMES)).map(ladder_of)


@dataclass(frozen=True)
class DecisionCase:
    """A ladder, its default tier, and inputs whose tier names are all on it."""

    ladder: Ladder
    default: str
    inputs: DecisionInputs


@st.composite
def bounds_on(draw: st.DrawFn, ladder: Ladder, *, ordered: bool) -> Bounds:
    """A floor and a cap, each there or not."""
    rungs = st.none() | st.integers(0, len(ladder) - 1)
    floor, cap = draw(rungs), draw(rungs)
    if ordered and floor is not None and cap is not None and floor > cap:
        floor, cap = cap, floor
    return Bounds(floor, cap)


@st.composite
def forecasts_on(draw: st.DrawFn, ladder: Ladder) -> Forecast:
    """What a classifier may say."""
    tier = draw(st.none() | st.sampled_from(ladder.names))
    causes: tuple[ClassifierCause, ...] = ("rule", "domain", "learned", "llm")
    cause = draw(st.sampled_from(causes))
    return Forecast(tier, cause, failed=draw(st.booleans()))


@st.composite
def decision_cases(draw: st.DrawFn, *, state: bool = False) -> DecisionCase:
    """Any decision; with provider-bound state only where that is asked for."""
    ladder = draw(ladders)
    tier = st.sampled_from(ladder.names)
    inputs = DecisionInputs(
        has_state=state,
        state_tier=draw(st.none() | tier) if state else None,
        pin=draw(st.none() | tier),
        experiment_tier=draw(st.none() | tier),
        forecast=draw(forecasts_on(ladder)),
        loop_tier=draw(st.none() | tier),
        sticky_tier=draw(st.none() | tier),
        client=draw(bounds_on(ladder, ordered=True)),
        owner=draw(bounds_on(ladder, ordered=False)),
        lacks=draw(st.dictionaries(tier, st.sampled_from(tuple(LACK_WORDS)))),
        unhealthy=draw(st.frozensets(tier)),
    )
    return DecisionCase(ladder, draw(tier), inputs)


qualities = st.floats(0, 1)


@st.composite
def policies(draw: st.DrawFn, *, bounded_cost: bool = True) -> CascadePolicy:
    """The limits of a cascade on a ladder of up to six tiers."""
    top = draw(st.integers(0, 5))
    cost = st.none() | st.integers(0, 20).map(Decimal)
    return CascadePolicy(
        max_escalations=draw(st.integers(0, 4)),
        max_extra_cost_usd=draw(cost) if bounded_cost else None,
        deadline_s=draw(st.none() | st.integers(0, 20).map(float)),
        top_rung=top,
        skip=draw(st.frozensets(st.integers(0, top))),
    )


amounts = st.integers(0, 10**12).map(lambda units: Decimal(units).scaleb(-15))
"""USD with fifteen decimals, as token prices and small bills are."""
prices = st.builds(Price, amounts, amounts, st.none() | amounts)
usages = st.builds(Usage, st.integers(0, 10**6), st.integers(0, 10**5), st.integers(0, 10**6))
