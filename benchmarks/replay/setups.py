"""The proxy's config: recorded models and their prices, judges of several accuracies, the tier routers compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.replay.processes import MASTER_KEY
from benchmarks.replay.recordings import Ladder

TIER_NAMES = ("cheap", "standard", "premium")
FIXED = "fixed"
"""The policy of a router without a cascade, whose tiers are pinned."""
JUDGE_TIMEOUT_S = 120.0
"""So long that a busy machine never makes a judge fail: its failures are not what is measured here."""
DEADLINE_S = 600.0

Prices = Mapping[str, tuple[float, float]]
Policies = Mapping[str, Mapping[str, object]]
"""Policy -> the settings of its tier router: its cascade, and its classifier where it has one."""
PoliciesOf = Callable[[Ladder], Policies]


def router_name(source: str, policy: str) -> str:
    """The model name that requests for a policy on a source call."""
    return re.sub(r"[^\w.]+", "-", f"{source} {policy}")  # LiteLLM takes a comma for a list of models


def cascade(
    *, judge: float | None = None, ask: str = "always", reads: bool = False, second: str = "", break_even: bool = False
) -> dict[str, object]:
    """A cascade's settings.

    Args:
        judge: Accuracy of the judge; None: none is asked.
        ask: Whether the judge is asked ``always`` or ``when_unsure``.
        reads: The learned check reads the answers; it only says where they are in doubt.
        second: The model that gives second opinions; empty: none is asked.
        break_even: Whether the guard may step in.
    """
    checks: list[object] = ["default"]
    if reads:
        checks.append("learned")
    if second:
        checks.append({"agreement": {"model_group": second}})
    settings: dict[str, object] = {"checks": checks, "deadline_s": DEADLINE_S, "break_even": break_even}
    if judge is not None:
        settings["judge"] = {"model": judge_group(judge), "ask": ask, "timeout_s": JUDGE_TIMEOUT_S}
    return settings


def judge_group(accuracy: float) -> str:
    """The model group of the simulated judge of an accuracy."""
    return f"judge-{round(100 * accuracy)}"


def tier_router(name: str, ladder: Ladder, policy: Mapping[str, object]) -> dict[str, Any]:
    """A tier router; unless its policy has a classifier it starts every request on its cheapest tier."""
    tiers = [{"name": tier, "model_group": model} for tier, model in zip(TIER_NAMES, ladder.models, strict=False)]
    nothing: dict[str, object] = {"type": "rules", "patterns": {}, "keywords": {}}
    settings = {"tiers": tiers, "default_tier": TIER_NAMES[0], "classifier": nothing, **policy}
    return {
        "model_name": name,
        "litellm_params": {"model": f"tier_router/{name}"},
        "model_info": {"tier_router": settings},
    }


def deployment(group: str, model: str, base_url: str, price: tuple[float, float]) -> dict[str, Any]:
    """A recorded model, or a judge, behind a replay upstream."""
    params = {"model": f"openai/{model}", "api_key": "none", "api_base": base_url}
    paid = {"input_cost_per_token": price[0], "output_cost_per_token": price[1]}
    return {"model_name": group, "litellm_params": {**params, **paid}}


def proxy_config(
    ladders: Sequence[Ladder], policies: PoliciesOf, prices: Prices, upstreams: Mapping[float, str], judge_price: str
) -> dict[str, Any]:
    """One router for each source and policy, and all that they call.

    Args:
        ladders: The sources.
        policies: What is compared on a ladder.
        prices: Of the recorded models.
        upstreams: Accuracy of the simulated judge -> the address of the replay that has it.
        judge_price: The model whose price the judge has.
    """
    models = dict.fromkeys(model for ladder in ladders for model in ladder.all_models)
    anywhere = next(iter(upstreams.values()))
    return {
        "model_list": [
            *(
                tier_router(router_name(ladder.source, policy), ladder, settings)
                for ladder in ladders
                for policy, settings in policies(ladder).items()
            ),
            *(deployment(model, model, anywhere, prices[model]) for model in models),
            *(
                deployment(judge_group(accuracy), "judge-sim", url, prices[judge_price])
                for accuracy, url in upstreams.items()
            ),
        ],
        "router_settings": {"num_retries": 2, "disable_cooldowns": True, "timeout": DEADLINE_S},
        "litellm_settings": {"callbacks": ["litellm_router_plugin.proxy.handler"]},
        "general_settings": {"master_key": MASTER_KEY},
    }
