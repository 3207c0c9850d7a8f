"""JSON that was asked for, tool calls, code, and the route's final answer."""

from __future__ import annotations

import json

import pytest

from litellm_router_plugin.checks import code, final_answer, structure, tool_arguments, tool_calls
from litellm_router_plugin.checks.route_features import route_values
from litellm_router_plugin.core.answers import AnswerView, ToolCall
from litellm_router_plugin.core.requests import RequestView, ToolSpec
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
PLAIN_JSON = RequestView(text="Give me JSON.", response_format={"type": "json_object"})
SHAPED = RequestView(
    text="Where?", response_format={"type": "json_schema", "json_schema": {"name": "trip", "schema": SCHEMA}}
)
TOOL = ToolSpec(
    "weather.get",
    {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            "days": {"type": "integer"},
        },
        "required": ["city"],
    },
)
TOOLED = RequestView(text="What is the weather in Bern?", tools=(TOOL, ToolSpec("noop")))


class TestStructure:
    check = structure.StructureCheck()

    def reason(self, text: str, request: RequestView = SHAPED, **fields: object) -> tuple[Outcome, str] | None:
        finding = self.check.check(AnswerView(text=text, **fields), request, NO_STATISTICS)  # type: ignore[arg-type]
        return None if finding is None else (finding.outcome, finding.reason)

    def test_accepts_json_that_fits(self) -> None:
        assert self.reason('{"city": "Bern", "days": 3}') is None
        assert self.reason('{"any": [1, null]}', PLAIN_JSON) is None

    @pytest.mark.parametrize(
        "text", ["Sure! Here it is.", '{"city": "Bern", "days": 3', '{"city": NaN}', "{'city': 'Bern'}", "[1,]"]
    )
    def test_rejects_what_is_no_json(self, text: str) -> None:
        assert self.reason(text) == (Outcome.REJECT, structure.NOT_JSON)
        assert self.reason(text, PLAIN_JSON) == (Outcome.REJECT, structure.NOT_JSON)

    @pytest.mark.parametrize(
        "text",
        [
            '{"city": "Bern"}',
            '{"city": "Bern", "days": 0}',
            '{"city": 1, "days": 1}',
            '{"city": "a", "days": 1, "x": 1}',
        ],
    )
    def test_rejects_what_violates_the_schema(self, text: str) -> None:
        assert self.reason(text) == (Outcome.REJECT, structure.OFF_SCHEMA)

    def test_plain_json_mode_means_an_object(self) -> None:
        assert self.reason("[1, 2]", PLAIN_JSON) == (Outcome.REJECT, structure.NOT_OBJECT)

    def test_json_in_a_fence_makes_unsure(self) -> None:
        fenced = '```json\n{"city": "Bern", "days": 3}\n```'
        assert self.reason(fenced) == (Outcome.UNSURE, structure.FENCED)
        assert self.reason('```json\n{"city": 3}\n```') == (Outcome.REJECT, structure.OFF_SCHEMA)

    def test_says_nothing_where_no_json_was_asked_for(self) -> None:
        assert self.reason("prose", RequestView(text="hi")) is None
        assert self.reason("prose", RequestView(response_format={"type": "text"})) is None

    def test_leaves_cut_answers_tool_calls_and_refusals_to_others(self) -> None:
        assert self.reason("{", finish_reason="length") is None
        assert self.reason("", tool_calls=(ToolCall("f", "{}"),)) is None
        assert self.reason("No", refusal="No") is None

    def test_sees_prose_at_the_start_of_a_stream(self) -> None:
        assert self.reason("Sure! Here", is_prefix=True) == (Outcome.REJECT, structure.NOT_JSON)
        assert self.reason('{"city": "B', is_prefix=True) is None
        assert self.reason("```json\n{", is_prefix=True) is None
        assert self.reason("", is_prefix=True) is None

    def test_json_too_deep_to_parse_is_not_judged(self) -> None:
        assert self.reason("[" * 20_000 + "]" * 20_000, SHAPED) is None


class TestToolCalls:
    check = tool_calls.ToolCallsCheck()

    def finding(
        self, *calls: tuple[str, object], text: str = "", request: RequestView = TOOLED, **fields: object
    ) -> Finding | None:
        made = tuple(ToolCall(name, raw if isinstance(raw, str) else json.dumps(raw)) for name, raw in calls)
        answer = AnswerView(text=text, tool_calls=made, **fields)  # type: ignore[arg-type]  # fields of the view
        return self.check.check(answer, request, NO_STATISTICS)

    def test_accepts_a_call_that_can_be_made(self) -> None:
        assert self.finding(("weather.get", {"city": "Bern", "unit": "celsius", "days": 2})) is None
        assert self.finding(("noop", "")) is None

    def test_names_with_dots_may_come_back_with_underscores(self) -> None:
        assert self.finding(("weather_get", {"city": "Bern"})) is None

    @pytest.mark.parametrize(
        ("name", "arguments", "reason"),
        [
            ("weather.set", {"city": "Bern"}, tool_calls.UNKNOWN_TOOL),
            ("weather.get", '{"city": "Be', tool_calls.UNPARSABLE),
            ("weather.get", "[1]", tool_calls.UNPARSABLE),
            ("weather.get", {}, tool_arguments.NO_ARGUMENT),
            ("weather.get", {"city": "Bern", "mood": "good"}, tool_arguments.EXTRA_ARGUMENT),
            ("weather.get", {"city": "Bern", "unit": "kelvin"}, tool_arguments.BAD_ENUM),
        ],
    )
    def test_rejects_a_call_that_cannot_be_made(self, name: str, arguments: object, reason: str) -> None:
        assert self.finding((name, arguments)) == Finding("tool_calls", Outcome.REJECT, reason)

    @pytest.mark.parametrize(
        ("arguments", "is_fine"),
        [
            ({"city": 3}, False),
            ({"city": "Bern", "days": "2"}, False),
            ({"city": "Bern", "days": True}, False),
            ({"city": "Bern", "days": 2.0}, True),
        ],
    )
    def test_a_wrong_type_only_makes_unsure(self, arguments: object, is_fine: bool) -> None:  # noqa: FBT001  parameter
        expected = None if is_fine else Finding("tool_calls", Outcome.UNSURE, tool_arguments.WRONG_TYPE)
        assert self.finding(("weather.get", arguments)) == expected

    def test_each_of_several_parallel_calls_is_checked(self) -> None:
        good = ("weather.get", {"city": "Bern"})
        assert self.finding(good, ("weather.get", {"city": "Basel"})) is None
        assert self.finding(good, ("weather.get", {})) is not None
        assert self.finding(good, good) == Finding("tool_calls", Outcome.UNSURE, tool_calls.REPEATED_CALL)

    @pytest.mark.parametrize("choice", ["required", "weather.get"])
    def test_rejects_prose_where_a_call_was_required(self, choice: str) -> None:
        request = RequestView(text="?", tools=TOOLED.tools, tool_choice=choice)
        finding = self.finding(text="It is sunny.", request=request)
        assert finding == Finding("tool_calls", Outcome.REJECT, tool_calls.MISSING)

    def test_a_required_call_written_as_text_makes_unsure(self) -> None:
        request = RequestView(text="?", tools=TOOLED.tools, tool_choice="required")
        finding = self.finding(text="[weather.get(city='Bern')]", request=request)
        assert finding == Finding("tool_calls", Outcome.UNSURE, tool_calls.ONLY_WRITTEN)

    def test_rejects_another_tool_than_the_chosen_one(self) -> None:
        request = RequestView(text="?", tools=TOOLED.tools, tool_choice="weather.get")
        assert self.finding(("noop", "{}"), request=request) == Finding(
            "tool_calls", Outcome.REJECT, tool_calls.OTHER_TOOL
        )

    def test_rejects_a_call_that_tool_choice_forbids(self) -> None:
        request = RequestView(text="?", tools=TOOLED.tools, tool_choice="none")
        assert self.finding(("noop", "{}"), request=request) == Finding(
            "tool_calls", Outcome.REJECT, tool_calls.FORBIDDEN
        )
        assert self.finding(text="It is sunny.", request=request) is None

    def test_declining_to_call_is_fine_when_the_choice_is_free(self) -> None:
        assert self.finding(text="None of these tools fits.") is None

    def test_tools_of_a_server_are_not_unknown(self) -> None:
        request = RequestView(text="?", tools=(ToolSpec("mcp"),))
        assert self.finding(("list_issues", "{}"), request=request) is None

    @pytest.mark.parametrize(
        "text",
        [
            "[weather.get(city='Bern', days=2)]",
            "weather.get(city='Bern')",
            '[{"weather_get": "{\\"city\\": \\"Bern\\"}"}]',
            '{"name": "weather.get", "arguments": {"city": "Bern"}}',
            "[weather.get(city=home)]",
            "[]",
        ],
    )
    def test_accepts_calls_written_as_text(self, text: str) -> None:
        assert self.finding(text=text) is None

    def test_checks_calls_written_as_text(self) -> None:
        assert self.finding(text="[weather.get(days=2)]") == Finding(
            "tool_calls", Outcome.REJECT, tool_arguments.NO_ARGUMENT
        )
        assert self.finding(text="[weather.get(city='Bern', days=2") == Finding(
            "tool_calls", Outcome.UNSURE, tool_calls.UNPARSABLE_TEXT
        )
        assert self.finding(text="[round(2.5)]") == Finding("tool_calls", Outcome.UNSURE, tool_calls.UNKNOWN_WRITTEN)

    def test_a_prefix_is_judged_by_names_alone(self) -> None:
        assert self.finding(("weather.get", '{"ci'), is_prefix=True) is None
        assert self.finding(("weather.set", ""), is_prefix=True) is not None
        request = RequestView(text="?", tools=TOOLED.tools, tool_choice="required")
        assert self.finding(text="Let me see", request=request, is_prefix=True) is None

    def test_a_cut_call_is_left_to_the_truncated_check(self) -> None:
        assert self.finding(("weather.get", '{"city": "Be'), finish_reason="length") is None

    @pytest.mark.parametrize(
        "schema",
        [{"properties": 3}, {"required": "city"}, {"properties": {"city": True}}, {"type": 7}, {"required": [[1]]}],
    )
    def test_a_broken_schema_is_no_fault_of_the_answer(self, schema: dict[str, object]) -> None:
        request = RequestView(text="?", tools=(ToolSpec("f", schema),))
        self.finding(("f", {"city": "Bern"}), request=request)


class TestCode:
    check = code.CodeCheck()
    asked = RequestView(text="Write a Python function that adds two numbers.")

    def reason(self, text: str, request: RequestView | None = None) -> str | None:
        finding = self.check.check(AnswerView(text=text), request or self.asked, NO_STATISTICS)
        if finding is None:
            return None
        assert finding.outcome is Outcome.UNSURE
        return finding.reason

    def test_is_unsure_of_python_that_does_not_parse(self) -> None:
        assert self.reason("```python\ndef add(a, b:\n    return a + b\n```") == code.BROKEN_PYTHON

    @pytest.mark.parametrize(
        "block",
        [
            "def add(a, b):\n    return a + b",
            "   def add(a, b):\n       return a + b",
            ">>> add(1, 2)\n3",
            "print 'old'",
            "def add(a, b):\n    ...",
            "x = '\\d'",
            "a" + "(" * 300 + ")" * 300,
        ],
    )
    def test_python_in_its_many_forms_is_fine(self, block: str) -> None:
        assert self.reason(f"```python\n{block}\n```") is None

    def test_only_reads_code_that_was_asked_for(self) -> None:
        broken = "```python\ndef add(a, b:\n```"
        assert self.reason(broken, RequestView(text="What does this Python error mean?")) is None
        assert self.reason(broken.replace("python", "ruby")) is None
        assert self.reason(broken, RequestView(text="Write a Ruby function.")) is None

    def test_is_unsure_of_json_that_does_not_parse(self) -> None:
        request = RequestView(text="Give the result as JSON.")
        assert self.reason('```json\n{"a": 1,}\n```', request) == code.BROKEN_JSON
        assert self.reason('```json\n{"a": "\\(x\\) and\nmore"}\n```', request) is None


class TestFinalAnswer:
    check = final_answer.FinalAnswerCheck()
    tagged = "I add the numbers. <answer>42</answer>"

    @staticmethod
    def route(text: str, answers: int = 40) -> RouteStatistics:
        route = NO_STATISTICS
        for _ in range(answers):
            route = route.with_values(route_values(AnswerView(text=text), RequestView()))
        return route

    def finding(self, text: str, route: RouteStatistics, **fields: object) -> Finding | None:
        return self.check.check(AnswerView(text=text, **fields), RequestView(), route)  # type: ignore[arg-type]

    def test_rejects_an_answer_without_the_mark_of_its_route(self) -> None:
        finding = self.finding("I add the numbers.", self.route(self.tagged))
        assert finding == Finding("final_answer", Outcome.REJECT, final_answer.NO_MARK)

    def test_rejects_a_mark_of_another_syntax(self) -> None:
        finding = self.finding("So it is \\boxed{42}.", self.route(self.tagged))
        assert finding == Finding("final_answer", Outcome.REJECT, final_answer.OTHER_MARK)

    def test_another_syntax_than_a_phrase_makes_unsure(self) -> None:
        finding = self.finding("So it is \\boxed{42}.", self.route("The answer is 42."))
        assert finding == Finding("final_answer", Outcome.UNSURE, final_answer.OTHER_MARK)

    def test_accepts_the_usual_mark(self) -> None:
        assert self.finding("Quick: <answer>7</answer>", self.route(self.tagged)) is None

    def test_says_nothing_before_enough_is_known(self) -> None:
        few = self.route(self.tagged, final_answer.MIN_ROUTE_ANSWERS - 1)
        assert self.finding("I add the numbers.", few) is None

    def test_says_nothing_where_the_route_marks_nothing(self) -> None:
        assert self.finding("I add the numbers.", self.route("Plain chat.")) is None

    def test_says_nothing_of_a_prefix_or_a_tool_call(self) -> None:
        route = self.route(self.tagged)
        assert self.finding("I add", route, is_prefix=True) is None
        assert self.finding("", route, tool_calls=(ToolCall("f", "{}"),)) is None
