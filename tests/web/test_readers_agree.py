"""Memory and store tell the same of the same decisions."""

from __future__ import annotations

from typing import Any

import pytest
from dashboard_traffic import DAY_S, TIERS, Story

from litellm_router_plugin.web.cursor import cursor_after, place_of, read_cursor
from litellm_router_plugin.web.memory_reading import MemoryReader
from litellm_router_plugin.web.reading import Page, Selection, Yardstick
from litellm_router_plugin.web.store_reading import StoredReader

BY = Yardstick("premium", TIERS)
EXACT_USD = 1e-9
ONLY_ONE_TELLS = {"scope", "ratings_by_tier", "ratings_by_route"}


def close(one: Any, other: Any) -> bool:
    """Equal, but for the last digits of sums of floats."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, float):
        return other is not None and abs(one - other) <= EXACT_USD * max(1.0, abs(one))
    return bool(one == other)


def selections(story: Story) -> list[Selection]:
    middle = story.end - story.days * DAY_S / 2
    return [
        Selection(),
        Selection(owner_key="key-1"),
        Selection(owner_key="nobody's"),
        Selection(since=middle),
        Selection(since=middle + 1234.5, until=middle + 3 * DAY_S, route="code"),
        Selection(router="smart", tier="standard", team="team-1"),
        Selection(router="another"),
    ]


@pytest.mark.parametrize("index", range(7))
def test_summaries_agree(story: Story, stored: StoredReader, index: int) -> None:
    chosen = selections(story)[index]
    memory = MemoryReader(story.ledger, story.desk.book).summary(chosen, BY)
    told = stored.summary(chosen, BY)
    assert {*memory} - ONLY_ONE_TELLS <= {*told}
    for name in {*memory} - ONLY_ONE_TELLS:
        assert close(memory[name], told[name]), (name, memory[name], told[name])


@pytest.mark.parametrize("bucket", ["hour", "day"])
def test_series_agree_and_add_up_to_the_summary(story: Story, stored: StoredReader, bucket: str) -> None:
    reader = MemoryReader(story.ledger, story.desk.book)
    series: Any = reader.series(bucket, Selection(), BY)
    told: Any = stored.series(bucket, Selection(), BY)
    assert close(series, told)
    total: Any = reader.summary(Selection(), BY)
    assert sum(point["cost_usd"] for point in series["points"]) == pytest.approx(total["total_cost"], abs=EXACT_USD)
    assert sum(point["requests"] for point in series["points"]) == total["total_requests"]
    counted = [one for one in series["points"] if one["requests"] > one["failed_requests"] + one["unpriced_requests"]]
    saved = [one["savings_usd"] for one in counted]  # of an hour without any such request nothing is known
    assert sum(saved) == pytest.approx(total["savings"], abs=EXACT_USD)


def test_an_unknown_bucket_is_refused(story: Story) -> None:
    with pytest.raises(ValueError, match="expected one of hour, day"):
        MemoryReader(story.ledger, story.desk.book).series("year", Selection(), BY)


def ids_of(reader: MemoryReader | StoredReader, chosen: Selection, **page: Any) -> list[str]:
    """The ids on all pages, one page after the other."""
    found: list[str] = []
    before = None
    while True:
        told: Any = reader.decisions(chosen, Page(before=before, **page))
        found += [one["decision_id"] for one in told["decisions"]]
        before = told["next"]
        if before is None:
            return found


def test_pages_hold_every_decision_once_the_latest_first(story: Story, stored: StoredReader) -> None:
    reader = MemoryReader(story.ledger, story.desk.book)
    assert ids_of(reader, Selection(), size=37) == list(reversed(story.ids))
    assert ids_of(stored, Selection(), size=100) == list(reversed(story.ids))


def test_filters_of_a_page_agree(story: Story, stored: StoredReader) -> None:
    reader = MemoryReader(story.ledger, story.desk.book)
    for page in ({"cause": "pinned"}, {"escalated": True}, {"escalated": False, "cause": "learned"}):
        found = ids_of(reader, Selection(owner_key="key-2"), **page)
        assert found
        assert found == ids_of(stored, Selection(owner_key="key-2"), **page)


def test_a_place_in_the_list_survives_being_written(story: Story) -> None:
    record = story.ledger.decision(story.ids[0])
    assert record is not None
    assert read_cursor(cursor_after(record)) == place_of(record)


@pytest.mark.parametrize("text", ["", "x", "1.5", "nan:abc", "abc:1"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not what a page gave"):
        read_cursor(text)


def test_a_decision_of_memory_hides_the_older_one_of_the_store(story: Story, stored: StoredReader) -> None:
    fresh = MemoryReader(story.ledger, story.desk.book)
    both = StoredReader(stored._store, fresh, lambda _router, _key: 0)
    told = both.decision(story.ids[0])
    assert told is not None
    assert told["cascade"] == "on" or str(told["cascade"]).startswith("off: ")
    assert told["ratings"] == []  # only the store knows these
    assert stored.decision("unknown") is None


def test_what_the_store_does_not_keep_is_unknown_and_no_default(story: Story, stored: StoredReader) -> None:
    kept = stored.decision(story.ids[0])
    assert kept is not None
    assert kept["start_tier"] or kept["cascade"] is None
