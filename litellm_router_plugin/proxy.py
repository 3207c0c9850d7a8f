"""What the proxy's YAML names: ``callbacks: [litellm_router_plugin.proxy.handler]``."""

from litellm_router_plugin.host.callback import handler

__all__ = ["handler"]
