import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.learning.features import (
    FEATURE_NAMES,
    WINDOW_HEAD,
    WINDOW_TAIL,
    prompt_features,
    prompt_window,
    request_features,
)
from litellm_router_plugin.learning.tool_features import TOOL_FEATURES

TOOL = {
    "type": "function",
    "function": {
        "name": "weather.forecast",
        "parameters": {
            "type": "object",
            "required": ["city"],
            "properties": {
                "city": {"type": "string", "description": "the city whose weather is wanted"},
                "unit": {"type": "string", "enum": ["c", "f"]},
                "days": {"type": "array", "items": {"type": "integer"}},
            },
        },
    },
}


def named(text: str) -> dict[str, float]:
    return dict(zip(FEATURE_NAMES, prompt_features(text).tolist(), strict=True))


def counted(text: str, name: str) -> float:
    return float(np.expm1(named(text)[name]))


@settings(max_examples=200)
@given(st.text())
def test_any_text_gives_finite_numbers(text: str) -> None:
    features = prompt_features(text)
    assert features.shape == (len(FEATURE_NAMES),)
    assert np.isfinite(features).all()


@given(st.binary())
def test_binary_junk_gives_finite_numbers(junk: bytes) -> None:
    assert np.isfinite(prompt_features(junk.decode("utf-8", "surrogateescape"))).all()


def test_nothing_gives_zeros() -> None:
    assert not prompt_features("")[: FEATURE_NAMES.index("tools")].nonzero()[0].size or named("")["lines"] > 0
    assert named("")["chars"] == named("")["words"] == 0.0


def test_ten_megabytes_are_looked_at_through_the_window() -> None:
    text = "abc " * 2_500_000
    assert len(prompt_window(text)) == WINDOW_HEAD + WINDOW_TAIL + 1
    assert round(counted(text, "chars")) == len(text)
    assert round(counted(text, "bytes_lower")) == (WINDOW_HEAD + WINDOW_TAIL) * 3 // 4


def test_head_and_tail_are_both_seen() -> None:
    text = "prime " + "x" * 50_000 + " theorem"
    assert round(counted(text, "group_number_theory")) == 1
    assert round(counted(text, "group_analysis")) == 1


def test_counts_are_of_what_they_say() -> None:
    text = "Is 12 or 345 a prime?\n(A) yes\n(B) no"
    assert round(counted(text, "numbers")) == 2
    assert round(counted(text, "longest_number")) == 3
    assert round(counted(text, "has_options")) == 2
    assert round(counted(text, "lines")) == 3
    assert round(counted(text, "bytes_question")) == 1


def test_case_does_not_matter_to_words() -> None:
    assert counted("PRIME", "group_number_theory") == counted("prime", "group_number_theory")


def test_the_features_of_a_cut_request_know_its_full_length() -> None:
    request = read_request("word " * 10_000)
    features = dict(zip(FEATURE_NAMES, request_features(request).tolist(), strict=True))
    assert round(float(np.expm1(features["chars"]))) == 50_000


def test_tools_are_counted_and_compared_with_the_prompt() -> None:
    request = read_request("What will the weather be in the city of Rome?", params={"tools": [TOOL]})
    features = dict(zip(FEATURE_NAMES, np.expm1(request_features(request)).round().tolist(), strict=True))
    assert [features[name] for name in TOOL_FEATURES[:9]] == [1, 3, 1, 3, 1, 1, 0, 0, 1]
    assert features["tool_words_shared"] == 2
    assert features["tool_words_missing"] == 3


def test_odd_schemas_do_no_harm() -> None:
    odd = [
        {"name": "f", "parameters": {"properties": [], "required": 3}},
        {"name": "g", "parameters": {"properties": {"a": 1}}},
    ]
    assert np.isfinite(request_features(read_request("hi", params={"tools": odd}))).all()
