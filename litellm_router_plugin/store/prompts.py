"""What is kept of a prompt: nothing, its features, or its text, as the settings say."""

from __future__ import annotations

import orjson

from litellm_router_plugin.ledger.records import DecisionRecord
from litellm_router_plugin.store.rows import TEXT_CHARS, Row, clean


def prompt_row(record: DecisionRecord) -> Row | None:
    """A prompt as a row of ``prompts``; None where nothing of it is to be kept."""
    if record.redacted or record.keep_prompt == "none" or not record.prompt:
        return None
    text = clean(record.prompt, TEXT_CHARS) if record.keep_prompt == "full" else None
    features = _features(record) if record.keep_prompt == "features" else None
    return {"decision_id": clean(record.decision_id), "text": text, "features": features}


def _features(record: DecisionRecord) -> str:
    from litellm_router_plugin.learning.features import FEATURE_NAMES, prompt_features  # noqa: PLC0415  loads numpy

    values = prompt_features(record.prompt, record.prompt_chars or None)
    return orjson.dumps(dict(zip(FEATURE_NAMES, values.round(6).tolist(), strict=True))).decode()
