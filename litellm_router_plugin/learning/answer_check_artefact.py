"""The answer check's model to and from an artefact folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.checks.answer_features import FEATURE_NAMES, FEATURE_VERSION
from litellm_router_plugin.errors import ArtefactError
from litellm_router_plugin.learning import features as prompt_features
from litellm_router_plugin.learning.answer_check import (
    COMPARED_NAMES,
    LEAST_VARIANCE,
    STANDARDISED,
    AnswerCheckModel,
    Prior,
)
from litellm_router_plugin.learning.artefacts import Artefact, load_artefact, misfit, save_artefact
from litellm_router_plugin.learning.trees import TreeEnsemble

KIND: Final = "answer-check"
"""The manifest's ``kind``."""
_SPEC: Final[Mapping[str, object]] = {
    "answer_feature_version": FEATURE_VERSION,
    "answer_features": list(FEATURE_NAMES),
    "compared": list(COMPARED_NAMES),
    "prompt_feature_version": prompt_features.FEATURE_SPEC_VERSION,
    "prompt_features": list(prompt_features.FEATURE_NAMES),
}
"""What a model was made for; a model made for anything else is refused."""


def save_answer_check(model: AnswerCheckModel, folder: str | os.PathLike[str], card: str) -> None:
    """Write the model; raises `ArtefactError` where the folder cannot be written."""
    arrays: dict[str, NDArray[Any]] = {
        **model.trees.to_arrays("compared_"),
        **model.raw_trees.to_arrays("raw_"),
        "prior_mean": model.prior.mean,
        "prior_variance": model.prior.variance,
        "base": np.array(model.base),
    }
    save_artefact(folder, Artefact(KIND, {**model.about, **_SPEC}, arrays, card))


def load_answer_check(folder: str | os.PathLike[str]) -> AnswerCheckModel:
    """Read a model that `save_answer_check` wrote.

    Raises:
        ArtefactError: The folder is missing, damaged, or made for other features; nothing is half-loaded.
    """
    artefact = load_artefact(folder, KIND)
    for name, wanted in _SPEC.items():
        if artefact.about.get(name) != wanted:
            raise ArtefactError(f"{folder}: {name} differs from what this package counts. Train the check again")
    about = {key: value for key, value in artefact.about.items() if key not in _SPEC and key != "schema_version"}
    try:
        return _model(artefact.arrays, about)
    except (ArtefactError, KeyError, ValueError, IndexError) as error:
        raise misfit(folder, error) from error


def _model(arrays: Mapping[str, NDArray[Any]], about: Mapping[str, object]) -> AnswerCheckModel:
    raw_count = len(FEATURE_NAMES) + len(prompt_features.FEATURE_NAMES)
    if len(arrays["prior_mean"]) != len(STANDARDISED):
        raise ValueError("the prior has other features")
    prior = Prior(arrays["prior_mean"], np.maximum(arrays["prior_variance"], LEAST_VARIANCE))
    trees = TreeEnsemble.from_arrays(arrays, "compared_", len(COMPARED_NAMES))
    raw_trees = TreeEnsemble.from_arrays(arrays, "raw_", raw_count)
    return AnswerCheckModel(prior, trees, raw_trees, float(arrays["base"]), about)


@cache
def default_answer_check() -> AnswerCheckModel:
    """The shipped model, read once; raises `ArtefactError` where the installation is damaged."""
    with as_file(files("litellm_router_plugin").joinpath("data", "default_answer_check")) as folder:
        return load_answer_check(folder)
