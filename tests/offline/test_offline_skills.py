"""What the three offline models can do, as pure functions."""

import json
from fractions import Fraction

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.host.offline_answers import Ability, OfflineRequest, respond, skills_of
from litellm_router_plugin.host.offline_arithmetic import CannotReckon, evaluate

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
            "required": ["city", "unit"],
        },
    },
}
NESTED = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 3},
        "age": {"type": "integer", "minimum": 1, "maximum": 120},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "minItems": 2},
        "home": {"type": "object", "properties": {"zip": {"type": "string"}}, "required": ["zip"]},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["name", "age", "tags", "home", "note"],
    "additionalProperties": False,
    "$defs": {"tag": {"type": "object", "properties": {"t": {"const": "x"}}, "required": ["t"]}},
}


def say(ability: Ability, prompt: str) -> str:
    return respond(OfflineRequest(ability, prompt)).text


@pytest.mark.parametrize(
    ("least", "prompt", "answer"),
    [
        (Ability.SMALL, "What is 12 + 30?", "12 + 30 = 42"),
        (Ability.SMALL, "How many words are in: the quick brown fox?", "4 words"),
        (Ability.MEDIUM, "Compute (3 + 4) * 2^3 - 5/2", "= 53.5"),
        (Ability.MEDIUM, "Convert 5 km to miles", "5 km = 3.106856 miles"),
        (Ability.MEDIUM, "What is 100 fahrenheit in celsius?", "37.777778 celsius"),
        (Ability.MEDIUM, "What is 15% of 80?", "= 12"),
        (Ability.MEDIUM, "How many letters has this: a1 b2", "2 letters"),
        (Ability.MEDIUM, "Sort alphabetically: pear, Apple, fig", "Apple, fig, pear"),
        (Ability.MEDIUM, "Write an email to Anna about the late delivery.", "Dear Anna"),
        (Ability.LARGE, "Solve 3x + 5 = 20", "x = 5"),
        (Ability.LARGE, "Is 91 a prime?", "7 * 13"),
        (Ability.LARGE, "How many days lie between 2024-02-01 and 2024-03-01?", "29 days"),
        (
            Ability.LARGE,
            "Summarise: Routers choose models. Cheap models answer most. It rained. Routers save money on models.",
            "Routers",
        ),
    ],
)
def test_each_model_answers_from_its_ability_up_and_the_weaker_ones_decline(
    least: Ability, prompt: str, answer: str
) -> None:
    for ability in Ability:
        said = say(ability, prompt)
        assert (answer in said) == (ability >= least), (ability, said)
        assert ability.model in said


def test_each_model_knows_all_that_a_weaker_one_knows_and_more() -> None:
    small, medium, large = (set(skills_of(ability)) for ability in Ability)
    assert small < medium < large


def test_a_weaker_model_opens_like_a_refusal_when_it_has_no_skill() -> None:
    assert say(Ability.SMALL, "Why is the sky blue?").startswith("I can't help with that")
    assert "no skill" in say(Ability.LARGE, "Why is the sky blue?")


@given(st.text(max_size=300), st.sampled_from(Ability), st.integers(0, 60))
def test_any_prompt_gets_the_same_answer_twice_within_its_limit(prompt: str, ability: Ability, limit: int) -> None:
    request = OfflineRequest(ability, prompt, max_tokens=limit)
    answer = respond(request)
    assert answer == respond(request)
    assert len(answer.text) <= 4 * limit
    whole = respond(OfflineRequest(ability, prompt))
    assert answer.finish_reason == ("length" if len(whole.text) > 4 * limit else "stop")


def test_a_stop_text_ends_the_answer() -> None:
    answer = respond(OfflineRequest(Ability.SMALL, "2 + 3", stop=(" =",)))
    assert (answer.text, answer.finish_reason) == ("2 + 3", "stop")


@given(
    st.recursive(
        st.integers(0, 99).map(str),
        lambda e: st.tuples(e, st.sampled_from("+-*"), e).map("({0[0]}{0[1]}{0[2]})".format),
        max_leaves=8,
    )
)
def test_expressions_have_the_value_that_python_gives_them(expression: str) -> None:
    assert evaluate(expression) == Fraction(eval(expression))  # noqa: S307  the test's own digits and signs


@pytest.mark.parametrize("expression", ["1/0", "9**9**9**9", "(1", "x+1", "__import__('os')", "9" * 300, "2**-0.5"])
def test_expressions_that_cannot_be_reckoned_say_so(expression: str) -> None:
    with pytest.raises(CannotReckon):
        evaluate(expression)


def test_the_large_model_fills_every_argument_and_the_weaker_ones_leave_some_out() -> None:
    prompt = "What is the weather in Paris?"
    filled = []
    for ability in Ability:
        answer = respond(OfflineRequest(ability, prompt, tools=[WEATHER]))
        assert (answer.tool, answer.finish_reason) == ("get_weather", "tool_calls")
        filled.append(json.loads(answer.arguments))
    assert filled == [{}, {"city": "Paris"}, {"city": "Paris", "unit": "celsius"}]


def test_a_tool_is_called_only_when_it_fits_or_must() -> None:
    def tool(prompt: str, choice: str) -> str | None:
        return respond(OfflineRequest(Ability.LARGE, prompt, tools=[WEATHER], tool_choice=choice)).tool

    assert tool("What is 2 + 3?", "auto") is None
    assert tool("What is 2 + 3?", "required") == "get_weather"
    assert tool("What is 2 + 3?", "get_weather") == "get_weather"
    assert tool("The weather in Rome?", "none") is None


def test_a_tools_result_is_told() -> None:
    answer = respond(OfflineRequest(Ability.SMALL, "weather?", tools=[WEATHER], tool_result="12 degrees"))
    assert "12 degrees" in answer.text


def test_the_large_models_structured_answers_are_valid_and_the_medium_ones_have_gaps() -> None:
    prompt = 'My friend "Bo" is 200 years old'
    large = json.loads(respond(OfflineRequest(Ability.LARGE, prompt, schema=NESTED)).text)
    jsonschema.validate(large, NESTED)
    assert (large["name"], large["age"]) == ("Bo.", 120)
    medium = json.loads(respond(OfflineRequest(Ability.MEDIUM, prompt, schema=NESTED)).text)
    assert set(medium) == {"name", "age"}
    assert not respond(OfflineRequest(Ability.SMALL, prompt, schema=NESTED)).text.startswith("{")


def test_a_schema_that_contains_itself_ends() -> None:
    endless = {"$ref": "#/$defs/n", "$defs": {"n": {"properties": {"n": {"$ref": "#/$defs/n"}}, "required": ["n"]}}}
    assert len(respond(OfflineRequest(Ability.LARGE, "x", schema=endless)).text) < 500


def test_as_a_judge_every_model_marks_down_an_answer_that_declines() -> None:
    question = "Grade this answer with a number between 0 and 1.\nAnswer: "
    for ability in Ability:
        good = say(ability, question + "2 + 3 = 5")
        bad = say(ability, question + say(Ability.SMALL, "Why is the sky blue?"))
        assert float(good) > float(bad)
