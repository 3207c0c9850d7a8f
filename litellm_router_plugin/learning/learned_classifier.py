"""`LearnedClassifier`: the learned models on plain text, with scikit-learn's conventions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, overload

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.frozen import EMPTY
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.errors import ArtefactError, DataError, TierRouterError
from litellm_router_plugin.learning.artefacts import artefact_kind
from litellm_router_plugin.learning.ladder_footing import LadderModel, LadderSettings
from litellm_router_plugin.learning.ladder_forecast import LadderForecast, lowest_sufficient
from litellm_router_plugin.learning.outcome_artefact import KIND as OUTCOMES_KIND
from litellm_router_plugin.learning.outcome_artefact import load_model, save_model
from litellm_router_plugin.learning.outcome_model import LearnedModel
from litellm_router_plugin.learning.outcome_rows import Row
from litellm_router_plugin.learning.text_model import KIND as LABELS_KIND
from litellm_router_plugin.learning.text_model import HeadKind, TextModel, load_text_model

FloatArray = NDArray[np.float64]

DEFAULT_ARTEFACT: Final = Path(__file__).resolve().parent.parent / "data" / "default_classifier"
"""Folder of the shipped model."""
DEFAULT_LADDER: Final[Mapping[str, str]] = {
    "cheap": "gpt-4o-mini-2024-07-18",
    "standard": "gpt-4o-2024-08-06",
    "premium": "o1-preview-2024-09-12",
}
"""Tier -> model where no ladder is given: well-known models of which each is better than the one before."""
HEAD_KINDS: Final = ("logistic", "forest")


class NotFitted(TierRouterError):
    """The classifier was asked before it had learned anything."""


class LearnedClassifier:
    """Which tier suffices for a text.

    It learns from outcomes (`fit_outcomes`: which models answered which prompts well) or from labels (`fit`: texts
    with the tier that each needs). `default` gives the shipped model, which was trained on outcomes.

    Args:
        head: For `fit`: ``logistic`` or ``forest``, on TF-IDF weights of words.
        ladder: For outcomes: tier -> model, cheapest first. Default: `DEFAULT_LADDER`.
        prices: For outcomes: tier -> price; without them the ladder's order stands in for cost.
        quality_target: For outcomes: 0..1, share of the best fixed tier's expected quality to keep; default 0.95.
        cost_quality: For outcomes, instead of it: 0 the cheapest tier, 1 the best whatever it costs.
        random_state: Seed of all training.

    Attributes:
        classes_: The tiers: cheapest first for outcomes, sorted for labels; the columns of `predict_proba`.
        model_: The learned model, a `LearnedModel` (outcomes) or a `TextModel` (labels).
    """

    def __init__(
        self,
        *,
        head: str = "logistic",
        ladder: Mapping[str, str] | None = None,
        prices: Mapping[str, Price | None] | None = None,
        quality_target: float | None = None,
        cost_quality: float | None = None,
        random_state: int | None = 0,
    ) -> None:
        self.head = head
        self.ladder = ladder
        self.prices = prices
        self.quality_target = quality_target
        self.cost_quality = cost_quality
        self.random_state = random_state

    def get_params(self, deep: bool = True) -> dict[str, object]:  # noqa: ARG002, FBT001, FBT002  scikit-learn's signature
        """The constructor's arguments, as scikit-learn wants them."""
        names = ("head", "ladder", "prices", "quality_target", "cost_quality", "random_state")
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params: object) -> LearnedClassifier:
        """Set constructor arguments; raises ValueError for one that there is not."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"set_params: there is no parameter {name!r}; there are {', '.join(known)}")
            setattr(self, name, value)
        return self

    @classmethod
    def default(
        cls,
        *,
        ladder: Mapping[str, str] | None = None,
        prices: Mapping[str, Price | None] | None = None,
        quality_target: float | None = None,
        cost_quality: float | None = None,
    ) -> LearnedClassifier:
        """The shipped model, for a ladder of known models.

        Raises:
            ArtefactError: The installed package is damaged.
        """
        classifier = cls(ladder=ladder, prices=prices, quality_target=quality_target, cost_quality=cost_quality)
        return classifier._with_outcomes(default_model())

    def fit(self, queries: Sequence[str], labels: Sequence[str]) -> LearnedClassifier:
        """Learn from texts and the tier that each needs.

        Raises:
            DataError: Nothing to learn from, lengths that differ, queries or labels that are not texts, or one tier.
        """
        texts, tiers = checked_labels(queries, labels)
        if self.head not in HEAD_KINDS:
            raise ValueError(f"head must be one of {', '.join(HEAD_KINDS)}, found {self.head!r}")
        from litellm_router_plugin.learning.text_fitting import exported, fit_pipeline  # noqa: PLC0415  scikit-learn

        kind: HeadKind = "forest" if self.head == "forest" else "logistic"
        return self._with_labels(exported(fit_pipeline(texts, tiers, kind, self.random_state), kind))

    def fit_outcomes(self, rows: Iterable[Row]) -> LearnedClassifier:
        """Learn from rows as in ``routing_outcomes``: prompts with the scores of several models.

        Raises:
            DataError: Too few rows, or a wrong one, with its number.
        """
        from litellm_router_plugin.learning.training import train_outcomes  # noqa: PLC0415  scikit-learn

        seed = int(np.random.SeedSequence().generate_state(1)[0]) if self.random_state is None else self.random_state
        return self._with_outcomes(train_outcomes(rows, random_state=seed))

    def _with_outcomes(self, model: LearnedModel) -> LearnedClassifier:
        ladder, prices = self.ladder or DEFAULT_LADDER, self.prices or {}
        entries = [LadderModel(tier, name, prices.get(tier)) for tier, name in ladder.items()]
        settings = LadderSettings(self.quality_target, self.cost_quality)
        self._ladder_forecast = LadderForecast(model, entries, settings)
        self.model_: LearnedModel | TextModel = model
        self.classes_ = np.array(self._ladder_forecast.tiers)
        return self

    def _with_labels(self, model: TextModel) -> LearnedClassifier:
        self.model_ = model
        self.classes_ = np.array(model.classes)
        return self

    def _fitted(self) -> LearnedModel | TextModel:
        if not hasattr(self, "model_"):
            raise NotFitted("this LearnedClassifier has learned nothing yet; call fit, fit_outcomes, load or default")
        return self.model_

    def forecast(self, prompt: str | Sequence[Mapping[str, object]], tools: Sequence[object] | None = None) -> Forecast:
        """What the model says of a text, or of chat messages."""
        request = read_request(prompt, params={"tools": tools} if tools else EMPTY)
        model = self._fitted()
        if isinstance(model, LearnedModel):
            return self._ladder_forecast.forecast(request)
        chances = model.probabilities(request.text)
        best = int(chances.argmax())
        return Forecast(tier=model.classes[best], cause="learned", confidence=float(chances[best]))

    @overload
    def predict(self, queries: str) -> tuple[str, float]: ...  # type: ignore[overload-overlap]  # a str is a Sequence[str], and the first overload is meant to win
    @overload
    def predict(self, queries: Sequence[str]) -> NDArray[np.str_]: ...
    def predict(self, queries: str | Sequence[str]) -> tuple[str, float] | NDArray[np.str_]:
        """The tier and the confidence for one text; the tiers as an array for a list of texts."""
        if isinstance(queries, str):
            forecast = self.forecast(queries)
            return str(forecast.tier), float(forecast.confidence or 0.0)
        return np.array([str(self.forecast(query).tier) for query in checked_texts(queries)], dtype=self._tier_type())

    def _tier_type(self) -> np.dtype[Any]:
        self._fitted()
        return self.classes_.dtype

    def predict_proba(self, queries: Sequence[str]) -> FloatArray:
        """P(the tier is the right one), texts x ``classes_``.

        For outcomes: P(this is the lowest tier whose answer is good enough), see `lowest_sufficient`. It knows no
        prices, so `predict`, which weighs cost, need not take its largest.
        """
        model = self._fitted()
        texts = checked_texts(queries)
        if isinstance(model, TextModel):
            rows = [model.probabilities(text) for text in texts]
        else:
            rows = [np.array(lowest_sufficient(list(self.forecast(text).p_success.values()))) for text in texts]
        return np.array(rows).reshape(len(texts), len(self.classes_))

    def predict_success(self, request: RequestView, model_names: Sequence[str]) -> dict[str, float]:
        """Model name -> P(its answer is good enough); raises `NotFitted` for a model that learned from labels."""
        return self._outcomes().predict_success(request, model_names)

    def predict_completion_tokens(self, request: RequestView, model_names: Sequence[str]) -> dict[str, float]:
        """Model name -> expected tokens of its answer; raises `NotFitted` for a model that learned from labels."""
        return self._outcomes().predict_completion_tokens(request, model_names)

    def _outcomes(self) -> LearnedModel:
        model = self._fitted()
        if isinstance(model, TextModel):
            raise NotFitted("this LearnedClassifier learned from tier labels and knows no models; use fit_outcomes")
        return model

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the model as an artefact folder; prices and the ladder are settings and are not saved."""
        model = self._fitted()
        if isinstance(model, TextModel):
            model.save(folder)
        else:
            save_model(model, folder)

    @classmethod
    def load(cls, folder: str | os.PathLike[str], **params: Any) -> LearnedClassifier:  # noqa: ANN401  the constructor's
        """Read a folder that `save` wrote; ``params`` are the constructor's.

        Raises:
            ArtefactError: The folder is missing, damaged, changed, or of another version; nothing is half-loaded.
        """
        classifier = cls(**params)
        kind = artefact_kind(folder)
        if kind == OUTCOMES_KIND:
            return classifier._with_outcomes(load_model(folder))
        if kind == LABELS_KIND:
            return classifier._with_labels(load_text_model(folder))
        raise ArtefactError(f"{folder}: it holds a {kind!r}; a {OUTCOMES_KIND!r} or a {LABELS_KIND!r} is wanted")


@cache
def default_model() -> LearnedModel:
    """The shipped model, read once."""
    return load_model(DEFAULT_ARTEFACT)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def checked_texts(queries: Sequence[str]) -> list[str]:
    """The queries as a list; raises `DataError` naming the first that is no text."""
    texts = list(queries)
    for number, text in enumerate(texts, start=1):
        if not _is_text(text):
            raise DataError("queries", number, f"a text is wanted, found {type(text).__name__}")
    return [str(text) for text in texts]


def checked_labels(queries: Sequence[str], labels: Sequence[str]) -> tuple[list[str], list[str]]:
    """Queries and labels fit to learn from; see `LearnedClassifier.fit`."""
    if isinstance(queries, str):
        raise DataError("queries", 0, "a list of texts is wanted, found one text")
    texts, tiers = checked_texts(queries), list(labels)
    if not texts:
        raise DataError("queries", 0, "there is nothing to learn from. Give texts and the tier that each needs")
    if len(texts) != len(tiers):
        raise DataError("labels", 0, f"{len(texts)} queries but {len(tiers)} labels; each query needs one")
    for number, tier in enumerate(tiers, start=1):
        if not _is_text(tier) or not tier.strip():
            raise DataError("labels", number, f"a tier's name is wanted, found {tier!r}")
    if len(set(tiers)) == 1:
        raise DataError("labels", 0, f"every label is {tiers[0]!r}; at least two tiers are needed")
    return texts, [str(tier) for tier in tiers]
