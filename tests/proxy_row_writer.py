"""Copied beside a test proxy's config: a callback that writes LiteLLM's spend rows to ``rows.jsonl``."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

from litellm.integrations.custom_logger import CustomLogger
from litellm.proxy.spend_tracking.spend_tracking_utils import get_logging_payload

_ROWS = Path(__file__).parent / "rows.jsonl"


def _append(line: dict[str, object]) -> None:
    text = json.dumps(line, default=str) + "\n"
    handle = os.open(_ROWS, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


class RowWriter(CustomLogger):  # type: ignore[misc]  # litellm's types are not followed
    """Builds each row with the function that fills LiteLLM's spend log, so that no database is needed."""

    async def async_log_success_event(
        self, kwargs: dict[str, object], response_obj: object, start_time: datetime, end_time: datetime
    ) -> None:
        """Write the row of a call that succeeded."""
        row = get_logging_payload(kwargs=kwargs, response_obj=response_obj, start_time=start_time, end_time=end_time)
        _append({"event": "success", "row": dict(row)})

    async def async_log_failure_event(
        self, kwargs: dict[str, object], response_obj: object, start_time: datetime, end_time: datetime
    ) -> None:
        """Note a call that failed."""
        del response_obj, start_time, end_time
        call = {"model": kwargs.get("model"), "litellm_call_id": kwargs.get("litellm_call_id")}
        _append({"event": "failure", "row": {**call, "exception": str(kwargs.get("exception"))}})


handler = RowWriter()
