"""What is wrong with a config: one finding for each thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from litellm_router_plugin.errors import ConfigError

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        level: ``error``: something will not work; ``warning``: it works, but costs or figures suffer.
        path: Where.
        problem: What.
        fix: How to mend it.
    """

    level: Level
    path: str
    problem: str
    fix: str

    @classmethod
    def of(cls, error: ConfigError) -> Finding:
        """The finding that an error of a setting stands for."""
        return cls("error", error.path, error.problem, error.fix)

    def in_words(self, indent: int) -> str:
        """Where and what, and on a line of its own how to mend it."""
        told = f"{self.path}: {self.problem}"
        return f"{told}\n{' ' * indent}{self.fix}" if self.fix else told
