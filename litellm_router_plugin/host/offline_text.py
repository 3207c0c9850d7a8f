"""What the offline models can do with a text: count, turn, sort, extract, fill a letter."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

MAX_TEXT_CHARS = 20_000
SUMMARY_SENTENCES = 2
MAIN_WORDS = 5
MIN_WORD_CHARS = 4
"""Shorter words say little of what a text is about."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_QUOTED = re.compile(r"[\"\u201c]([^\"\u201d]+)[\"\u201d]")
_GREETING = re.compile(r"^\W*(?:hi|hello|hey|good (?:morning|evening|day))\b[^.?!]{0,20}[.?!]*\s*$", re.IGNORECASE)
_COUNT = re.compile(
    r"(?:count|how many|number of)\b.{0,20}?\b(words|characters|letters|sentences|lines)\b", re.IGNORECASE
)
_TURN = re.compile(r"\b(uppercase|upper case|lowercase|lower case|reverse|sort|alphabetical)\b", re.IGNORECASE)
_SUMMARY = re.compile(r"\b(?:summari[sz]e|summary|tl;?dr|main points?|key points?)\b", re.IGNORECASE)
_EMAIL = re.compile(
    r"\b(?:e-?mail|letter)\b.{0,40}?\bto (?P<to>[\w ]{1,30}?) (?:about|on|regarding) (?P<topic>[^.\n]{1,80})",
    re.IGNORECASE,
)
_COMMON: Final = frozenset(
    _WORD.findall(
        "about after again also because been before being between both could does down each from have into just like "
        "make many more most much only other over please same should some such than that their them then there these "
        "they this those through under very what when where which while will with would your write give tell explain"
    )
)


def words(text: str) -> list[str]:
    """The words of a text."""
    return _WORD.findall(text[:MAX_TEXT_CHARS])


def sentences(text: str) -> list[str]:
    """The sentences of a text that hold a word."""
    found = (sentence.strip() for sentence in _SENTENCE.findall(text[:MAX_TEXT_CHARS]))
    return [sentence for sentence in found if _WORD.search(sentence)]


def subject(prompt: str) -> str:
    """The text that an instruction is about: what is quoted, or follows the first colon or line break, or all."""
    quoted = _QUOTED.search(prompt)
    if quoted:
        return quoted[1]
    _, separator, rest = prompt.partition(":")
    if separator and rest.strip():
        return rest.strip()
    _, separator, rest = prompt.partition("\n")
    return rest.strip() if separator and rest.strip() else prompt


def greeting(prompt: str) -> str | None:
    """A greeting for a greeting."""
    return "Hello! Ask me something small." if _GREETING.match(prompt) else None


def word_count(prompt: str) -> str | None:
    """How many words a text has."""
    found = _COUNT.search(prompt)
    return counts(prompt) if found and found[1].lower() == "words" else None


def counts(prompt: str) -> str | None:
    """How many words, characters, letters, sentences or lines a text has."""
    found = _COUNT.search(prompt)
    if found is None:
        return None
    text, what = subject(prompt), found[1].lower()
    number = {
        "words": len(words(text)),
        "characters": len(text),
        "letters": sum(character.isalpha() for character in text),
        "sentences": len(sentences(text)),
        "lines": len(text.splitlines()),
    }[what]
    return f"The text has {number} {what}."


def turned(prompt: str) -> str | None:
    """A text in upper case, in lower case, backwards, or with its lines or words sorted."""
    found = _TURN.search(prompt)
    if found is None:
        return None
    text, how = subject(prompt), found[1].lower().replace(" ", "")
    if how == "uppercase":
        return text.upper()
    if how == "lowercase":
        return text.lower()
    if how == "reverse":
        return text[::-1]
    items = text.splitlines() if "\n" in text else re.split(r",\s*|\s+", text)
    return ("\n" if "\n" in text else ", ").join(sorted(items, key=str.lower))


def letter(prompt: str) -> str | None:
    """A short letter from a template, addressed and with its topic."""
    found = _EMAIL.search(prompt)
    if found is None:
        return None
    to, topic = found["to"].strip(), found["topic"].strip()
    opening = f"Subject: {topic[0].upper()}{topic[1:]}\n\nDear {to},\n\n"
    return f"{opening}I am writing to you about {topic}. Please tell me when we can talk about it.\n\nKind regards"


def main_words(text: str, number: int = MAIN_WORDS) -> list[str]:
    """The words that a text uses most, common ones left out; ties in order of appearance."""
    found = (word.lower() for word in words(text))
    counted = Counter(word for word in found if len(word) >= MIN_WORD_CHARS and word not in _COMMON)
    return [word for word, _ in counted.most_common(number)]


def summary(prompt: str) -> str | None:
    """The sentences of a text that hold most of its frequent words, in their order (Luhn 1958, simplified)."""
    if not _SUMMARY.search(prompt):
        return None
    found = sentences(subject(prompt))
    if len(found) <= SUMMARY_SENTENCES:
        return None
    frequent = set(main_words(subject(prompt), 2 * MAIN_WORDS))
    weights = [sum(word.lower() in frequent for word in words(sentence)) for sentence in found]
    best = sorted(range(len(found)), key=lambda index: (-weights[index], index))[:SUMMARY_SENTENCES]
    return " ".join(found[index] for index in sorted(best))
