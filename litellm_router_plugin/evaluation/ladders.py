"""Ladders to evaluate: which recorded model stands for which tier, per prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.prices import read_json
from litellm_router_plugin.evaluation.rows import OutcomeRow, shown

MIN_TIERS = 2
ALTERNATIVE = "|"
"""Between the models that may stand for one tier: the first that a row has is taken."""
MONOTONE = "monotone"
"""The ladder of `tiers.json` that has a triple of its own for each source."""

TierModels = tuple[tuple[str, tuple[str, ...]], ...]
"""Tiers, cheapest first: name and the models that may stand for it, the preferred one first."""


@dataclass(frozen=True, slots=True)
class RecordedLadder:
    """A ladder over recorded outcomes.

    Attributes:
        name: What reports call it.
        tiers: Cheapest first.
        per_source: Tiers of single sources where they differ; when given, other sources are left out.
    """

    name: str
    tiers: TierModels
    per_source: Mapping[str, TierModels] = field(default_factory=dict, hash=False)

    @property
    def tier_names(self) -> tuple[str, ...]:
        """Tier names, cheapest first."""
        return tuple(name for name, _ in self.tiers)

    def models_for(self, row: OutcomeRow) -> tuple[str, ...] | None:
        """The model of each tier on this row; None when a tier has no outcome there."""
        tiers = self.per_source.get(row.source) if self.per_source else self.tiers
        found = [_first_present(models, row.outcomes) for _, models in tiers or ()]
        named = tuple(model for model in found if model is not None)
        return named if found and len(named) == len(found) else None


def _first_present(models: Sequence[str], outcomes: Mapping[str, object]) -> str | None:
    return next((model for model in models if model in outcomes), None)


def parse_ladder(spec: str) -> RecordedLadder:
    """A ladder from ``cheap=M,standard=M|OTHER,premium=M``, cheapest first.

    Raises:
        DataError: It is not of that form, names a tier twice, or has fewer than two.
    """
    tiers: dict[str, tuple[str, ...]] = {}
    for part in spec.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        models = tuple(model.strip() for model in value.split(ALTERNATIVE) if model.strip())
        if not (name and equals and models):
            raise DataError("--ladder", 0, f"{part!r} is not tier=model; write cheap=M,standard=M,premium=M")
        if name in tiers:
            raise DataError("--ladder", 0, f"the tier {name!r} stands there twice")
        tiers[name] = models
    if len(tiers) < MIN_TIERS:
        raise DataError("--ladder", 0, f"{spec!r} names one tier; at least two are needed, cheapest first")
    return RecordedLadder(spec, tuple(tiers.items()))


def single_models(spec: str) -> dict[str, str]:
    """Tier -> model of a written ladder in which every tier names one model.

    Raises:
        DataError: It is not of that form, or a tier names several models.
    """
    found = {}
    for name, models in parse_ladder(spec).tiers:
        if len(models) > 1:
            raise DataError("--ladder", 0, f"the tier {name!r} names {len(models)} models; one is wanted here")
        found[name] = models[0]
    return found


def read_ladders(path: Path) -> dict[str, RecordedLadder]:
    """The ladders of a tiers file: ``ladders`` by name, and ``monotone`` with one triple a source.

    Raises:
        DataError: The file cannot be read or a ladder in it is not of the right form.
    """
    source, value = str(path), read_json(path)
    ladders = value.get("ladders", {}) if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(ladders, Mapping):
        raise DataError(source, 0, 'an object with "ladders" is wanted')
    found = {str(name): RecordedLadder(str(name), _read_tiers(tiers, source, name)) for name, tiers in ladders.items()}
    monotone = value.get(MONOTONE)
    if monotone:
        found[MONOTONE] = _read_monotone(monotone, source)
    return found


def _read_monotone(value: object, source: str) -> RecordedLadder:
    if not isinstance(value, Mapping):
        raise DataError(source, 0, f"{MONOTONE}: an object from source to tiers is wanted, found {shown(value)}")
    per_source = {str(name): _read_tiers(tiers, source, f"{MONOTONE}.{name}") for name, tiers in value.items()}
    names = {tuple(name for name, _ in tiers) for tiers in per_source.values()}
    if len(names) != 1:
        raise DataError(source, 0, f"{MONOTONE}: every source must have the same tiers in the same order")
    return RecordedLadder(MONOTONE, next(iter(per_source.values())), per_source)


def _read_tiers(value: object, source: str, where: str) -> TierModels:
    if not isinstance(value, Mapping) or len(value) < MIN_TIERS:
        raise DataError(source, 0, f"{where}: at least two tiers with their models are wanted, found {shown(value)}")
    tiers = []
    for name, models in value.items():
        listed = [models] if isinstance(models, str) else models
        if not isinstance(listed, list) or not listed or not all(isinstance(model, str) for model in listed):
            raise DataError(source, 0, f"{where}.{name}: a model or a list of models is wanted, found {shown(models)}")
        tiers.append((str(name), tuple(listed)))
    return tuple(tiers)


def choose_ladder(spec: str, known: Mapping[str, RecordedLadder]) -> RecordedLadder:
    """A ladder by its name in a tiers file, or from its written form.

    Raises:
        DataError: There is no ladder of that name, or the written form is wrong.
    """
    if "=" in spec:
        return parse_ladder(spec)
    if spec in known:
        return known[spec]
    names = ", ".join(sorted(known)) or "none (give the file with --tiers)"
    raise DataError("--ladder", 0, f"there is no ladder {spec!r}; known: {names}; or write cheap=M,standard=M")
