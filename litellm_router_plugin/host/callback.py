"""The callback that LiteLLM loads: attaches the plugin to the proxy's router and feeds the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litellm.integrations.custom_logger import CustomLogger

from litellm_router_plugin.host.attach import attached
from litellm_router_plugin.host.bookkeeping import enter_failure, enter_success
from litellm_router_plugin.host.proxy_start import attach_to_proxy, prepare_proxy
from litellm_router_plugin.host.scope import PROXY_DATA
from litellm_router_plugin.host.told_later import headers_of_call


class TierRouterCallback(CustomLogger):  # type: ignore[misc]  # the host ships no types
    """One object serves every router of the process."""

    async def async_pre_call_hook(  # noqa: D102  the host's own contract
        self,
        user_api_key_dict: object,
        cache: object,
        data: dict[str, Any],
        call_type: str,
    ) -> dict[str, Any]:
        del user_api_key_dict, cache, call_type
        attach_to_proxy()
        PROXY_DATA.set(data)
        return data

    async def async_log_success_event(  # noqa: D102  the host's own contract, called by keyword
        self, kwargs: dict[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        del start_time, end_time
        enter_success(kwargs, response_obj)

    def log_success_event(  # noqa: D102  same, for synchronous calls
        self, kwargs: dict[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        del start_time, end_time
        enter_success(kwargs, response_obj)

    async def async_log_failure_event(  # noqa: D102  same
        self, kwargs: dict[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        del response_obj, start_time, end_time
        enter_failure(kwargs)

    def log_failure_event(  # noqa: D102  same
        self, kwargs: dict[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        del response_obj, start_time, end_time
        enter_failure(kwargs)

    async def async_post_call_response_headers_hook(  # noqa: D102  same
        self,
        data: Mapping[str, Any],
        user_api_key_dict: object,
        response: object,
        request_headers: dict[str, str] | None = None,
        litellm_call_info: dict[str, Any] | None = None,
    ) -> dict[str, str] | None:
        del user_api_key_dict, request_headers, litellm_call_info
        if response is not None:  # an answer carries its own headers
            return None
        return headers_of_call(attached(), data)


handler = TierRouterCallback()
prepare_proxy()
