"""The learned model to and from an artefact folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.errors import ArtefactError
from litellm_router_plugin.learning.artefacts import Artefact, load_artefact, misfit, save_artefact
from litellm_router_plugin.learning.ease import Ease
from litellm_router_plugin.learning.features import FEATURE_NAMES, FEATURE_SPEC_VERSION
from litellm_router_plugin.learning.known_kinds import KnownKinds
from litellm_router_plugin.learning.oblivious_trees import ObliviousTrees
from litellm_router_plugin.learning.outcome_model import LearnedModel, ReferencePrompts
from litellm_router_plugin.learning.projection import Projection
from litellm_router_plugin.learning.token_forecast import PROMPT_COUNTS, TOOL_COUNTS, PromptTokens

KIND: Final = "tier-outcomes"
"""The manifest's ``kind`` of a model trained on outcomes."""
_OWN_KEYS: Final = ("feature_spec_version", "features", "models", "schema_version")


def save_model(model: LearnedModel, folder: str | os.PathLike[str], card: str = "") -> None:
    """Write the model; raises `ArtefactError` where the folder cannot be written."""
    about = {
        **model.about,
        "feature_spec_version": FEATURE_SPEC_VERSION,
        "features": list(FEATURE_NAMES),
        "models": list(model.names),
    }
    save_artefact(folder, Artefact(KIND, about, _arrays(model), card or default_card(model)))


def _arrays(model: LearnedModel) -> dict[str, NDArray[Any]]:
    return {
        **model.trees.to_arrays("tree_"),
        "ease": model.ease.weights,
        "ease_offset": np.array(model.ease.offset),
        "heads": model.heads,
        "labels": model.labels,
        "seen": model.seen,
        "completion_heads": model.completion_heads.astype(np.float32),
        "projection": model.projection.weights.astype(np.float32),
        "projection_centre": model.projection.centre,
        "projection_scale": model.projection.scale,
        "projection_limit": np.array(model.projection.limit),
        "centres": model.known_kinds.centres.astype(np.float32),
        "familiar_within": np.array(model.known_kinds.limit),
        "tokens_per_count": model.prompt_tokens.per_count,
        "tokens_per_tool": model.prompt_tokens.per_tool,
        "reference_latents": model.reference.latents.astype(np.float32),
        "reference_directions": model.reference.directions.astype(np.float32),
        "reference_prompt_tokens": model.reference.prompt_tokens.astype(np.float32),
        "reference_sources": model.reference.sources.astype(np.uint16),
    }


def load_model(folder: str | os.PathLike[str]) -> LearnedModel:
    """Read a model that `save_model` wrote.

    Raises:
        ArtefactError: The folder is missing, damaged, or made for other features; nothing is half-loaded.
    """
    artefact = load_artefact(folder, KIND)
    about = artefact.about
    if about.get("feature_spec_version") != FEATURE_SPEC_VERSION or about.get("features") != list(FEATURE_NAMES):
        raise ArtefactError(f"{folder}: made for other features than this package counts. Train the model again")
    try:
        return _model(artefact.arrays, _names(about), {k: v for k, v in about.items() if k not in _OWN_KEYS})
    except (ArtefactError, KeyError, ValueError, IndexError) as error:
        raise misfit(folder, error) from error


def _names(about: Mapping[str, object]) -> tuple[str, ...]:
    names = about.get("models")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise ValueError('"models" must list names')
    return tuple(names)


def _model(arrays: Mapping[str, NDArray[Any]], names: tuple[str, ...], about: Mapping[str, object]) -> LearnedModel:
    features, models = len(FEATURE_NAMES), len(names)
    trees = ObliviousTrees.from_arrays(arrays, "tree_", features)
    directions = arrays["projection"].shape[-1]
    size = len(arrays["reference_prompt_tokens"])
    latents = 1 + trees.outputs
    wanted = {
        "ease": (features,),
        "ease_offset": (),
        "heads": (models, 1 + latents),
        "labels": (models,),
        "seen": (models, arrays["seen"].shape[-1]),
        "completion_heads": (models + 1, 1 + directions),
        "projection": (features, directions),
        "projection_centre": (features,),
        "projection_scale": (features,),
        "projection_limit": (),
        "familiar_within": (),
        "centres": (len(arrays["centres"]), directions),
        "tokens_per_count": (len(PROMPT_COUNTS),),
        "tokens_per_tool": (len(TOOL_COUNTS),),
        "reference_latents": (size, latents),
        "reference_directions": (size, directions),
        "reference_sources": (size,),
    }
    for name, shape in wanted.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape}, wanted is {shape}")
    if size and int(arrays["reference_sources"].max()) >= arrays["seen"].shape[-1]:
        raise ValueError("reference_sources names a source that seen lacks")
    double = {name: array.astype(np.float64) for name, array in arrays.items() if not name.startswith("tree_")}
    return LearnedModel(
        trees=trees,
        ease=Ease(double["ease"], float(double["ease_offset"])),
        names=names,
        heads=double["heads"],
        labels=arrays["labels"].astype(np.int64),
        seen=arrays["seen"].astype(np.bool_),
        completion_heads=double["completion_heads"],
        projection=Projection(
            double["projection"],
            double["projection_centre"],
            double["projection_scale"],
            float(double["projection_limit"]),
        ),
        known_kinds=KnownKinds(double["centres"], float(double["familiar_within"])),
        prompt_tokens=PromptTokens(double["tokens_per_count"], double["tokens_per_tool"]),
        reference=ReferencePrompts(
            double["reference_latents"],
            double["reference_directions"],
            double["reference_prompt_tokens"],
            arrays["reference_sources"].astype(np.int64),
        ),
        about=about,
    )


def default_card(model: LearnedModel) -> str:
    """A card for a model that somebody trained on rows of their own."""
    sources = ", ".join(str(source) for source in _listed(model.about.get("row_sources")))
    return (
        "# Learned tier classifier\n\n"
        "Forecasts which models answer a prompt well enough, from counts of the prompt.\n\n"
        f"- Models: {', '.join(model.names)}\n- Rows: {model.about.get('rows')}\n- Sources: {sources}\n"
        f"- Data fingerprint (SHA-256): {model.about.get('data_sha256')}\n\n"
        "It holds numbers only: no prompt text and no words of the prompts.\n"
    )


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
