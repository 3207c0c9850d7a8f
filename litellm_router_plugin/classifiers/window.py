"""How much of a message a model is shown that has to judge it: enough for the task, bounded in cost."""

from __future__ import annotations

HEAD_CHARS = 3_000
"""Characters from the start: the task mostly stands there (about 750 tokens of English)."""
TAIL_CHARS = 1_000
"""Characters from the end, where the question stands when a document comes first."""
OMISSION = "\n[…]\n"


def prompt_window(text: str) -> str:
    """The text, or its head and tail with a mark between them."""
    if len(text) <= HEAD_CHARS + TAIL_CHARS:
        return text
    return f"{text[:HEAD_CHARS]}{OMISSION}{text[-TAIL_CHARS:]}"
