"""Words and numbers of a text, and how many of them belong to groups that tell something of an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import repeat
from types import MappingProxyType
from typing import Final

ANSWER_WORD_GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "hedges": "maybe perhaps likely probably approximately approx assume assuming seems appears might may could"
        " unclear closest roughly about nearest possibly uncertain unsure estimate estimated suggests typically",
        "reversals": "however but wait actually although instead mistake error incorrect wrong recheck again reconsider"
        " correction otherwise yet though",
        "negations": "not no none never cannot nor neither without isn doesn don didn wasn aren won nothing false",
        "conclusions": "therefore thus so hence conclude conclusion finally consequently answer result",
        "steps": "first second third then next step now after start begin initially",
        "reasons": "because since due reason given implies means follows if",
        "apologies": "sorry unable unfortunately apologize apologies provide provided information",
        "persons": "i we you my your let us our",
        "universals": "all every each always any only exactly must same both",
    }
)
"""Name -> the words of a group, lower-case."""
_CODE: Final = {word: code for code, words in enumerate(ANSWER_WORD_GROUPS.values()) for word in words.split()}
_TOKEN: Final = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)?")
MEANINGFUL: Final = 4
"""Letters of the shortest word that is compared with the prompt's."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text, lower-case, and its numbers as written."""

    all: tuple[str, ...]
    distinct: frozenset[str]
    numbers: tuple[str, ...]


def words_of(text: str) -> Words:
    """The words and numbers of a text."""
    tokens = _TOKEN.findall(text.lower())
    words = tuple(token for token in tokens if not token[0].isdigit())
    return Words(words, frozenset(words), tuple(token for token in tokens if token[0].isdigit()))


def group_counts(words: Words) -> list[int]:
    """How many words belong to each of `ANSWER_WORD_GROUPS`."""
    counts = [0] * (len(ANSWER_WORD_GROUPS) + 1)
    for code in map(_CODE.get, words.all, repeat(-1)):
        counts[code] += 1
    return counts[:-1]


def shared_with_prompt(words: Words, asked: Words) -> tuple[float, float]:
    """Shares (0..1) of the prompt's longer words that the answer uses, and of the answer's that the prompt has."""
    own = {word for word in words.distinct if len(word) >= MEANINGFUL}
    given = {word for word in asked.distinct if len(word) >= MEANINGFUL}
    shared = len(own & given)
    return shared / max(len(given), 1), shared / max(len(own), 1)
