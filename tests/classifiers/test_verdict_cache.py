"""The cache against a plain model of it, for any order of operations."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.classifiers.verdict_cache import VerdictCache


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


operations = st.lists(
    st.tuples(st.sampled_from(["put", "get", "wait"]), st.integers(0, 5), st.sampled_from(["a", "b"])), max_size=60
)


@given(operations, st.integers(1, 4))
def test_it_gives_what_was_put_last_unless_it_is_too_old_or_crowded_out(
    steps: list[tuple[str, int, str]], room: int
) -> None:
    clock = Clock()
    cache = VerdictCache(3.0, room, clock)
    known: dict[bytes, tuple[float, str]] = {}
    for what, number, tier in steps:
        key = VerdictCache.key(str(number))
        if what == "wait":
            clock.now += number
        elif what == "put":
            cache.put(key, tier)
            known.pop(key, None)
            known[key] = (clock.now + 3.0, tier)
            while len(known) > room:
                known.pop(next(iter(known)))
        else:
            expires, expected = known.get(key, (0.0, None))
            if expected is None or clock.now >= expires:
                known.pop(key, None)
                assert cache.get(key) is None
            else:
                assert cache.get(key) == expected
                known[key] = known.pop(key)
        assert len(cache) == len(known) <= room


def test_without_a_lifetime_nothing_is_kept() -> None:
    cache = VerdictCache(0)
    cache.put(b"k", "cheap")
    assert (cache.get(b"k"), len(cache)) == (None, 0)


@given(st.text(st.characters()), st.text(st.characters()))
def test_different_texts_have_different_keys_and_any_text_has_one(one: str, other: str) -> None:
    assert (VerdictCache.key(one) == VerdictCache.key(other)) == (one == other)
