"""What of a prompt a record may carry to the store: nothing, or its text, from which the store keeps what it may."""

from __future__ import annotations

from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.ledger.records import KeptPrompt


def prompt_facts(keep: KeptPrompt, view: RequestView, *, redacted: bool) -> dict[str, object]:
    """Fields of a `DecisionRecord` that hand the prompt to the store; nothing of it where it is not to be kept.

    The text is the last user message, cut to the window of the request view.
    """
    if redacted or keep == "none":
        return {"redacted": redacted}
    return {"keep_prompt": keep, "prompt": view.text, "prompt_chars": view.text_chars}
