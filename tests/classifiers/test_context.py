"""When the size of a conversation moves it up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.classifiers.context import (
    ContextClassifier,
    Limits,
    code_blocks_in,
    shipped_limits,
    words_in,
)
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import Classifier
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder, Tier
from litellm_router_plugin.errors import UnknownTier

AtOnce = Callable[[Classifier, RequestView], Forecast]

contents = st.text(st.sampled_from("ab \n`é証"), max_size=120)
conversations = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system", "tool"]), "content": contents}),
    max_size=6,
).map(read_request)


def user(content: str, *earlier: str) -> RequestView:
    return read_request([{"role": "user", "content": text} for text in (*earlier, content)])


@pytest.mark.parametrize(
    ("words", "tier"), [(1, None), (300, None), (301, "standard"), (1_000, "standard"), (1_001, "premium")]
)
def test_the_shipped_limits_are_exceeded_only_above_them(
    ladder: Ladder, at_once: AtOnce, words: int, tier: str | None
) -> None:
    assert at_once(ContextClassifier(ladder), user("word " * words)).tier == tier


@pytest.mark.parametrize(("blocks", "tier"), [(0, None), (1, "standard"), (3, "standard"), (4, "premium")])
def test_code_blocks_are_counted(ladder: Ladder, at_once: AtOnce, blocks: int, tier: str | None) -> None:
    assert at_once(ContextClassifier(ladder), user("```\nx\n```\n" * blocks)).tier == tier


def test_the_whole_conversation_counts_and_the_system_prompt_does_not(ladder: Ladder, at_once: AtOnce) -> None:
    assert at_once(ContextClassifier(ladder), user("word " * 200, "word " * 200)).tier == "standard"
    instructions = [{"role": "system", "content": "word " * 2_000}, {"role": "user", "content": "hi"}]
    assert at_once(ContextClassifier(ladder), read_request(instructions)) == Forecast()


def test_the_highest_tier_over_a_limit_wins_and_tells_its_limits(ladder: Ladder, at_once: AtOnce) -> None:
    limits: dict[str, Limits] = {"premium": {"words": 5, "turns": 1}, "standard": {"words": 2}}
    forecast = at_once(ContextClassifier(ladder, limits=limits), user("a b c d e f", "g"))
    assert forecast == Forecast("premium", "context", ("premium:words>5", "premium:turns>1"))
    assert at_once(ContextClassifier(ladder, limits=limits), user("a b c")).signals == ("standard:words>2",)


def test_tools_can_be_limited(ladder: Ladder, at_once: AtOnce) -> None:
    tools = [{"type": "function", "function": {"name": f"f{n}"}} for n in range(3)]
    request = read_request([{"role": "user", "content": "hi"}], params={"tools": tools})
    assert at_once(ContextClassifier(ladder, limits={"standard": {"tools": 2}}), request).tier == "standard"
    assert at_once(ContextClassifier(ladder, limits={"standard": {"tools": 3}}), request).tier is None


def test_words_that_were_cut_are_estimated_from_the_characters() -> None:
    for words in (3_000, 20_000, 200_000):
        assert words_in(user("word " * words)) == pytest.approx(words, rel=0.01)
    assert words_in(user("word " * 2_000, *["word " * 2_000] * 99)) == pytest.approx(200_000, rel=0.01)


def test_words_of_scripts_without_spaces_are_estimated_from_the_characters() -> None:
    assert words_in(user("証" * 700)) == pytest.approx(350, abs=1)


@pytest.mark.parametrize(("text", "blocks"), [("", 0), ("```", 1), ("```a```", 1), ("```a``` ```b", 2)])
def test_a_block_that_is_left_open_counts(text: str, blocks: int) -> None:
    assert code_blocks_in(user(text)) == blocks


def test_on_a_ladder_of_two_the_lower_limits_hold() -> None:
    ladder = Ladder((Tier("s", "s"), Tier("l", "l")))
    assert shipped_limits(ladder) == {"l": {"words": 300, "code_blocks": 0}}


def test_a_view_without_turns_is_measured_by_its_text(ladder: Ladder, at_once: AtOnce) -> None:
    assert at_once(ContextClassifier(ladder), RequestView(text="word " * 400)).tier == "standard"


def test_a_tier_the_ladder_lacks_is_told_with_its_path(ladder: Ladder) -> None:
    with pytest.raises(UnknownTier, match=r"smart\.classifier\.gold: there is no tier 'gold'"):
        ContextClassifier(ladder, limits={"gold": {"words": 1}}, where="smart.classifier")


@given(request=conversations, low=st.integers(0, 50), more=st.integers(0, 50))
def test_a_higher_limit_never_moves_a_request_further_up(
    ladder: Ladder, at_once: AtOnce, request: RequestView, low: int, more: int
) -> None:
    def rung(limit: int) -> int:
        tier = at_once(ContextClassifier(ladder, limits={"premium": {"words": limit}}), request).tier
        return -1 if tier is None else ladder.rung(tier)

    assert rung(low + more) <= rung(low)
