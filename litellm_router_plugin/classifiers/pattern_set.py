"""Many user patterns matched in one pass and in linear time (google-re2)."""

from __future__ import annotations

from collections.abc import Sequence

import re2

from litellm_router_plugin.errors import ConfigError

SET_MEMORY_BYTES = 16 * 2**20
"""Most that the automaton of one set may take; it is filled as texts need it (the shipped rules take under 1 MB)."""
PATTERN_MEMORY_BYTES = 2**20
"""Most that one pattern may take; it keeps loading fast when somebody writes ``\\pL{1000}``."""
TOO_LARGE = "pattern too large"
"""How RE2's message starts when a pattern does not fit its memory."""
USE_SMALLER = "Use smaller counts in {m,n}, or fewer alternatives"
NO_SUCH_SYNTAX = "Patterns are RE2: no lookaround, no backreference. Write it without, or as two patterns"
UNLIKELY = "\x00"
"""A text that only a pattern for just about anything finds something in."""


def re2_options(max_mem: int = SET_MEMORY_BYTES) -> re2.Options:
    """Case ignored, nothing captured, no messages on stderr."""
    options = re2.Options()
    options.case_sensitive = False
    options.never_capture = True
    options.log_errors = False
    options.max_mem = max_mem
    return options


def check_pattern(pattern: str, where: str) -> None:
    """Refuse a pattern that RE2 cannot compile, or that would fire on every text.

    Raises:
        ConfigError: With the pattern, RE2's reason and how to mend it.
    """
    try:
        compiled = re2.compile(pattern, re2_options(PATTERN_MEMORY_BYTES))
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        fix = USE_SMALLER if reason.startswith(TOO_LARGE) else NO_SUCH_SYNTAX
        raise ConfigError(where, f"{pattern!r} is no pattern that can be used: {reason}", fix) from error
    if compiled.search("") and compiled.search(UNLIKELY):
        raise ConfigError(where, f"{pattern!r} matches every text", "Say what must be there, such as `x+` for `x*`")


class PatternSet:
    """Tells which of some patterns occur in a text.

    Args:
        patterns: RE2 patterns that `check_pattern` let pass; case is ignored.
        where: The path of the setting they came from.
        max_mem: Bytes for the automaton.

    Raises:
        ConfigError: All together they are too large.
    """

    def __init__(self, patterns: Sequence[str], where: str, max_mem: int = SET_MEMORY_BYTES) -> None:
        self._patterns = tuple(patterns)
        self._options = re2_options(max_mem)
        self._set = re2.Set.SearchSet(self._options)
        for pattern in self._patterns:
            self._set.Add(pattern)
        self._always = self._set.Add("")
        try:
            self._set.Compile()
        except re2.error as error:
            problem = f"the {len(self._patterns)} patterns and keywords are too large together"
            raise ConfigError(where, problem, f"{USE_SMALLER}, or fewer patterns") from error

    def __len__(self) -> int:
        return len(self._patterns)

    def matches(self, text: str) -> list[int]:
        """The indices, rising, of the patterns that occur in the text."""
        raw = text.encode("utf-8", "replace")
        found: list[int] = self._set.Match(raw) or []
        if self._always in found:
            found.remove(self._always)
            return sorted(found)
        return self._matches_one_by_one(raw)

    def _matches_one_by_one(self, raw: bytes) -> list[int]:
        """RE2 gives a set up without a word when its automaton outgrows its memory; single patterns do not need it."""
        found = (re2.search(pattern, raw, self._options) for pattern in self._patterns)
        return [index for index, match in enumerate(found) if match]
