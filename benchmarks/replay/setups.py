"""The proxy's config: recorded models and their prices, judges of several accuracies, the tier routers compared."""

from __future__ import annotations

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
Policies = Mapping[str, Mapping[str, object] | None]
"""Policy -> its cascade's settings; None: no cascade."""
PoliciesOf = Callable[[Ladder], Policies]


def router_name(source: str, policy: str) -> str:
    """The model name that requests for a policy on a source call."""
    return f"{source}/{policy}".replace("/", "--").replace(" ", "-")


def judged(accuracy: float, ask: str = "always", **settings: object) -> dict[str, object]:
    """A cascade whose judge is asked about every draft that the checks let pass, or only where they are unsure."""
    judge = {"model": judge_group(accuracy), "ask": ask, "timeout_s": JUDGE_TIMEOUT_S}
    return {"checks": "default", "judge": judge, "deadline_s": DEADLINE_S, **settings}


def reading(second: str, **settings: object) -> dict[str, object]:
    """A cascade that reads the answer with the learned check, and asks ``second``, if any, where that is unsure."""
    checks: list[object] = ["default", "learned"]
    if second:
        checks.append({"agreement": {"model_group": second}})
    return {"checks": checks, "deadline_s": DEADLINE_S, **settings}


def judge_group(accuracy: float) -> str:
    """The model group of the simulated judge of an accuracy."""
    return f"judge-{round(100 * accuracy)}"


def tier_router(name: str, ladder: Ladder, cascade: Mapping[str, object] | None) -> dict[str, Any]:
    """A tier router that starts every request on its cheapest tier."""
    tiers = [{"name": tier, "model_group": model} for tier, model in zip(TIER_NAMES, ladder.models, strict=False)]
    nothing: dict[str, object] = {"type": "rules", "patterns": {}, "keywords": {}}
    settings = {"tiers": tiers, "default_tier": TIER_NAMES[0], "classifier": nothing}
    return {
        "model_name": name,
        "litellm_params": {"model": f"tier_router/{name}"},
        "model_info": {"tier_router": {**settings, **({} if cascade is None else {"cascade": cascade})}},
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
                tier_router(router_name(ladder.source, policy), ladder, cascade)
                for ladder in ladders
                for policy, cascade in policies(ladder).items()
            ),
            *(deployment(model, model, anywhere, prices[model]) for model in models),
            *(
                deployment(judge_group(accuracy), "judge-sim", url, prices[judge_price])
                for accuracy, url in upstreams.items()
            ),
        ],
        "router_settings": {"num_retries": 0, "disable_cooldowns": True, "timeout": DEADLINE_S},
        "litellm_settings": {"callbacks": ["litellm_router_plugin.proxy.handler"]},
        "general_settings": {"master_key": MASTER_KEY},
    }
