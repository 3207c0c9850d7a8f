"""A tier from the words of a prompt: TF-IDF with a logistic regression or a forest, served by numpy alone.

The vocabulary is that of the user's own labelled prompts and is saved with the model as JSON.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.learning.artefacts import Artefact, load_artefact, misfit, save_artefact
from litellm_router_plugin.learning.heads import sigmoid

FloatArray = NDArray[np.float64]
HeadKind = Literal["logistic", "forest"]

KIND: Final = "tier-labels"
"""The manifest's ``kind`` of a model trained on tier labels."""
VOCABULARY: Final = "vocabulary.json"
WORD_PATTERN: Final = r"(?u)\b\w\w+\b"
"""scikit-learn's own: words of two or more characters."""
MAX_TEXT_CHARS: Final = 20_000
"""Characters of a prompt that are read, from its start."""
_WORDS: Final = re.compile(WORD_PATTERN)


class TextHead(Protocol):
    """Turns the TF-IDF weights of a text into P(tier) for each tier."""

    def probabilities(self, columns: NDArray[np.int64], weights: FloatArray) -> FloatArray:
        """P by tier of a text, given its terms' columns and weights."""
        ...

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays that the head is read back from."""
        ...


class LogisticHead:
    """Multinomial logistic regression, or the binary one with a single row of coefficients."""

    def __init__(self, coefficients: FloatArray, intercepts: FloatArray) -> None:
        self._coefficients = coefficients
        self._intercepts = intercepts

    def probabilities(self, columns: NDArray[np.int64], weights: FloatArray) -> FloatArray:
        """P by tier."""
        logits = self._coefficients[:, columns] @ weights + self._intercepts
        if len(logits) == 1:
            chance = sigmoid(logits)
            return np.concatenate([1.0 - chance, chance])
        raised = np.exp(logits - logits.max())
        return raised / raised.sum()  # type: ignore[no-any-return]  # numpy says Any

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Coefficients and intercepts."""
        return {"coefficients": self._coefficients, "intercepts": self._intercepts}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], terms: int, classes: int) -> LogisticHead:
        """Read `to_arrays` back; raises ValueError where the shapes do not fit."""
        coefficients, intercepts = arrays["coefficients"], arrays["intercepts"]
        rows = 1 if classes == len("no") else classes
        if coefficients.shape != (rows, terms) or intercepts.shape != (rows,):
            raise ValueError(f"coefficients {coefficients.shape} for {terms} terms and {classes} tiers")
        return cls(coefficients, intercepts)


class ForestHead:
    """A random forest: the mean of its trees' leaf shares.

    Args:
        roots: The first node of each tree.
        children: nodes x 2, left and right; a leaf's children are the leaf itself.
        features: The column that each node compares.
        thresholds: A text goes left where its 32-bit weight is at most this.
        shares: nodes x tiers.
    """

    def __init__(
        self,
        roots: NDArray[np.int64],
        children: NDArray[np.int64],
        features: NDArray[np.int64],
        thresholds: FloatArray,
        shares: FloatArray,
    ) -> None:
        self._roots, self._children, self._features = roots, children, features
        self._thresholds, self._shares = thresholds, shares

    def probabilities(self, columns: NDArray[np.int64], weights: FloatArray) -> FloatArray:
        """P by tier."""
        row = np.zeros(int(max(self._features.max(initial=0), columns.max(initial=0))) + 1, np.float32)
        row[columns] = weights
        nodes = self._roots
        while True:
            right = row[self._features[nodes]] > self._thresholds[nodes]
            following = self._children[nodes, right.astype(np.int64)]
            if np.array_equal(following, nodes):
                return self._shares[nodes].mean(axis=0)  # type: ignore[no-any-return]  # numpy says Any
            nodes = following

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The forest's nodes."""
        return {
            "roots": self._roots,
            "children": self._children,
            "node_features": self._features,
            "thresholds": self._thresholds,
            "shares": self._shares,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], terms: int, classes: int) -> ForestHead:
        """Read `to_arrays` back; raises ValueError where nodes lead nowhere, backwards, or shapes do not fit."""
        roots, children, features = arrays["roots"], arrays["children"], arrays["node_features"]
        thresholds, shares = arrays["thresholds"], arrays["shares"]
        nodes = len(thresholds)
        if children.shape != (nodes, 2) or features.shape != (nodes,) or shares.shape != (nodes, classes):
            raise ValueError("the forest's arrays do not fit together")
        if (children < np.arange(nodes)[:, None]).any() or (children >= nodes).any():
            raise ValueError("a node of the forest leads backwards or nowhere")
        if not len(roots) or roots.min() < 0 or roots.max() >= nodes or features.min() < 0 or features.max() >= terms:
            raise ValueError("the forest names nodes or terms that there are not")
        return cls(roots, children, features, thresholds, shares)


@dataclass(frozen=True, slots=True)
class TextModel:
    """TF-IDF weights of single words, and a head on top.

    Attributes:
        vocabulary: Word -> column.
        idf: By column.
        classes: The tiers, in the order of the head's outputs.
        head: Weights -> P by tier.
        head_kind: ``logistic`` or ``forest``.
        about: What training recorded.
    """

    vocabulary: Mapping[str, int]
    idf: FloatArray
    classes: tuple[str, ...]
    head: TextHead
    head_kind: str
    about: Mapping[str, object]

    def probabilities(self, text: str) -> FloatArray:
        """P by tier, in the order of ``classes``."""
        words = _WORDS.findall(text[:MAX_TEXT_CHARS].lower())
        counts = Counter(column for word in words if (column := self.vocabulary.get(word)) is not None)
        columns = np.array(sorted(counts), np.int64)
        weights = np.array([counts[column] for column in columns.tolist()], np.float64) * self.idf[columns]
        length = float(np.sqrt(weights @ weights))
        return self.head.probabilities(columns, weights / length if length else weights)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the model; raises `ArtefactError` where the folder cannot be written."""
        words = sorted(self.vocabulary, key=self.vocabulary.__getitem__)
        about = {**self.about, "classes": list(self.classes), "head": self.head_kind}
        card = (
            "# Tier classifier on words\n\nTrained on labelled prompts of the user's own with"
            f" TF-IDF and {self.head_kind}.\n\n- Tiers: {', '.join(self.classes)}\n"
            f"- `{VOCABULARY}` holds {len(words)} words of those prompts.\n"
        )
        arrays = {"idf": self.idf, **self.head.to_arrays()}
        save_artefact(folder, Artefact(KIND, about, arrays, card, {VOCABULARY: words}))


def load_text_model(folder: str | os.PathLike[str]) -> TextModel:
    """Read a model that `TextModel.save` wrote.

    Raises:
        ArtefactError: The folder is missing or damaged; nothing is half-loaded.
    """
    artefact = load_artefact(folder, KIND)
    try:
        return _text_model(artefact)
    except (KeyError, ValueError) as error:
        raise misfit(folder, error) from error


def _text_model(artefact: Artefact) -> TextModel:
    about = dict(artefact.about)
    tiers = _strings(about.pop("classes", None), "classes")
    terms = _strings(artefact.documents.get(VOCABULARY), VOCABULARY)
    kind = about.pop("head", None)
    about.pop("schema_version", None)
    idf = artefact.arrays["idf"]
    if idf.shape != (len(terms),):
        raise ValueError("as many weights as words are wanted")
    head: TextHead
    if kind == "logistic":
        head = LogisticHead.from_arrays(artefact.arrays, len(terms), len(tiers))
    elif kind == "forest":
        head = ForestHead.from_arrays(artefact.arrays, len(terms), len(tiers))
    else:
        raise ValueError(f"there is no head {kind!r}")
    vocabulary = {word: column for column, word in enumerate(terms)}
    return TextModel(vocabulary, idf, tuple(tiers), head, kind, about)


def _strings(value: object, name: str) -> Sequence[str]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{name} must list texts")
    return value
