"""Which requests get which settings: assignment that is the same in every process and after every restart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from litellm_router_plugin.core.experiment_analysis import Goal, Metric

Unit = Literal["user", "key", "conversation", "request"]
"""What is assigned as a whole: all requests of one unit fall into the same arm."""

POSITION_BITS = 53
"""Bits of a position: as many as a float holds exactly."""
FINGERPRINT_BYTES = 8
"""64 bits tell definitions apart; a clash among a thousand of them has probability below 1e-13."""
KEY_BYTES = 64
"""The longest key that blake2b takes; longer salts are hashed first."""
TIER_KEYS = frozenset({"tier", "min_tier", "max_tier"})
"""Overrides that bound the tier. They belong together: two experiments must not give a floor above a cap."""

NO_OVERRIDES: Mapping[str, object] = MappingProxyType({})

DEFAULT_EFFECT = 0.05
"""Smallest difference that matters of a rate or a rating, both of 0..1: a fifth of a star on a scale of 1 to 5. A
choice of ours."""
DEFAULT_PATIENCE = 100_000
"""Further requests that one is ready to wait for. A choice of ours: a month at 2.3 requests a minute."""
DEFAULT_GOAL = Goal(Metric.RATING, DEFAULT_EFFECT, patience_requests=DEFAULT_PATIENCE)
"""Ratings: what an arm costs follows from its settings; whether its answers are better or worse is the question."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A share of the units that gets other settings than the rest.

    Attributes:
        name: Unique within its router.
        unit: What is assigned as a whole.
        share: Share of the units in the arm, 0..1; the others are the control.
        overrides: Setting -> value in the arm.
        definition: The overrides in canonical text, so that a changed meaning changes the fingerprint.
        salt: Key of the hash. Another salt draws another sample of units.
        goal: What is to be decided; not part of the fingerprint, since it changes neither assignment nor arms.
    """

    name: str
    unit: Unit
    share: float
    overrides: Mapping[str, object]
    definition: str
    salt: str = ""
    goal: Goal = DEFAULT_GOAL

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise ValueError(f"experiment {self.name!r}: share {self.share!r} does not lie in 0..1")

    @property
    def fingerprint(self) -> str:
        """Changes whenever unit, salt, share or settings do. Data of different fingerprints must not be mixed."""
        return _fingerprint((self.name, self.unit, self.salt, repr(float(self.share)), self.definition))

    def position(self, unit_id: str) -> float:
        """Where a unit falls in 0..1: uniform over units, and independent between experiments."""
        bits = int.from_bytes(self._digest(unit_id, b"position"), "big") >> (64 - POSITION_BITS)
        return bits / (1 << POSITION_BITS)

    def unit_digest(self, unit_id: str) -> str:
        """Stands for the unit in stored rows, so that they need not hold its id."""
        return self._digest(unit_id, b"unit").hex()

    def _digest(self, unit_id: str, purpose: bytes) -> bytes:
        message = _framed((self.name, self.unit, unit_id))
        return hashlib.blake2b(message, digest_size=8, key=_key(self.salt), person=purpose).digest()


@lru_cache(maxsize=256)
def _fingerprint(parts: tuple[str, ...]) -> str:
    """Kept, since every request of an experiment asks for it."""
    return hashlib.blake2b(_framed(parts), digest_size=FINGERPRINT_BYTES, person=b"experiment").hexdigest()


def _key(salt: str) -> bytes:
    raw = salt.encode()
    return raw if len(raw) <= KEY_BYTES else hashlib.blake2b(raw).digest()


def _framed(parts: Sequence[str]) -> bytes:
    """The parts with their lengths, so that no two different lists give the same bytes."""
    encoded = [part.encode(errors="surrogatepass") for part in parts]
    return b"".join(len(part).to_bytes(8, "big") + part for part in encoded)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one request stands in one experiment.

    Attributes:
        experiment: Its name.
        fingerprint: Of the definition that placed the request.
        treated: Whether the request is in the arm (true) or the control.
        unit_digest: Stands for the unit.
    """

    experiment: str
    fingerprint: str
    treated: bool
    unit_digest: str

    def __str__(self) -> str:
        return f"{self.experiment}={'arm' if self.treated else 'control'}"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What all experiments together make of one request.

    Attributes:
        placements: One for each experiment whose unit the request has.
        overrides: The settings that the arms give, conflicts resolved.
        shadowed: Experiments some of whose settings an earlier one displaced, as ``name.setting``.
        without_unit: Experiments that could not place the request because it has no such unit.
        experiments: All experiments that were asked.
    """

    placements: tuple[Placement, ...] = ()
    overrides: Mapping[str, object] = field(default_factory=lambda: NO_OVERRIDES)
    shadowed: tuple[str, ...] = ()
    without_unit: tuple[str, ...] = ()
    experiments: tuple[Experiment, ...] = ()

    @property
    def label(self) -> str:
        """The arms in one line, for a header; empty without experiments."""
        return ",".join(map(str, self.placements))

    def with_placements(self) -> Iterator[tuple[Experiment, Placement | None]]:
        """Every experiment with where the request stands in it; None where it takes no part."""
        placed = {placement.experiment: placement for placement in self.placements}
        return ((experiment, placed.get(experiment.name)) for experiment in self.experiments)


NO_EXPERIMENTS = Assignment()


def assign(experiments: Sequence[Experiment], units: Mapping[Unit, str | None]) -> Assignment:
    """Place a request in every experiment.

    Where two arms set the same thing the experiment that comes first wins; ``tier``, ``min_tier`` and ``max_tier``
    count as the same thing. A request without the unit of an experiment (None or empty) takes no part in it.
    """
    placements: list[Placement] = []
    overrides: dict[str, object] = {}
    shadowed: list[str] = []
    without_unit: list[str] = []
    for experiment in experiments:
        unit_id = units.get(experiment.unit)
        if not unit_id:
            without_unit.append(experiment.name)
            continue
        placement = _place(experiment, unit_id)
        placements.append(placement)
        if placement.treated:
            shadowed += _take_over(experiment, overrides)
    return Assignment(
        tuple(placements), MappingProxyType(overrides), tuple(shadowed), tuple(without_unit), tuple(experiments)
    )


def _place(experiment: Experiment, unit_id: str) -> Placement:
    treated = experiment.position(unit_id) < experiment.share
    return Placement(experiment.name, experiment.fingerprint, treated, experiment.unit_digest(unit_id))


def _take_over(experiment: Experiment, overrides: dict[str, object]) -> list[str]:
    """Add an arm's settings to those of earlier arms; returns the ones that were taken already."""
    taken = set(overrides)
    if taken & TIER_KEYS:
        taken |= TIER_KEYS
    free = {key: value for key, value in experiment.overrides.items() if key not in taken}
    overrides.update(free)
    return [f"{experiment.name}.{key}" for key in experiment.overrides if key in taken]
