"""Assignment to experiments."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.core.experiments import Experiment, Unit, assign

PREMIUM = Experiment("premium-10", "user", 0.1, {"tier": "premium"}, '{"tier":"premium"}')
FORMAT = Experiment("fmt", "user", 0.5, {"cascade": False}, '{"cascade":false}')
USERS = [f"user-{number}" for number in range(20_000)]


def everybody(experiment: Experiment) -> Experiment:
    return replace(experiment, share=1.0)


def test_positions_are_the_same_for_ever() -> None:
    """Golden values: if these change, every running experiment is drawn anew."""
    assert [round(PREMIUM.position(name), 6) for name in ("alice", "bob", "carol")] == [0.52994, 0.828058, 0.137565]
    assert replace(PREMIUM, salt="s1").position("alice") == pytest.approx(0.513923609573731, abs=1e-15)
    assert PREMIUM.fingerprint == "0d952a353266accf"
    assert PREMIUM.unit_digest("alice") == "49e0e3e1d27c07a1"


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
def test_the_arm_gets_its_share(share: float) -> None:
    experiment = replace(PREMIUM, share=share)
    treated = sum(assign([experiment], {"user": user}).placements[0].treated for user in USERS)
    deviation = (len(USERS) * share * (1 - share)) ** 0.5
    assert abs(treated - len(USERS) * share) < 4 * deviation


def chi_square(first: list[bool], second: list[bool]) -> float:
    """Of independence in a two by two table."""
    total, statistic = len(first), 0.0
    for one in (True, False):
        for other in (True, False):
            expected = first.count(one) * second.count(other) / total
            seen = sum(a is one and b is other for a, b in zip(first, second, strict=True))
            statistic += (seen - expected) ** 2 / expected
    return statistic


@pytest.mark.parametrize(
    "other",
    [FORMAT, replace(PREMIUM, name="premium-11"), replace(PREMIUM, salt="again"), replace(PREMIUM, unit="key")],
    ids=["other name", "similar name", "other salt", "other unit"],
)
def test_experiments_are_independent(other: Experiment) -> None:
    first = [PREMIUM.position(user) < 0.3 for user in USERS]
    second = [other.position(user) < 0.3 for user in USERS]
    assert chi_square(first, second) < 10.83  # the 99.9 % quantile with one degree of freedom


def test_positions_are_uniform() -> None:
    counts = [0] * 20
    for user in USERS:
        counts[int(PREMIUM.position(user) * 20)] += 1
    expected = len(USERS) / 20
    assert sum((count - expected) ** 2 / expected for count in counts) < 43.8  # 99.9 %, 19 degrees of freedom


@given(st.text(min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_keeps_the_units_it_had(user: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    if assign([replace(PREMIUM, share=low)], {"user": user}).placements[0].treated:
        assert assign([replace(PREMIUM, share=high)], {"user": user}).placements[0].treated


@given(st.text(), st.text(min_size=1))
def test_a_share_of_nothing_and_of_all(salt: str, user: str) -> None:
    for share in (0.0, 1.0):
        experiment = replace(PREMIUM, share=share, salt=salt)
        assert assign([experiment], {"user": user}).placements[0].treated is bool(share)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_impossible_shares_are_refused(share: float) -> None:
    with pytest.raises(ValueError, match=r"does not lie in 0\.\.1"):
        replace(PREMIUM, share=share)


@pytest.mark.parametrize(
    "changed",
    [
        replace(PREMIUM, share=0.2),
        replace(PREMIUM, salt="s1"),
        replace(PREMIUM, unit="key"),
        replace(PREMIUM, definition='{"tier":"standard"}'),
        replace(PREMIUM, name="premium"),
    ],
)
def test_a_changed_definition_has_another_fingerprint(changed: Experiment) -> None:
    assert changed.fingerprint != PREMIUM.fingerprint


def test_a_shift_of_letters_between_name_and_unit_is_another_unit() -> None:
    assert replace(PREMIUM, name="ab").position("c") != replace(PREMIUM, name="a").position("bc")


@pytest.mark.parametrize("units", [{}, {"user": None}, {"user": ""}, {"key": "k"}])
def test_a_request_without_the_unit_takes_no_part(units: dict[Unit, str | None]) -> None:
    assignment = assign([everybody(PREMIUM)], units)
    assert assignment.without_unit == ("premium-10",)
    assert assignment.placements == ()
    assert not assignment.overrides


def test_the_first_experiment_wins_where_two_set_the_same() -> None:
    second = Experiment("cheap", "user", 1.0, {"tier": "cheap", "cascade": False}, "x")
    assignment = assign([everybody(PREMIUM), second], {"user": "alice"})
    assert dict(assignment.overrides) == {"tier": "premium", "cascade": False}
    assert assignment.shadowed == ("cheap.tier",)
    assert assignment.label == "premium-10=arm,cheap=arm"


def test_two_experiments_cannot_give_a_floor_above_a_cap() -> None:
    floor = Experiment("floor", "user", 1.0, {"min_tier": "premium"}, "x")
    cap = Experiment("cap", "user", 1.0, {"max_tier": "cheap"}, "y")
    assignment = assign([floor, cap], {"user": "alice"})
    assert dict(assignment.overrides) == {"min_tier": "premium"}
    assert assignment.shadowed == ("cap.max_tier",)


def test_the_control_changes_nothing() -> None:
    assignment = assign([replace(PREMIUM, share=0.0)], {"user": "alice"})
    assert assignment.label == "premium-10=control"
    assert not assignment.overrides


def test_a_very_long_salt_and_odd_characters_work() -> None:
    experiment = replace(PREMIUM, salt="é" * 500)
    assert 0 <= experiment.position("\ud800 lone surrogate") < 1
