"""Cost-aware tier routing for LiteLLM: picks a tier per request, checks the answer, accounts for every call.

Names are loaded when they are first used, so importing this package loads neither LiteLLM nor scikit-learn.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litellm_router_plugin.config.parsing import parse_tier_router as parse_tier_router
    from litellm_router_plugin.config.tier_router import TierRouterConfig as TierRouterConfig
    from litellm_router_plugin.core.forecasts import Forecast as Forecast
    from litellm_router_plugin.core.ports import AnswerCheck as AnswerCheck
    from litellm_router_plugin.core.ports import Classifier as Classifier
    from litellm_router_plugin.core.ports import Judge as Judge
    from litellm_router_plugin.errors import ArtefactError as ArtefactError
    from litellm_router_plugin.errors import ConfigError as ConfigError
    from litellm_router_plugin.errors import RequestRefused as RequestRefused
    from litellm_router_plugin.errors import TierRouterError as TierRouterError
    from litellm_router_plugin.host.attach import attach as attach
    from litellm_router_plugin.host.marker import register as register
    from litellm_router_plugin.host.routing import TierRouting as TierRouting
    from litellm_router_plugin.learning.learned_classifier import LearnedClassifier as LearnedClassifier

_HOMES = {
    "AnswerCheck": "core.ports",
    "ArtefactError": "errors",
    "Classifier": "core.ports",
    "ConfigError": "errors",
    "Forecast": "core.forecasts",
    "Judge": "core.ports",
    "LearnedClassifier": "learning.learned_classifier",
    "RequestRefused": "errors",
    "TierRouterConfig": "config.tier_router",
    "TierRouterError": "errors",
    "TierRouting": "host.routing",
    "attach": "host.attach",
    "parse_tier_router": "config.parsing",
    "register": "host.marker",
}

__all__ = [
    "AnswerCheck",
    "ArtefactError",
    "Classifier",
    "ConfigError",
    "Forecast",
    "Judge",
    "LearnedClassifier",
    "RequestRefused",
    "TierRouterConfig",
    "TierRouterError",
    "TierRouting",
    "attach",
    "parse_tier_router",
    "register",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
