"""The three offline models: what each can do, and how one request is answered. Deterministic, and no language model."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from litellm_router_plugin.host import offline_arithmetic, offline_text, offline_units
from litellm_router_plugin.host.offline_values import Material, Schema, plain_values, value_for

CHARS_PER_TOKEN = 4
"""Tokens are counted as characters divided by four, rounded up: a usual rule of thumb for English."""
SHOWN_RESULT_CHARS = 500
GOOD_GRADE, BAD_GRADE = 0.9, 0.1


class Ability(IntEnum):
    """How much an offline model can do; a higher one can do all that a lower one can."""

    SMALL = 1
    MEDIUM = 2
    LARGE = 3

    @property
    def model(self) -> str:
        """The model's name as clients see it."""
        return f"offline/{self.name.lower()}"


@dataclass(frozen=True, slots=True)
class OfflineRequest:
    """What an offline model looks at.

    Attributes:
        ability: Which model is asked.
        prompt: The text of the last user message.
        whole: The text of all messages, for counting tokens.
        tool_result: The result that the last message brings, when it is a tool's.
        tools: Tools on offer, in the OpenAI form.
        tool_choice: ``auto``, ``none``, ``required``, or a tool's name.
        schema: The JSON schema that the answer must have; an empty one asks for any JSON object; None for text.
        max_tokens: The limit on the answer.
        stop: Texts before which the answer ends.
    """

    ability: Ability
    prompt: str
    whole: str = ""
    tool_result: str | None = None
    tools: Sequence[Mapping[str, object]] = ()
    tool_choice: str = "auto"
    schema: Schema | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfflineAnswer:
    """What it says: a text, or one call of a tool with its arguments as JSON text."""

    text: str = ""
    tool: str | None = None
    arguments: str = ""
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Skill:
    """Something the models can do, from some ability up; None where the prompt does not ask for it."""

    name: str
    least: Ability
    run: Callable[[str], str | None]


SKILLS: Final = (
    Skill("greetings", Ability.SMALL, offline_text.greeting),
    Skill("days between dates", Ability.LARGE, offline_arithmetic.days_between),
    Skill("linear equations", Ability.LARGE, offline_arithmetic.equation),
    Skill("prime factors", Ability.LARGE, offline_arithmetic.factors),
    Skill("summaries", Ability.LARGE, offline_text.summary),
    Skill("percentages", Ability.MEDIUM, offline_arithmetic.percentage),
    Skill("units", Ability.MEDIUM, offline_units.conversion),
    Skill("word counts", Ability.SMALL, offline_text.word_count),
    Skill("text counts", Ability.MEDIUM, offline_text.counts),
    Skill("text turned or sorted", Ability.MEDIUM, offline_text.turned),
    Skill("short letters", Ability.MEDIUM, offline_text.letter),
    Skill("sums of two numbers", Ability.SMALL, offline_arithmetic.sum_of_two),
    Skill("arithmetic", Ability.MEDIUM, offline_arithmetic.expression_value),
)
"""In the order in which they are tried: the narrower question first."""

_GRADING = re.compile(
    r"\b(?:grade|rate|judge|score|evaluate)\b.*\b(?:between|from) 0(?:\.0)? (?:and|to) 1\b", re.IGNORECASE | re.DOTALL
)
_DECLINED = re.compile(r"\bI can't help with that\b|\bhas no skill for this\b")
_GRADE_KEYS: Final = ("score", "quality", "grade", "rating")


def tokens(text: str) -> int:
    """Tokens of a text by the rule of `CHARS_PER_TOKEN`."""
    return math.ceil(len(text) / CHARS_PER_TOKEN)


def skills_of(ability: Ability) -> list[str]:
    """The names of what a model can do."""
    return [skill.name for skill in SKILLS if skill.least <= ability]


def respond(request: OfflineRequest) -> OfflineAnswer:
    """The answer to a request, with its honest finish reason and its tokens."""
    said = _said(request)
    written = said.text + (said.tool or "") + said.arguments
    return OfflineAnswer(
        text=said.text,
        tool=said.tool,
        arguments=said.arguments,
        finish_reason=said.finish_reason,
        prompt_tokens=max(1, tokens(request.whole or request.prompt)),
        completion_tokens=max(1, tokens(written)),
    )


def _said(request: OfflineRequest) -> OfflineAnswer:
    tool = _tool_to_call(request)
    if tool is not None:
        return _call(request, tool)
    text = _text(request)
    cuts = [text.index(stop) for stop in request.stop if stop and stop in text]
    text = text[: min(cuts)] if cuts else text
    limit = math.inf if request.max_tokens is None else max(request.max_tokens, 0) * CHARS_PER_TOKEN
    if len(text) > limit:
        return OfflineAnswer(text[: int(limit)], finish_reason="length")
    return OfflineAnswer(text)


def _text(request: OfflineRequest) -> str:
    prompt = request.prompt[: offline_text.MAX_TEXT_CHARS]
    if request.tool_result is not None:
        return f"The tool answered: {request.tool_result[:SHOWN_RESULT_CHARS]}{_tag(request.ability)}"
    grade = _grade(request)
    if request.schema is not None and (request.ability > Ability.SMALL or grade is not None):
        return _structured(request, grade)
    if grade is not None:
        return str(grade)
    answer = _first_answer(prompt, request.ability)
    if answer is not None:
        return answer + _tag(request.ability)
    return _without_skill(prompt, request.ability)


def _tag(ability: Ability) -> str:
    return f"\n\n[{ability.model}: a small program answered, no model was asked]"


def _first_answer(prompt: str, ability: Ability) -> str | None:
    usable = (skill for skill in SKILLS if skill.least <= ability)
    return next((answer for skill in usable if (answer := skill.run(prompt)) is not None), None)


def _without_skill(prompt: str, ability: Ability) -> str:
    known = ", ".join(skills_of(ability))
    if ability < Ability.LARGE:
        return f"I can't help with that: {ability.model} is a small program, not a model. It knows: {known}."
    number, sentences = len(offline_text.words(prompt)), len(offline_text.sentences(prompt))
    about = ", ".join(offline_text.main_words(prompt)) or "nothing in particular"
    return (
        f"{ability.model} is a small program, not a model, and has no skill for this. It read {number} words in "
        f"{sentences} sentences about: {about}. It knows: {known}. Set a provider's key for real answers."
    )


def _grade(request: OfflineRequest) -> float | None:
    """A grade, where one between 0 and 1 is asked for: bad for an answer of these models that declines."""
    text = request.whole or request.prompt
    properties = (request.schema or {}).get("properties")
    by_schema = isinstance(properties, Mapping) and any(key in properties for key in _GRADE_KEYS)
    if not by_schema and not _GRADING.search(text[: offline_text.MAX_TEXT_CHARS]):
        return None
    return BAD_GRADE if _DECLINED.search(text) else GOOD_GRADE


def _structured(request: OfflineRequest, grade: float | None) -> str:
    schema, material = request.schema or {}, Material.of(request.prompt)
    if not schema:
        answer = _first_answer(request.prompt, request.ability)
        return json.dumps({"answer": answer or _without_skill(request.prompt, request.ability)})
    if request.ability < Ability.LARGE:
        value: object = plain_values(schema, material)
    else:
        value = value_for(schema, material, schema)
    if grade is not None and isinstance(value, dict):
        value.update({key: grade for key in _GRADE_KEYS if key in _properties(schema)})
    return json.dumps(value)


def _properties(schema: Schema) -> Mapping[str, object]:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _function(tool: Mapping[str, object]) -> Mapping[str, object]:
    found = tool.get("function")
    return found if isinstance(found, Mapping) else tool


def _overlap(function: Mapping[str, object], prompt: str) -> int:
    """How many words of a tool's name and description stand in the prompt."""
    said = {word.lower() for word in offline_text.words(prompt)}
    described = f"{function.get('name', '')} {function.get('description', '')}".replace("_", " ").replace("-", " ")
    known = {word.lower() for word in offline_text.words(described)}
    return sum(len(word) >= offline_text.MIN_WORD_CHARS for word in said & known)


def _tool_to_call(request: OfflineRequest) -> Mapping[str, object] | None:
    """The tool to call: the forced one, else the one whose description shares most words with the prompt."""
    functions = [_function(tool) for tool in request.tools]
    if not functions or request.tool_choice == "none" or request.tool_result is not None:
        return None
    named = next((function for function in functions if function.get("name") == request.tool_choice), None)
    if named is not None:
        return named
    best = max(functions, key=lambda function: _overlap(function, request.prompt))
    return best if request.tool_choice == "required" or _overlap(best, request.prompt) else None


def _call(request: OfflineRequest, function: Mapping[str, object]) -> OfflineAnswer:
    """A call of a tool. The small and medium models leave out what they do not find, the large one fills all in."""
    found = function.get("parameters")
    schema: Schema = found if isinstance(found, Mapping) else {}
    material = Material.of(request.prompt)
    if request.ability < Ability.LARGE:
        arguments: object = plain_values(schema, material) if request.ability > Ability.SMALL else {}
    else:
        arguments = value_for({"type": "object", **schema}, material, schema)
    return OfflineAnswer(
        tool=str(function.get("name", "")), arguments=json.dumps(arguments), finish_reason="tool_calls"
    )
