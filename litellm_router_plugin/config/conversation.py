"""Settings of conversation memory."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from litellm_router_plugin.config.base import Settings


class ConversationSettings(Settings):
    """How a conversation keeps its tier.

    Attributes:
        sticky: The highest tier used in a conversation is kept; an easier question does not step down.
        ttl_s: Seconds after the last request of a conversation at which its tier is forgotten.
    """

    sticky: bool = True
    ttl_s: Annotated[float, Field(gt=0, le=30 * 86_400)] = 3_600
