"""Provider-bound state: what only the deployment that made it can go on from."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from typing import Any

from litellm_router_plugin.core.reading import MAPPINGS

MAX_MAKERS = 20_000
"""Pieces of state whose maker is remembered, the latest."""
CALL_TYPES = frozenset({"tool_use", "function_call", "custom_tool_call"})
STATE_FIELDS: Mapping[str, str] = {
    "thinking": "signature",
    "redacted_thinking": "data",
    "reasoning": "encrypted_content",
    "compaction": "encrypted_content",
    "input_file": "file_id",
    "input_image": "file_id",
    "file": "file_id",
    "container_upload": "file_id",
}
"""Type of a part -> the field that holds its state."""
PLAIN_ANSWER = frozenset(
    {"id", "created", "model", "object", "system_fingerprint", "choices", "usage", "service_tier", "_response_ms"}
)
PLAIN_MESSAGE = frozenset({"content", "role", "provider_specific_fields", "reasoning_content", "refusal"})
"""What an answer and its messages may say without holding state."""
MAX_ITEMS = 2_000
"""Messages, and parts of one message, that are searched for state."""


def state_keys(messages: object, request: Mapping[str, Any]) -> list[str]:
    """The pieces of provider-bound state in a request: earlier responses, signed or encrypted reasoning, files,
    containers. Empty when the request can go to any deployment.

    ``background: true`` makes state without carrying any; it counts with the name ``background``.
    """
    keys = []
    if isinstance(request.get("previous_response_id"), str):
        keys.append(request["previous_response_id"])
    if request.get("background") is True:
        keys.append("background")
    container = request.get("container")
    container_id = container.get("id") if isinstance(container, MAPPINGS) else container
    if isinstance(container_id, str) and container_id:  # one without an id asks for a fresh container
        keys.append(container_id)
    for source in (messages, request.get("input")):
        if source is not None:
            keys.extend(_keys_in(source))
    return keys


def _keys_in(messages: object) -> Iterable[str]:
    if not isinstance(messages, Sequence) or isinstance(messages, str | bytes):
        return
    for message in messages[-MAX_ITEMS:]:
        if not isinstance(message, MAPPINGS):
            continue
        yield from _keys_of_part(message)
        for name in ("content", "thinking_blocks", "reasoning_items"):
            parts = message.get(name)
            if parts is None or isinstance(parts, str):
                continue
            if isinstance(parts, Sequence) and not isinstance(parts, bytes):
                for part in parts[:MAX_ITEMS]:
                    if isinstance(part, Mapping):
                        yield from _keys_of_part(part)


def _keys_of_part(part: Mapping[str, Any]) -> Iterable[str]:
    kind = part.get("type")
    name = STATE_FIELDS.get(kind) if isinstance(kind, str) else None
    value = part.get(name) if name else None
    if isinstance(value, str) and value:
        yield value
    inner = part.get("file") if kind == "file" else part.get("source")
    if inner is not None and isinstance(inner, Mapping) and isinstance(inner.get("file_id"), str):
        yield inner["file_id"]


def is_plain_text(response: object) -> bool:
    """Whether a chat answer is known to hold nothing but text, so that there is nothing to look for in it.

    Told from its attributes, since turning a long answer into a dict takes longer than all else that is done with it.
    """
    choices = _told(response, PLAIN_ANSWER).get("choices")
    if not isinstance(choices, list):
        return False
    messages = (getattr(choice, "message", None) for choice in choices)
    return all(isinstance(_told(message, PLAIN_MESSAGE).get("content"), str) for message in messages)


def _told(source: object, known: frozenset[str]) -> Mapping[str, Any]:
    """The attributes of one of the host's objects; none at all where one of them is not among the known names."""
    extra = getattr(source, "__pydantic_extra__", None) or {}
    told = {name: value for name, value in (*getattr(source, "__dict__", {}).items(), *extra.items()) if value}
    response_id = told.get("id")
    if not told.keys() <= known or (isinstance(response_id, str) and response_id.startswith("resp_")):
        return {}
    return told


def made_state(response: object) -> list[str]:
    """The pieces of state that an answer brings into the world."""
    dump = getattr(response, "model_dump", None)
    raw = dump() if callable(dump) else response
    if not isinstance(raw, Mapping):
        return []
    keys = [raw["id"]] if isinstance(raw.get("id"), str) and raw["id"].startswith("resp_") else []
    container = raw.get("container")
    if isinstance(container, Mapping) and isinstance(container.get("id"), str):
        keys.append(container["id"])
    messages = [choice.get("message") for choice in raw.get("choices") or () if isinstance(choice, Mapping)]
    return [*keys, *_keys_in(messages), *_keys_in([raw]), *_keys_in(raw.get("output"))]


def made_calls(response: object) -> list[str]:
    """The ids of the tool calls that an answer makes."""
    dump = getattr(response, "model_dump", None)
    raw = dump() if callable(dump) else response
    if not isinstance(raw, Mapping):
        return []
    messages = [choice.get("message") for choice in raw.get("choices") or () if isinstance(choice, Mapping)]
    calls = [call for message in messages if isinstance(message, Mapping) for call in message.get("tool_calls") or ()]
    blocks = [*_mappings(raw.get("content")), *_mappings(raw.get("output"))]
    found = [call.get("id") for call in calls if isinstance(call, Mapping)]
    found += [block.get("call_id") or block.get("id") for block in blocks if str(block.get("type")) in CALL_TYPES]
    return [f"call:{name}" for name in found if isinstance(name, str)]


def answered_calls(messages: object) -> list[str]:
    """The ids of the tool calls whose results end a request: the last messages, as far as they are results."""
    if not isinstance(messages, Sequence) or isinstance(messages, str | bytes):
        return []
    found: list[str] = []
    for message in reversed(messages[-MAX_ITEMS:]):
        ids = _result_ids(message) if isinstance(message, Mapping) else []
        if not ids:
            break
        found.extend(ids)
    return [f"call:{name}" for name in found]


def _result_ids(message: Mapping[str, Any]) -> list[str]:
    parts = [message, *_mappings(message.get("content"))]
    ids = [part.get("tool_call_id") or part.get("tool_use_id") for part in parts]
    if message.get("type") == "function_call_output":
        ids.append(message.get("call_id"))
    return [name for name in ids if isinstance(name, str)]


def _mappings(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        return []
    return [item for item in value[:MAX_ITEMS] if isinstance(item, Mapping)]


class StateMakers:
    """Remembers which tier made which piece of state, by hash; bounded, the latest are kept."""

    def __init__(self) -> None:
        self._tiers: OrderedDict[bytes, str] = OrderedDict()
        self._lock = Lock()

    def remember(self, scope: str, keys: Iterable[str], tier: str) -> None:
        """Note that a tier made these pieces; ``scope`` keeps owners and routers apart."""
        with self._lock:
            for key in keys:
                self._tiers[_hashed(scope, key)] = tier
            while len(self._tiers) > MAX_MAKERS:
                self._tiers.popitem(last=False)

    def maker(self, scope: str, keys: Iterable[str]) -> str | None:
        """The tier that made the latest of these pieces that is remembered."""
        with self._lock:
            found = [tier for key in keys if (tier := self._tiers.get(_hashed(scope, key))) is not None]
        return found[-1] if found else None


def _hashed(scope: str, key: str) -> bytes:
    return hashlib.blake2b(f"{scope}\x00{key}".encode("utf-8", "replace"), digest_size=16).digest()
