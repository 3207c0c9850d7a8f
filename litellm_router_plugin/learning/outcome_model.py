"""The learned model as it is served: features in, success and tokens of any model out. Needs only numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.learning.ease import Ease
from litellm_router_plugin.learning.features import FEATURE_NAMES, request_features
from litellm_router_plugin.learning.heads import sigmoid
from litellm_router_plugin.learning.known_kinds import KnownKinds
from litellm_router_plugin.learning.model_names import known_name
from litellm_router_plugin.learning.oblivious_trees import ObliviousTrees
from litellm_router_plugin.learning.projection import Projection
from litellm_router_plugin.learning.token_forecast import PromptTokens, expected_tokens

FloatArray = NDArray[np.float64]

FAMILIAR: Final = 1.0
"""Prompts up to this distance are like the training prompts."""
TOOLS: Final = FEATURE_NAMES.index("tools")
SAME_COUNT: Final = 1e-3
"""Logarithms of counts that differ by less are of the same count."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model sees of one request.

    Attributes:
        latents: Its ease, and what the trees say of it; far from the training prompts the trees say nothing (zeros),
            infinitely far the ease neither.
        directions: Its place among the training prompts.
        distance: To the nearest centre of training prompts; up to 1 is familiar. Infinite where the prompt offers tools
            and no training prompt did: what makes a text easy misleads there.
        prompt_tokens: Expected tokens of the prompt.
    """

    latents: FloatArray
    directions: FloatArray
    distance: float
    prompt_tokens: float


@dataclass(frozen=True, slots=True)
class ReferencePrompts:
    """What the model says of a sample of training prompts by trees that had not seen them; numbers only.

    A ladder's trade-off is found on it once its models and prices are known.

    Attributes:
        latents: prompts x latents.
        directions: prompts x directions.
        prompt_tokens: One number a prompt.
        sources: The number of each prompt's source.
    """

    latents: FloatArray
    directions: FloatArray
    prompt_tokens: FloatArray
    sources: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LearnedModel:
    """Forecasts each known model's success on a prompt, and the tokens it will write.

    Attributes:
        trees: Features -> all latents but the first.
        ease: Features -> the first latent.
        names: The known models.
        heads: models x (1 + latents): intercept, loading of the ease, loadings of the trees' latents.
        labels: How many outcomes each head was fitted to.
        seen: models x sources, whether a head was fitted to outcomes of that source.
        completion_heads: (models + 1) x (1 + directions); the last is for models not known.
        projection: Features -> directions.
        known_kinds: Where the training prompts lie.
        prompt_tokens: Features -> tokens of the prompt.
        reference: A sample of training prompts, every source with its weight.
        about: What training recorded: sources, metrics, fingerprint, versions.
    """

    trees: ObliviousTrees
    ease: Ease
    names: tuple[str, ...]
    heads: FloatArray
    labels: NDArray[np.int64]
    seen: NDArray[np.bool_]
    completion_heads: FloatArray
    projection: Projection
    known_kinds: KnownKinds
    prompt_tokens: PromptTokens
    reference: ReferencePrompts
    about: Mapping[str, object]

    def read(self, request: RequestView) -> Reading:
        """Look at a request; the work is bounded whatever its length."""
        features = request_features(request)
        directions = self.projection.of(features)
        distance = math.inf if self.is_foreign(features) else self.known_kinds.distance(directions)
        latents = np.zeros(1 + self.trees.outputs)
        if distance < math.inf:
            latents[0] = self.ease.of(features)
        if distance <= FAMILIAR:
            latents[1:] = self.trees.total(features.astype(np.float32))
        return Reading(latents, directions, distance, self.prompt_tokens.of(features, request))

    @property
    def knows_tools(self) -> bool:
        """Whether training prompts differed in the tools that they offered."""
        return bool(self.projection.scale[TOOLS] > 0)

    def is_foreign(self, features: FloatArray) -> bool:
        """Whether a prompt offers tools and training can have taught nothing about them."""
        return not self.knows_tools and bool(abs(features[TOOLS] - self.projection.centre[TOOLS]) > SAME_COUNT)

    def latents_of(self, features: FloatArray) -> FloatArray:
        """The latents of many prompts, all taken as familiar."""
        return np.column_stack([self.ease.of_rows(features), self.trees.totals(features)])

    def served_latents_of(self, features: FloatArray) -> FloatArray:
        """The latents of many prompts as `read` gives them: of those unlike the training prompts the ease alone."""
        latents = self.latents_of(features)
        latents[self.known_kinds.distances(self.projection.of(features)) > FAMILIAR, 1:] = 0.0
        if not self.knows_tools:
            latents[np.abs(features[:, TOOLS] - self.projection.centre[TOOLS]) > SAME_COUNT] = 0.0
        return latents

    def known_as(self, name: str) -> str | None:
        """The known model that a name means, or None; see `model_names.known_name`."""
        return known_name(name, self.names)

    def head(self, name: str) -> FloatArray:
        """A model's head; that of the typical model where the name is not known."""
        known = self.known_as(name)
        return self.typical_head if known is None else self.heads[self.names.index(known)]

    def completion_head(self, name: str) -> FloatArray:
        """A model's token head; that of all models together where the name is not known."""
        known = self.known_as(name)
        head: FloatArray = self.completion_heads[-1 if known is None else self.names.index(known)]
        return head

    def shared_reference(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Which reference prompts come from sources that the heads of all these known models were fitted to."""
        places = [self.names.index(known) for name in names if (known := self.known_as(name)) is not None]
        shared = np.logical_and.reduce(self.seen[places], axis=0)
        return np.asarray(shared[self.reference.sources], np.bool_)

    @property
    def typical_head(self) -> FloatArray:
        """The mean of all heads, weighted by what they were fitted to."""
        typical: FloatArray = np.average(self.heads, axis=0, weights=np.sqrt(self.labels))
        return typical

    def rung_head(self, rung: int, rungs: int) -> FloatArray:
        """The head of an unknown model at a place on a ladder of so many rungs, 0 the cheapest.

        The known models are ordered by how well they do on the typical prompt; the place takes the mean intercept of
        those around its quantile. The loadings are the typical model's, so that no prompt turns the ladder over.
        """
        order = np.argsort(self.heads[:, 0], kind="stable")
        place = (rung + _HALF) / rungs
        nearness = np.exp(-(((np.arange(len(order)) + _HALF) / len(order) - place) ** 2) / (2 * _RUNG_WIDTH**2))
        head = self.typical_head
        head[0] = np.average(self.heads[order, 0], weights=nearness)
        return head

    def difficulty(self, latents: FloatArray) -> float:
        """P(the typical model fails), 0..1; needs no label of the models in question."""
        head = self.typical_head
        return 1.0 - float(sigmoid(head[0] + latents @ head[1:]))

    def predict_success(self, request: RequestView, model_names: Sequence[str]) -> dict[str, float]:
        """Model name -> P(its answer is good enough), 0..1."""
        heads = np.array([self.head(name) for name in model_names])
        latents = self.read(request).latents
        return dict(zip(model_names, sigmoid(heads[:, 0] + heads[:, 1:] @ latents).tolist(), strict=True))

    def predict_completion_tokens(self, request: RequestView, model_names: Sequence[str]) -> dict[str, float]:
        """Model name -> expected tokens of its answer."""
        heads = np.array([self.completion_head(name) for name in model_names])
        directions = self.read(request).directions
        return dict(zip(model_names, expected_tokens(heads[:, 0] + heads[:, 1:] @ directions).tolist(), strict=True))

    def with_model(self, name: str, head: FloatArray, completion_head: FloatArray, labels: int) -> LearnedModel:
        """This model knowing one model more, or another head for a known one.

        Where the labels come from is not known, so they are taken to speak for all sources.
        """
        kept = [index for index, known in enumerate(self.names) if known != name]
        return replace(
            self,
            names=(*(self.names[index] for index in kept), name),
            heads=np.vstack([self.heads[kept], head]),
            labels=np.append(self.labels[kept], labels),
            seen=np.vstack([self.seen[kept], np.ones((1, self.seen.shape[1]), np.bool_)]),
            completion_heads=np.vstack([self.completion_heads[kept], completion_head, self.completion_heads[-1:]]),
        )


_HALF: Final = 0.5
_RUNG_WIDTH: Final = 0.15
"""Width, in quantiles, of the models that stand for a place on the ladder; a guess."""
