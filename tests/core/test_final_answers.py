"""Final answers: what they are read as, and when two are the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.answers import AnswerView, FinishReason, ToolCall
from litellm_router_plugin.core.final_answers import agree, boxed_value, comparable, final_answer, options_of
from litellm_router_plugin.core.final_values import read_number, same_value, text_form
from litellm_router_plugin.core.requests import RequestView, ToolSpec, Turn

ASKED = RequestView(text="How many boats are there?")
CHOICE = RequestView(text="Which one floats?\n\n(A) a stone\n(B) a cork\n(C) an anvil")
TOOLED = RequestView(text="Book it.", tools=(ToolSpec("book.table"), ToolSpec("cancel")))


def said(text: str, *calls: tuple[str, object]) -> AnswerView:
    made = tuple(ToolCall(name, args if isinstance(args, str) else json.dumps(args)) for name, args in calls)
    return AnswerView(text=text, tool_calls=made)


pieces = st.sampled_from(
    [
        "The answer is ",
        "\\boxed{",
        "}",
        "<answer>",
        "</answer>",
        '{"answer": ',
        '"',
        "#### ",
        "(B)",
        "\\frac{1}{2}",
        "3,000",
        "1e5",
        "$",
        "[f(x=1)]",
        "[[[",
        "\n",
        "%",
        "0x" + "f" * 40,
        "None",
    ]
)
texts = st.one_of(st.text(max_size=60), st.lists(st.one_of(pieces, st.text(max_size=5)), max_size=12).map("".join))
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=6,
)
arguments = st.one_of(st.text(max_size=20), json_values.map(json.dumps))
answers = st.builds(
    AnswerView,
    text=texts,
    tool_calls=st.lists(st.builds(ToolCall, st.sampled_from(["book.table", "Cancel", ""]), arguments), max_size=3).map(
        tuple
    ),
)
requests = st.sampled_from([ASKED, CHOICE, TOOLED])


@given(answers, answers, requests)
def test_agreement_is_total_and_symmetric(one: AnswerView, other: AnswerView, request: RequestView) -> None:
    assert agree(one, other, request) == agree(other, one, request)


@given(answers, requests)
def test_an_answer_agrees_with_itself_exactly_where_it_is_comparable(answer: AnswerView, request: RequestView) -> None:
    assert agree(answer, answer, request) is (True if comparable(answer, request) else None)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["{}", "${}$", "{} km", "\\boxed{{{}}}"]))
def test_a_number_is_read_back_however_it_is_dressed(number: float, dress: str) -> None:
    found = final_answer(said(f"<answer>{dress.format(repr(number))}</answer>"), ASKED)
    assert found is not None
    assert found.kind == "number"
    assert same_value(found.form, ("number", number))


@given(st.permutations([("book.table", {"seats": 2}), ("cancel", {}), ("book.table", {"seats": 3})]))
def test_the_order_of_parallel_calls_does_not_count(calls: list[tuple[str, object]]) -> None:
    usual = said("", ("book.table", {"seats": 2}), ("book.table", {"seats": 3}), ("cancel", {}))
    assert agree(said("", *calls), usual, TOOLED) is True


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (said("", ("book.table", {"seats": 1})), said("", ("book_table", {"seats": 1.0}))),
        (said("", ("cancel", {"who": " ANN  Lee"})), said("", ("Cancel", {"who": "ann lee"}))),
        (said("", ("cancel", "")), said("", ("cancel", {}))),
        (said("", ("cancel", {"a": [1, {"b": 2.0}]})), said("", ("cancel", {"a": [1.0, {"b": 2}]}))),
        (said("[book.table(seats=2, name='Ann')]"), said("", ("book_table", {"name": "ANN", "seats": 2}))),
        (said("No tool fits."), said("[]")),
    ],
)
def test_the_same_calls_agree(one: AnswerView, other: AnswerView) -> None:
    assert agree(one, other, TOOLED) is True


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (said("", ("book.table", {"seats": 1})), said("", ("book.table", {"seats": 2}))),
        (said("", ("book.table", {"seats": 1})), said("", ("book.table", {"seats": True}))),
        (said("", ("book.table", {"seats": 1})), said("", ("book.table", {"seats": 1, "name": "Ann"}))),
        (said("", ("cancel", {})), said("", ("cancel", {}), ("cancel", {}))),
        (said("", ("cancel", {})), said("There is nothing to cancel.")),
        (said("", ("cancel", {"id": 2**70})), said("", ("cancel", {"id": 2**70 + 1}))),
    ],
)
def test_other_calls_disagree(one: AnswerView, other: AnswerView) -> None:
    assert agree(one, other, TOOLED) is False


@pytest.mark.parametrize(
    "answer",
    [
        said("", ("cancel", '{"id": ')),
        said("", ("cancel", "[1]")),
        said("[cancel(order)]"),
        said("[cancel(id=order)]"),
        said("", *[("cancel", {})] * 65),
        said("", ("cancel", "[" * 200 + "]" * 200)),
        AnswerView(text="", is_prefix=True),
        AnswerView(choices=0),
    ],
)
def test_calls_that_cannot_be_read_are_not_comparable(answer: AnswerView) -> None:
    assert comparable(answer, TOOLED) is None


def test_after_a_tools_result_silence_about_tools_says_nothing() -> None:
    looped = RequestView(text="Book it.", tools=TOOLED.tools, turns=(Turn("tool", "done"),), in_tool_loop=True)
    assert (
        comparable(said("The table is booked; have a pleasant evening, all of you, and come again. " * 3), looped)
        is None
    )
    assert comparable(said("No tool fits."), TOOLED) == "no_call"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("42", 42),
        ("$1,234.50", 1234.5),
        ("-3/4", -0.75),
        (r"\frac{1}{2}", 0.5),
        (r"\dfrac12", 0.5),
        (r"$\boxed{17}$", 17),
        ("12 cm", 12),
        ("12 square meters.", 12),
        ("45^\\circ", 45),
        ("30%", 30),
        ("x = 7", 7),
        (r"2 \times 10^{3}", 2000),
        ("6.02e23", 6.02e23),
        ("\N{MINUS SIGN}5", -5),
        (r"\text{8 boats}", 8),
        (".5", 0.5),
    ],
)
def test_numbers_are_read_without_what_dresses_them(text: str, number: float) -> None:
    assert read_number(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "seven", "3 boats and 4 oars", "1/0", "1e999", "3-4", "2024-01-02", "x", "1 2 3"])
def test_other_texts_are_no_numbers(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Twelve boats: <answer>12</answer>",
        "So we get \\boxed{12}.",
        '{"reasoning": "6 + 6", "answer": "12"}',
        '```json\n{"reasoning": "a "broken" quote", "answer": 12.0}\n```',
        "6 + 6 = 12\n#### 12",
        "Hence the answer is 12. Count them!",
        "**Final Answer:** $12$",
        "First I thought the answer is 11. No, the answer is 12.",
        "12",
        "12 boats",
        "The answer is \\boxed{\\text{12 boats}}",
    ],
)
def test_marked_and_short_numbers_are_the_same_answer(text: str) -> None:
    assert agree(said(text), said("<answer>12.0</answer>"), ASKED) is True


@pytest.mark.parametrize(
    "text",
    ["(B)", "B", "b) is wrong, the answer is (B).", "**B**", "The answer is B. a cork", "The correct option is: B"],
)
def test_letters_of_a_choice(text: str) -> None:
    assert agree(said(text), said("<answer>B</answer>"), CHOICE) is True
    assert agree(said(text), said("The answer is (C)."), CHOICE) is False


def test_an_options_text_names_its_letter() -> None:
    assert agree(said("The answer is a cork."), said("(B)"), CHOICE) is True


def test_the_last_list_of_options_is_the_questions() -> None:
    shots = RequestView(text="Q1\n(A) one\n(B) two\n\nQ2\n(A) red\n(B) blue\n(C) green")
    assert options_of(shots) == {"A": "red", "B": "blue", "C": "green"}
    assert options_of(ASKED) == {}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Paris", "paris.", True),
        ("'new text'", "new text", True),
        ("AKa?RIU", "Ak?aRUI", False),
        ("[1, 2.0]", "[1.0, 2]", True),
        ("['a', 'B']", '["a", "B"]', True),
        ("['a', 'B']", "['a', 'b']", False),
        ("{'a': 1}", '{"a": 1.0}', True),
        ("Paris", "London", False),
    ],
)
def test_short_texts_and_literals(one: str, other: str, *, same: bool) -> None:
    first, second = text_form(one), text_form(other)
    assert first is not None
    assert second is not None
    assert same_value(first, second) is same


@pytest.mark.parametrize(
    "answer",
    [
        said(""),
        said("Boats are vessels that float. " * 20),
        said("one line\nand another"),
        AnswerView(text="<answer>12</answer>", finish_reason="length"),
        AnswerView(text="<answer>12</answer>", cut=True),
        said("<answer>" + "9" * 1_200 + "</answer>"),
    ],
)
def test_open_and_broken_texts_are_not_comparable(answer: AnswerView) -> None:
    assert comparable(answer, ASKED) is None
    assert agree(answer, said("<answer>12</answer>"), ASKED) is None


@pytest.mark.parametrize("reason", ["stop", None, "tool_calls"])
def test_a_finished_answer_is_comparable(reason: FinishReason | None) -> None:
    assert comparable(AnswerView(text="<answer>12</answer>", finish_reason=reason), ASKED) == "number"


def test_nested_braces_of_a_box() -> None:
    assert boxed_value(r"so \boxed{\frac{1}{2}} it is") == r"\frac{1}{2}"
    assert boxed_value(r"so \boxed{\frac{1}{2} it is") is None


@pytest.mark.parametrize(
    "text", ["\\boxed{" * 5_000, "<answer>" * 5_000, '"answer": ' * 5_000, "[" * 5_000, "answer is " * 5_000]
)
def test_hostile_texts_are_read_quickly(text: str) -> None:
    final_answer(said(text), ASKED)
    final_answer(said(text), TOOLED)
