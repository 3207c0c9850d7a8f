"""Empty, truncated, refused, repeating and foreign answers."""

from __future__ import annotations

import pytest

from litellm_router_plugin.checks import empty, language, refusal, repetition, truncated
from litellm_router_plugin.checks.route_features import route_values
from litellm_router_plugin.core.answers import AnswerView, ToolCall
from litellm_router_plugin.core.requests import RequestView, ToolSpec, Turn
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, RouteStatistics
from litellm_router_plugin.core.verdicts import Finding, Outcome

QUESTION = RequestView(text="Why is the sky blue during the day and red in the evening when the sun goes down?")
ENGLISH = (
    "The sky is blue because the air scatters the short waves of the light that comes from the sun more than the long "
    "ones, and in the evening the light has a longer way to go, so that most of the blue is gone by then."
)
GERMAN = (
    "Der Himmel ist blau, weil die Luft das kurzwellige Licht der Sonne stärker streut als das langwellige, und am "
    "Abend ist der Weg des Lichts durch die Luft länger, so dass das Blau nicht mehr bei uns ankommt."
)
SPANISH_QUESTION = RequestView(
    text="¿Por qué el cielo es azul durante el día y rojo por la tarde cuando se pone el sol en el horizonte?"
)
CHINESE = (
    "天空之所以是蓝色的，是因为空气对太阳光中短波长的光散射得更强烈，而傍晚时光线穿过的空气更厚。"  # noqa: RUF001  Chinese punctuation
) * 2
JAPANESE = (
    "空が青いのは、空気が太陽の光のうち波長の短い光をより強く散乱させるからです。夕方には光が長い距離を通ります。"
)


def found(check: object, answer: AnswerView, request: RequestView = QUESTION) -> Finding | None:
    return check.check(answer, request, NO_STATISTICS)  # type: ignore[attr-defined, no-any-return]  # any check


class TestEmpty:
    check = empty.EmptyCheck()

    @pytest.mark.parametrize("text", ["", "  \n\t", "\u200b\ufeff \u2060", "\x00\x00"])
    def test_rejects_text_that_shows_nothing(self, text: str) -> None:
        finding = found(self.check, AnswerView(text=text, finish_reason="stop"))
        assert finding == Finding("empty", Outcome.REJECT, empty.NO_TEXT)

    @pytest.mark.parametrize("text", ["B", "7", "?", "[]", "👍", "是"])
    def test_accepts_the_shortest_visible_answer(self, text: str) -> None:
        assert found(self.check, AnswerView(text=text)) is None

    def test_rejects_an_answer_without_choices(self) -> None:
        finding = found(self.check, AnswerView(choices=0))
        assert finding == Finding("empty", Outcome.REJECT, empty.NO_CHOICE)

    def test_a_tool_call_is_an_answer(self) -> None:
        assert found(self.check, AnswerView(tool_calls=(ToolCall("f", "{}"),))) is None

    def test_leaves_refusals_to_the_refusal_check(self) -> None:
        assert found(self.check, AnswerView(finish_reason="content_filter")) is None
        assert found(self.check, AnswerView(refusal="No.")) is None

    def test_is_unsure_when_the_clients_own_limit_left_no_room(self) -> None:
        finding = found(self.check, AnswerView(finish_reason="length"), RequestView(max_tokens=5))
        assert finding is not None
        assert finding.outcome is Outcome.UNSURE

    def test_is_unsure_after_a_tools_result(self) -> None:
        finding = found(self.check, AnswerView(finish_reason="stop"), RequestView(in_tool_loop=True))
        assert finding is not None
        assert finding.outcome is Outcome.UNSURE

    def test_an_unfinished_prefix_may_still_bring_text(self) -> None:
        assert found(self.check, AnswerView(is_prefix=True)) is None
        assert found(self.check, AnswerView(is_prefix=True, finish_reason="stop")) is not None


class TestTruncated:
    check = truncated.TruncatedCheck()

    def test_rejects_what_the_provider_cut(self) -> None:
        finding = found(self.check, AnswerView(text=ENGLISH, finish_reason="length"))
        assert finding == Finding("truncated", Outcome.REJECT, truncated.CUT_BY_PROVIDER)

    def test_is_only_unsure_when_the_clients_own_limit_cut_it(self) -> None:
        finding = found(self.check, AnswerView(text=ENGLISH, finish_reason="length"), RequestView(max_tokens=50))
        assert finding == Finding("truncated", Outcome.UNSURE, truncated.CUT_BY_CLIENT)

    def test_is_unsure_of_an_unclosed_fence(self) -> None:
        finding = found(self.check, AnswerView(text="Here:\n```python\nprint(1)\n"))
        assert finding == Finding("truncated", Outcome.UNSURE, truncated.OPEN_FENCE)

    @pytest.mark.parametrize(
        "text",
        [
            "```python\nx\n```",
            "````markdown\n```python\nx\n```\n````",
            "1. Do this\n   ```\n   x\n   ```\n2. Done",
            "~~~\nx\n~~~",
            "Use ``` to open a block.",
            "",
        ],
    )
    def test_knows_closed_fences(self, text: str) -> None:
        assert found(self.check, AnswerView(text=text)) is None

    def test_is_unsure_of_an_end_in_mid_sentence(self) -> None:
        finding = found(self.check, AnswerView(text=ENGLISH + " This is called the effect of the"))
        assert finding == Finding("truncated", Outcome.UNSURE, truncated.MID_SENTENCE)

    @pytest.mark.parametrize(
        "ending",
        ["", " It is (A)", "\n- a last point without a stop", "\nResult: blue", " x = 3", "\n| a | b", ' "quoted"'],
    )
    def test_common_ends_are_no_cut(self, ending: str) -> None:
        assert found(self.check, AnswerView(text=ENGLISH + ending)) is None

    def test_says_nothing_of_a_prefix_or_of_text_that_was_cut_for_checking(self) -> None:
        assert found(self.check, AnswerView(text="```\nx", is_prefix=True)) is None
        assert found(self.check, AnswerView(text="```\nx", cut=True)) is None


class TestRefusal:
    check = refusal.RefusalCheck()

    @pytest.mark.parametrize(
        "text",
        [
            "I'm sorry, but I can't assist with that.",
            "I\u2019m sorry, but as an AI language model I have no access.",
            "I cannot provide an answer to this.",
            "As an AI language model, I cannot do arithmetic.",
            "Sorry, I am not able to open files.",
            "Es tut mir leid, aber ich kann Ihnen dabei nicht helfen.",
            "Je suis désolé, mais je ne peux pas répondre.",
            "Lo siento, pero no puedo ayudar con eso.",
            "抱歉,我无法回答这个问题。",
            "Прошу прощения, но не могу помочь.",
        ],
    )
    def test_is_unsure_of_text_that_opens_like_a_refusal(self, text: str) -> None:
        assert found(self.check, AnswerView(text=text)) == Finding("refusal", Outcome.UNSURE, refusal.WORDED)

    @pytest.mark.parametrize(
        "text",
        [
            ENGLISH,
            "Sorry for the confusion! The result is 4.",
            "I cannot stress enough how blue it is.",
            "The function returns 4. I'm sorry, but I can't say more.",
            "",
        ],
    )
    def test_an_answer_is_no_refusal(self, text: str) -> None:
        assert found(self.check, AnswerView(text=text)) is None

    def test_rejects_what_the_provider_declares_withheld(self) -> None:
        filtered = found(self.check, AnswerView(text="The", finish_reason="content_filter"))
        assert filtered == Finding("refusal", Outcome.REJECT, refusal.FILTERED)
        declared = found(self.check, AnswerView(refusal="I can't."))
        assert declared == Finding("refusal", Outcome.REJECT, refusal.DECLARED)

    def test_is_silent_where_a_refusal_may_be_due(self) -> None:
        request = RequestView(text="How do I build a bomb at home?")
        assert found(self.check, AnswerView(text="I can't help with that."), request) is None
        assert found(self.check, AnswerView(finish_reason="content_filter"), request) is None

    def test_declining_may_be_right_where_tools_are_on_offer(self) -> None:
        request = RequestView(text="What is the weather?", tools=(ToolSpec("book_flight"),))
        assert found(self.check, AnswerView(text="I cannot provide the weather."), request) is None

    def test_reads_the_first_part_of_a_stream(self) -> None:
        assert self.check.reads_prefix
        assert found(self.check, AnswerView(text="I'm sorry, but I can't", is_prefix=True)) is not None


class TestRepetition:
    check = repetition.RepetitionCheck()

    def test_is_unsure_of_an_answer_that_ends_in_a_loop(self) -> None:
        text = ENGLISH + " And so the light is scattered again by the air." * 6
        assert found(self.check, AnswerView(text=text)) == Finding("repetition", Outcome.UNSURE, repetition.LOOP)

    def test_finds_a_loop_that_the_limit_broke_off(self) -> None:
        text = ENGLISH + (" And so the light is scattered again by the air." * 7)[:-13]
        assert found(self.check, AnswerView(text=text)) is not None

    @pytest.mark.parametrize("unit", ["-", "ha", "0, ", "| - "])
    def test_rulers_and_laughter_are_no_loop(self, unit: str) -> None:
        assert found(self.check, AnswerView(text=ENGLISH + unit * 100)) is None

    def test_a_repetition_that_was_asked_for_is_none(self) -> None:
        unit = "I must not talk in class today. "
        request = RequestView(text=f"Write this ten times: {unit}")
        assert found(self.check, AnswerView(text=unit * 10), request) is None

    def test_repeated_lines_stand_out_only_against_the_route(self) -> None:
        lines = [f"stack block number {n} on the next one" for n in range(12)]
        plain, looping = "\n".join(lines), "\n".join((lines[:3] * 4)[:-1] + lines[:1])
        route = route_of(plain)
        assert self.check.check(AnswerView(text=looping), QUESTION, route) == Finding(
            "repetition", Outcome.UNSURE, repetition.REPEATED_LINES
        )
        assert self.check.check(AnswerView(text=plain), QUESTION, route) is None
        assert self.check.check(AnswerView(text=looping), QUESTION, NO_STATISTICS) is None
        assert self.check.check(AnswerView(text=looping), QUESTION, route_of(looping)) is None


def route_of(text: str, answers: int = 40) -> RouteStatistics:
    """Statistics of a route whose answers are all alike."""
    route = NO_STATISTICS
    for _ in range(answers):
        route = route.with_values(route_values(AnswerView(text=text), QUESTION))
    return route


class TestLanguage:
    check = language.LanguageCheck()

    @pytest.mark.parametrize("text", [GERMAN, CHINESE, JAPANESE])
    def test_is_unsure_of_another_language(self, text: str) -> None:
        finding = found(self.check, AnswerView(text=text))
        assert finding == Finding("language", Outcome.UNSURE, language.OTHER_LANGUAGE)

    def test_the_same_language_is_fine(self) -> None:
        assert found(self.check, AnswerView(text=ENGLISH)) is None
        assert found(self.check, AnswerView(text=JAPANESE), RequestView(text=JAPANESE)) is None

    def test_an_english_answer_to_a_spanish_or_chinese_request_is_seen(self) -> None:
        assert found(self.check, AnswerView(text=ENGLISH), SPANISH_QUESTION) is not None
        assert found(self.check, AnswerView(text=ENGLISH), RequestView(text=CHINESE)) is not None

    def test_chinese_is_not_japanese(self) -> None:
        assert found(self.check, AnswerView(text=CHINESE), RequestView(text=JAPANESE)) is not None

    @pytest.mark.parametrize(
        "request_",
        [
            RequestView(text=QUESTION.text + " Please answer in German."),
            RequestView(text="Translate this: " + ENGLISH),
            RequestView(text=QUESTION.text, system="Always reply in the language of the customer."),
            RequestView(text=QUESTION.text, turns=(Turn("user", "From now on speak German with me."),)),
            RequestView(text=QUESTION.text + " 天空为什么是蓝色的"),
            RequestView(text="sky?"),
        ],
    )
    def test_is_silent_where_another_language_may_be_wanted(self, request_: RequestView) -> None:
        assert found(self.check, AnswerView(text=GERMAN), request_) is None

    @pytest.mark.parametrize(
        "text",
        [
            "```python\nfor die in der:\n    print(das, und, ist, nicht, ein)\n```" * 4,
            r"\frac{a}{b} = \sum_{n} x^n " * 20,
            "per J per K per mol, 5.5 ft per sec per sec, 30 miles per hour, 8 sec per step, per se" * 2,
            "fill B, pour B->A, empty A, pour B->A, fill B, pour B->A, empty A, pour B->A " * 3,
        ],
    )
    def test_code_formulas_and_units_are_no_language(self, text: str) -> None:
        assert found(self.check, AnswerView(text=text)) is None
