"""What clients ask for by header and metadata, and the bounds that keys and teams set."""

from __future__ import annotations

from contextlib import suppress

import pytest
from core_strategies import json_values, ladder_of
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.decisions import Bounds, Overrides
from litellm_router_plugin.errors import ContradictoryBounds, RequestRefused, UnknownTier
from litellm_router_plugin.host.identity import bucket_of, owner_bounds, owner_of
from litellm_router_plugin.host.overrides import HEADERS, KEYS, client_bounds, read_overrides
from litellm_router_plugin.ledger.records import NOBODY, Owner

LADDER = ladder_of(3)
CHEAP, STANDARD, PREMIUM = range(3)


def with_headers(**headers: object) -> dict[str, object]:
    """A call's arguments as the proxy makes them, with these headers of ours."""
    sent = {f"x-tier-router-{name.replace('_', '-')}": value for name, value in headers.items()}
    return {"model": "smart", "proxy_server_request": {"headers": {"host": "proxy", **sent}}}


def read(asked: object = None, **headers: object) -> Overrides:
    return read_overrides(with_headers(**headers), asked, LADDER)


ALL: dict[str, object] = {
    "tier": "standard",
    "min_tier": "cheap",
    "max_tier": "premium",
    "cascade": "on",
    "conversation": "talk-7",
    "route": "invoices",
}


def test_every_override_can_come_by_header_and_by_metadata() -> None:
    expected = Overrides("standard", "cheap", "premium", cascade=True, conversation="talk-7", route="invoices")
    assert read(ALL) == read(**ALL) == expected
    assert set(ALL) == set(KEYS) == set(HEADERS.values())


def test_a_header_wins_over_metadata_key_by_key() -> None:
    found = read({"tier": "premium", "route": "a"}, tier="cheap")
    assert (found.tier, found.route) == ("cheap", "a")


@pytest.mark.parametrize("request_made", [{}, {"proxy_server_request": None}, {"proxy_server_request": {"headers": 3}}])
def test_without_headers_and_metadata_nothing_is_asked_for(request_made: dict[str, object]) -> None:
    assert read_overrides(request_made, None, LADDER) == Overrides()
    assert read_overrides(request_made, dict.fromkeys(KEYS), LADDER) == Overrides()


@pytest.mark.parametrize(
    ("written", "meant"),
    [("on", True), ("ON", True), ("off", False), (True, True), (False, False), ("true", True), ("0", False)],
)
def test_the_cascade_is_switched_on_or_off(written: object, meant: bool) -> None:  # noqa: FBT001 - an expectation
    assert read({"cascade": written}).cascade is meant


@pytest.mark.parametrize("key", ["tier", "min_tier", "max_tier"])
def test_an_unknown_tier_is_refused_with_the_key_and_the_tiers_there_are(key: str) -> None:
    with pytest.raises(UnknownTier) as caught:
        read(**{key: "gold"})
    assert str(caught.value) == f"{key}: there is no tier 'gold'. The tiers are: cheap, standard, premium"


def test_a_floor_above_the_cap_is_refused_wherever_the_two_come_from() -> None:
    with pytest.raises(ContradictoryBounds) as caught:
        read({"max_tier": "cheap"}, min_tier="premium")
    assert str(caught.value) == (
        "min_tier 'premium' is above max_tier 'cheap'. The tiers, cheapest first, are: cheap, standard, premium"
    )


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("premium", "metadata.tier_router: expected an object with the keys tier, min_tier, "),
        ({"tear": "premium"}, "metadata.tier_router: unknown key tear. Known: tier, min_tier, "),
        ({"tier": 3}, "tier: expected a text of 1 to 256 characters"),
        ({"tier": ["cheap"]}, "tier: expected a text of 1 to 256 characters"),
        ({"route": ""}, "route: expected a text of 1 to 256 characters"),
        ({"conversation": "x" * 257}, "conversation: expected a text of 1 to 256 characters"),
        ({"cascade": "maybe"}, "cascade: expected on or off"),
        ({"cascade": 1}, "cascade: expected on or off"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place_and_what_is_expected(asked: object, message: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        read(asked)
    assert str(caught.value).startswith(message)


@given(json_values | st.dictionaries(st.sampled_from(KEYS), json_values))
def test_any_metadata_is_read_or_refused(asked: object) -> None:
    with suppress(RequestRefused):
        assert read(asked).tier in (None, *LADDER.names)


def test_a_clients_own_bounds_are_rungs() -> None:
    assert client_bounds(read({"min_tier": "cheap", "max_tier": "standard"}), LADDER) == Bounds(CHEAP, STANDARD)
    assert client_bounds(Overrides(max_tier="cheap"), LADDER) == Bounds(None, CHEAP)
    assert client_bounds(Overrides(), LADDER) == Bounds()


def bounds(key: object = None, team: object = None, router: str = "smart") -> Bounds:
    """The bounds of a request whose key and team have this under ``tier_router``."""
    bucket = {"user_api_key_metadata": {"tier_router": key}, "user_api_key_team_metadata": {"tier_router": team}}
    return owner_bounds(bucket, router, LADDER)


@pytest.mark.parametrize(
    ("key", "team", "expected"),
    [
        (None, None, Bounds()),
        ({"max_tier": "standard"}, None, Bounds(cap=STANDARD)),
        (None, {"max_tier": "standard"}, Bounds(cap=STANDARD)),
        ({"max_tier": "premium"}, {"max_tier": "cheap"}, Bounds(cap=CHEAP)),
        ({"max_tier": "cheap"}, {"max_tier": "premium"}, Bounds(cap=CHEAP)),
        ({"min_tier": "cheap"}, {"min_tier": "standard"}, Bounds(floor=STANDARD)),
        ({"smart": {"max_tier": "standard"}}, None, Bounds(cap=STANDARD)),
        ({"other": {"max_tier": "gold"}}, None, Bounds()),
        ({"max_tier": "premium", "smart": {"max_tier": "cheap"}}, None, Bounds(cap=CHEAP)),
        ({"max_tier": "cheap", "smart": {"max_tier": "premium"}}, None, Bounds(cap=CHEAP)),
        ({"max_tier": None}, {}, Bounds()),
    ],
)
def test_the_lowest_cap_and_the_highest_floor_of_key_and_team_hold(key: object, team: object, expected: Bounds) -> None:
    assert bounds(key, team) == expected


def test_a_cap_that_cannot_be_read_refuses_the_request_and_is_not_passed() -> None:
    with pytest.raises(UnknownTier) as caught:
        bounds(team={"max_tier": "gold"})
    assert str(caught.value).startswith("team metadata tier_router.max_tier: there is no tier 'gold'")
    with pytest.raises(RequestRefused) as refused:
        bounds(key="cheap")
    assert str(refused.value) == "key metadata tier_router: expected {max_tier, min_tier}, found str"


@pytest.mark.parametrize("metadata", [None, "text", 3, {}])
def test_keys_and_teams_without_metadata_set_no_bounds(metadata: object) -> None:
    bucket = {"user_api_key_metadata": metadata, "user_api_key_team_metadata": metadata}
    assert owner_bounds(bucket, "smart", LADDER) == Bounds()


def test_the_owner_is_who_the_host_says_and_not_who_the_client_says() -> None:
    bucket = {
        "user_api_key_hash": "hash",
        "user_api_key_user_id": "u",
        "user_api_key_team_id": "t",
        "user_api_key_end_user_id": "e",
    }
    assert owner_of(bucket, {"user": "somebody else"}) == Owner("hash", "u", "t", "e")
    assert owner_of({}, {"user": "me"}) == Owner(end_user="me")
    assert owner_of({"user_api_key_hash": 3, "user_api_key_user_id": None}, {"user": ["x"]}) == NOBODY


def test_the_hosts_own_metadata_is_found_under_either_name_and_made_where_there_is_none() -> None:
    messages: dict[str, object] = {"metadata": {"client": 1}, "litellm_metadata": {"key": "k"}}
    assert bucket_of(messages) == {"key": "k"}
    chat: dict[str, object] = {"metadata": "not an object"}
    assert bucket_of(chat) == {}
    assert chat["metadata"] == {}
    empty: dict[str, object] = {}
    bucket_of(empty, default="litellm_metadata")["key"] = "k"
    assert empty == {"litellm_metadata": {"key": "k"}}
