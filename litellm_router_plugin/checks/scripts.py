"""Which writing system and which language a text is in, as far as a few hundred characters show it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

SAMPLE_CHARS = 1_200
"""Characters of prose that are looked at."""
MIN_LETTERS = 40
"""Fewer letters show no script."""
MAIN_SCRIPT_SHARE = 0.6
"""Share of the letters that the main script must have; CJK signs count `SIGN_WEIGHT` letters."""
SIGN_WEIGHT = 4
"""A Chinese, Japanese or Korean sign says about as much as four letters of an alphabet."""

SCRIPTS: Mapping[str, tuple[re.Pattern[str], int]] = MappingProxyType(
    {
        "latin": (re.compile(r"[A-Za-z\u00c0-\u024f]"), 1),
        "cyrillic": (re.compile(r"[\u0400-\u052f]"), 1),
        "greek": (re.compile(r"[\u0370-\u03ff]"), 1),
        "arabic": (re.compile(r"[\u0600-\u06ff\u0750-\u077f]"), 1),
        "hebrew": (re.compile(r"[\u0590-\u05ff]"), 1),
        "devanagari": (re.compile(r"[\u0900-\u097f]"), 1),
        "bengali": (re.compile(r"[\u0980-\u09ff]"), 1),
        "tamil": (re.compile(r"[\u0b80-\u0bff]"), 1),
        "thai": (re.compile(r"[\u0e00-\u0e7f]"), 1),
        "hangul": (re.compile(r"[\uac00-\ud7af]"), SIGN_WEIGHT),
        "han": (re.compile(r"[\u3400-\u9fff]"), SIGN_WEIGHT),
        "kana": (re.compile(r"[\u3040-\u30ff]"), SIGN_WEIGHT),
    }
)

NOT_PROSE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]{1,200}`|https?://\S+|\$\$.*?\$\$|\$[^$\n]{1,200}\$|\\[A-Za-z]+|<[^<>\n]{1,80}>",
    re.DOTALL,
)
"""Code, addresses, formulas and tags: they are Latin in every language."""

STOP_WORDS_FILE = Path(__file__).parent / "stop_words.json"
STOP_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        language: frozenset(words.split())
        for language, words in json.loads(STOP_WORDS_FILE.read_text(encoding="utf-8")).items()
    }
)
"""Common function words of large languages in Latin script, of two letters or more (chosen, not counted)."""

WORD = re.compile(r"[^\W\d_]+")
MAX_WORDS = 200
MIN_STOP_WORDS = 5
"""Stop-word hits below which no language is named."""
MIN_DISTINCT_STOP_WORDS = 3
"""Different stop words among the hits; a unit or a variable's name that is one repeats many times."""
MIN_STOP_SHARE = 0.2
"""Share of the words that must be the language's stop words."""
LEAD = 1.6
"""How many times the hits of the second language the first must have; neighbours share many short words."""


def prose_of(text: str) -> str:
    """The start of a text without code, addresses, formulas and tags."""
    return NOT_PROSE.sub(" ", text[: SAMPLE_CHARS * 3])[:SAMPLE_CHARS]


def letters_by_script(prose: str) -> Mapping[str, int]:
    """Script -> weighted letters of it."""
    if prose.isascii():
        return {"latin": len(SCRIPTS["latin"][0].findall(prose))}
    counts = {name: len(pattern.findall(prose)) * weight for name, (pattern, weight) in SCRIPTS.items()}
    return {name: count for name, count in counts.items() if count}


def main_script(letters: Mapping[str, int]) -> str | None:
    """The script of most letters: ``japanese`` for Han with kana; None when there are few letters or no clear one."""
    total = sum(letters.values())
    if total < MIN_LETTERS:
        return None
    han, kana = letters.get("han", 0), letters.get("kana", 0)
    if han + kana >= MAIN_SCRIPT_SHARE * total:
        return "japanese" if kana * 10 >= han + kana else "han"
    name, count = max(letters.items(), key=lambda item: item[1])
    return name if count >= MAIN_SCRIPT_SHARE * total else None


def latin_language(prose: str) -> str | None:
    """The language of a text in Latin script by its stop words; None when unsure."""
    counts = Counter(WORD.findall(prose.lower())[:MAX_WORDS])
    found = {name: [counts[word] for word in stops & counts.keys()] for name, stops in STOP_WORDS.items()}
    second, first = sorted(found, key=lambda name: sum(found[name]))[-2:]
    hits = sum(found[first])
    is_clear = hits >= MIN_STOP_SHARE * counts.total() and hits >= LEAD * sum(found[second])
    return first if is_clear and hits >= MIN_STOP_WORDS and len(found[first]) >= MIN_DISTINCT_STOP_WORDS else None


def language_of(text: str) -> str | None:
    """A text's language (Latin script) or script (any other); None when unsure."""
    prose = prose_of(text)
    script = main_script(letters_by_script(prose))
    return latin_language(prose) if script == "latin" else script
