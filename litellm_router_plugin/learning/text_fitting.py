"""Fits tier labels on words with scikit-learn: the field's classic, TF-IDF with a logistic regression or a forest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from litellm_router_plugin.learning.text_model import (
    MAX_TEXT_CHARS,
    WORD_PATTERN,
    ForestHead,
    HeadKind,
    LogisticHead,
    TextHead,
    TextModel,
)

MAX_WORDS: Final = 20_000
"""Words kept, the most frequent ones."""
FOREST_TREES: Final = 100
"""scikit-learn's default."""
_LEAF: Final = -1


def fit_pipeline(texts: Sequence[str], tiers: Sequence[str], kind: HeadKind, random_state: int | None) -> Pipeline:
    """The scikit-learn pipeline; both heads weigh tiers alike, however often each occurs."""
    words = TfidfVectorizer(token_pattern=WORD_PATTERN, max_features=MAX_WORDS)
    if kind == "forest":
        head = RandomForestClassifier(FOREST_TREES, class_weight="balanced", random_state=random_state)
    else:
        head = LogisticRegression(max_iter=1_000, class_weight="balanced", random_state=random_state)
    return make_pipeline(words, head).fit([text[:MAX_TEXT_CHARS] for text in texts], np.asarray(tiers, dtype=str))


def exported(pipeline: Pipeline, kind: HeadKind) -> TextModel:
    """The same model without scikit-learn."""
    words, head = pipeline[0], pipeline[-1]
    vocabulary = {str(word): int(column) for word, column in words.vocabulary_.items()}
    classes = tuple(str(tier) for tier in head.classes_)
    about = {"library_versions": {"numpy": np.__version__, "scikit-learn": sklearn.__version__}}
    served: TextHead = _forest(head) if kind == "forest" else LogisticHead(head.coef_.copy(), head.intercept_.copy())
    return TextModel(vocabulary, words.idf_.copy(), classes, served, kind, about)


def _forest(forest: Any) -> ForestHead:  # noqa: ANN401  scikit-learn has no types
    sizes = [tree.tree_.node_count for tree in forest.estimators_]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    parts = [_nodes(tree.tree_, int(root)) for tree, root in zip(forest.estimators_, roots, strict=True)]
    children, features, thresholds, shares = (np.concatenate([part[index] for part in parts]) for index in range(4))
    return ForestHead(roots, children, features, thresholds, shares)


def _nodes(tree: Any, root: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:  # noqa: ANN401  as above
    own = np.arange(tree.node_count)
    is_leaf = tree.children_left == _LEAF
    children = (
        np.column_stack(
            [
                np.where(is_leaf, own, tree.children_left),
                np.where(is_leaf, own, tree.children_right),
            ]
        )
        + root
    )
    values = tree.value[:, 0, :]
    return (
        children,
        np.where(is_leaf, 0, tree.feature),
        np.where(is_leaf, 0.0, tree.threshold),
        values / values.sum(axis=1, keepdims=True),
    )
