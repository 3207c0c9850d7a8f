"""Finds a known model under the names that people give to it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_DATED: Final = re.compile(r"-(?:\d{8}|\d{4}-\d{2}-\d{2}|\d{4}|\d{3}|latest)$")
"""How providers date a model: 20240229, 2024-08-06, 0613, 001."""


def known_name(name: str, known: Collection[str]) -> str | None:
    """The known model that a name means, or None.

    A provider's prefix (``openai/``) and the case do not count; a name without a date means the newest known one.
    A date that is not known means no known model: releases of one family differ.
    """
    wanted = name.rsplit("/", 1)[-1].lower()
    if name in known:
        return name
    if wanted in known:
        return wanted
    undated = wanted.removesuffix("-latest")
    return max((candidate for candidate in known if _DATED.sub("", candidate) == undated), default=None)
