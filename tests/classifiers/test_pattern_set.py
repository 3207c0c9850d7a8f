"""Many patterns in one pass find what each finds by itself."""

from __future__ import annotations

import re2
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.classifiers.pattern_set import PatternSet, re2_options

patterns = st.lists(
    st.sampled_from(["a+b", "^x", "y$", "[0-9]{2}", "prove", r"\bword\b", "ü", "z|q", "^$"]), max_size=9, unique=True
)
texts = st.text(st.sampled_from("aAbBxyzq019 üÜ\nprovewd\ud800\x00"), max_size=40)


@given(patterns, texts)
def test_a_set_finds_what_its_patterns_find_one_by_one(several: list[str], text: str) -> None:
    raw = text.encode("utf-8", "replace")
    expected = [index for index, pattern in enumerate(several) if re2.search(pattern, raw, re2_options())]
    pattern_set = PatternSet(several, "patterns")
    assert pattern_set.matches(text) == expected
    assert pattern_set._matches_one_by_one(raw) == expected


def test_an_automaton_that_outgrows_its_memory_still_finds_everything() -> None:
    wide = ["(?:a|b)*a(?:a|b){15}c", "needle"]
    text = "abaabbab" * 1_000 + "c needle"
    small = PatternSet(wide, "patterns", max_mem=2**16)
    assert small.matches(text) == [0, 1]
