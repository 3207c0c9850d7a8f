"""Runs of experiments: the traffic of one definition, told apart by arm, and what it shows.

An experiment whose unit, share, salt or settings change goes on under its name with another fingerprint. Each
fingerprint is a run of its own: the current one comes first, earlier ones stand apart, and nothing is ever added up
over two of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from litellm_router_plugin.core.experiment_analysis import ArmTotals, ExperimentReport, Goal, UnitTotals, analyse
from litellm_router_plugin.core.experiments import DEFAULT_GOAL, Experiment, Unit

NO_UNITS = ArmTotals()


@dataclass(frozen=True, slots=True)
class RunDefinition:
    """What placed the requests of a run.

    Attributes:
        router: The tier router whose experiment it is.
        experiment: Its name.
        fingerprint: Of unit, share, salt and settings.
        unit: What is assigned as a whole.
        share: Share of the units in the arm.
        settings: What the arm sets, as JSON.
        goal: What is to be decided; the latest where it was changed.
    """

    router: str
    experiment: str
    fingerprint: str
    unit: Unit
    share: float
    settings: str
    goal: Goal = DEFAULT_GOAL

    @classmethod
    def of(cls, router: str, experiment: Experiment) -> RunDefinition:
        """That of an experiment as it is configured."""
        return cls(
            router,
            experiment.name,
            experiment.fingerprint,
            experiment.unit,
            experiment.share,
            experiment.definition,
            experiment.goal,
        )

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells runs apart."""
        return self.router, self.experiment, self.fingerprint


@dataclass(frozen=True, slots=True)
class Run:
    """The traffic of one definition.

    Attributes:
        definition: What placed it.
        control: The units outside the arm.
        arm: The units in the arm.
        outside: Requests without such a unit; they take no part.
        first_at: Wall time in seconds of the earliest request; None without any.
        last_at: Of the latest. Clocks may have gone back meanwhile: nothing but order on a page depends on these.
    """

    definition: RunDefinition
    control: ArmTotals = NO_UNITS
    arm: ArmTotals = NO_UNITS
    outside: int = 0
    first_at: float | None = None
    last_at: float | None = None

    def with_part(self, arm: str, totals: ArmTotals, requests: int, span: tuple[float, float]) -> Run:
        """This run with the units of one arm (``control``, ``arm``, or ``none`` for those outside) added."""
        first = span[0] if self.first_at is None else min(self.first_at, span[0])
        last = span[1] if self.last_at is None else max(self.last_at, span[1])
        begun = replace(self, first_at=first, last_at=last)
        if arm == "control":
            return replace(begun, control=self.control.merged(totals))
        if arm == "arm":
            return replace(begun, arm=self.arm.merged(totals))
        return replace(begun, outside=self.outside + requests)


@dataclass(frozen=True, slots=True)
class RunFigures:
    """A run and what it shows.

    Attributes:
        run: The traffic.
        report: The arms compared.
        is_current: It is the latest definition of its experiment.
        is_running: Requests are assigned by it now; None where the settings are not at hand.
        changed: For an earlier definition what it had otherwise than the current one: ``unit``, ``share``,
            ``settings``, or ``salt`` where all these are the same.
    """

    run: Run
    report: ExperimentReport = field(hash=False)
    is_current: bool
    is_running: bool | None = None
    changed: tuple[str, ...] = ()


def figures_of(runs: Iterable[Run], running: Sequence[RunDefinition] | None = None) -> list[RunFigures]:
    """Compare the arms of each run; the current definition of each experiment comes first, earlier ones after it.

    Args:
        runs: One for each definition that has traffic.
        running: The definitions in force, with the goals in force; those without traffic appear too. None where the
            settings are not at hand: the run with the latest request counts as current then.
    """
    by_key = {run.definition.key: run for run in runs}
    for definition in running or ():
        run = by_key.get(definition.key, Run(definition))
        by_key[definition.key] = replace(run, definition=definition)
    place = {definition.key: number for number, definition in enumerate(running or ())}
    grouped: dict[tuple[str, str], list[Run]] = {}
    for run in sorted(by_key.values(), key=_in_order(place)):
        grouped.setdefault(run.definition.key[:2], []).append(run)
    return [figures for group in grouped.values() for figures in _group(group, None if running is None else place)]


Key = tuple[str, str, str]


def _in_order(place: dict[Key, int]) -> Callable[[Run], tuple[float, float, Key]]:
    """Running ones first as the settings have them, then the latest first."""

    def rank(run: Run) -> tuple[float, float, Key]:
        last = -math.inf if run.last_at is None else run.last_at
        return place.get(run.definition.key, math.inf), -last, run.definition.key

    return rank


def _group(runs: Sequence[Run], place: dict[Key, int] | None) -> list[RunFigures]:
    current = runs[0].definition
    found = []
    for number, run in enumerate(runs):
        definition = run.definition
        report = analyse(run.control, run.arm, share=definition.share, goal=definition.goal)
        is_running = None if place is None else definition.key in place
        found.append(RunFigures(run, report, number == 0, is_running, _changes(definition, current) if number else ()))
    return found


def _changes(earlier: RunDefinition, current: RunDefinition) -> tuple[str, ...]:
    names = ("unit", "share", "settings")
    return tuple(name for name in names if getattr(earlier, name) != getattr(current, name)) or ("salt",)


@dataclass(slots=True)
class RunBuilder:
    """Adds up the requests of one run, unit by unit, where no database does so."""

    definition: RunDefinition
    units: dict[tuple[str, str], UnitTotals] = field(default_factory=dict)
    outside: int = 0
    first_at: float = math.inf
    last_at: float = -math.inf

    def add(self, arm: str, unit: str, more: UnitTotals, moment: float) -> None:
        """Add a request of a unit; ``arm`` is ``control``, ``arm`` or ``none``."""
        self.first_at, self.last_at = min(self.first_at, moment), max(self.last_at, moment)
        if arm == "none":
            self.outside += more.requests
        else:
            before = self.units.get((arm, unit))
            self.units[arm, unit] = more if before is None else before.merged(more)

    def run(self) -> Run:
        """The run as it stands."""
        arms = {"control": NO_UNITS, "arm": NO_UNITS}
        for (arm, _), totals in self.units.items():
            arms[arm] = arms[arm].with_unit(totals)
        first, last = (self.first_at, self.last_at) if math.isfinite(self.first_at) else (None, None)
        return Run(self.definition, arms["control"], arms["arm"], self.outside, first, last)
