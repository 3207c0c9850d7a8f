"""Reports on training: rows and sources are held out, and the figures are those of the held-out ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.evaluation.folds import source_groups, without_own_source
from litellm_router_plugin.evaluation.label_figures import label_figures
from litellm_router_plugin.evaluation.models import SuccessModel
from litellm_router_plugin.evaluation.rows import LabelRow, OutcomeRow, Prompt
from litellm_router_plugin.evaluation.scopes import MEAN, Draws
from litellm_router_plugin.evaluation.training_figures import training_figures

MakeRows = Callable[..., list[OutcomeRow]]
DRAWS = Draws(50, 0)


@dataclass
class RemembersPrompts:
    """Knows the outcomes of the prompts it was given, and nothing of others."""

    known: dict[str, OutcomeRow] = field(default_factory=dict)

    def predict_success(self, request: RequestView, model_names: Sequence[str]) -> dict[str, float]:
        row = self.known.get(request.text)
        return {name: 0.5 if row is None else row.outcomes[name].score for name in model_names}

    def predict_completion_tokens(self, request: RequestView, model_names: Sequence[str]) -> dict[str, float]:
        return dict.fromkeys(model_names, float(len(request.text)))


def remember(rows: Sequence[OutcomeRow]) -> SuccessModel:
    return RemembersPrompts({row.prompt.view().text: row for row in rows})


def test_a_model_that_only_remembers_is_seen_through(make_rows: MakeRows) -> None:
    rows = make_rows(120) + make_rows(90, seed=1, source="t")
    figures = training_figures(remember, rows, folds=3, draws=DRAWS)
    assert figures.between is not None
    for scopes in (figures.within, figures.between):
        assert [scope.scope for scope in scopes] == [MEAN, "s", "t"]
        assert all(scope["fail_auc"].value == pytest.approx(0.5) for scope in scopes)
        assert all((scope["brier"].value or 0) >= (scope["base_brier"].value or 1) for scope in scopes)


def test_a_model_that_sees_difficulty_does_well_on_other_rows(make_rows: MakeRows, sees_hardness: SuccessModel) -> None:
    figures = training_figures(lambda _: sees_hardness, make_rows(120, noise=0.02), folds=3, draws=DRAWS)
    assert figures.between is None
    assert (figures.within[0]["fail_auc"].value or 0) > 0.9


def test_sources_are_dealt_to_groups_of_like_size() -> None:
    sources = ["a"] * 5 + ["b"] * 3 + ["c"] * 2 + ["d"]
    assert source_groups(sources, 2) == [{"a", "d"}, {"b", "c"}]
    assert source_groups(sources, 9) == [{"a"}, {"b"}, {"c"}, {"d"}]


def test_sources_that_nobody_learned_from_share_one_model(make_rows: MakeRows) -> None:
    fit = make_rows(5) + make_rows(5, seed=1, source="t")
    scored = make_rows(2, seed=2) + make_rows(2, seed=3, source="new") + make_rows(2, seed=4, source="newer")
    trained: list[int] = []

    def train(rows: Sequence[OutcomeRow]) -> SuccessModel:
        trained.append(len(rows))
        return remember(rows)

    found = without_own_source(train, fit, scored, ["small"])
    assert trained == [10, 5]
    assert found.success.shape == (6, 1)


def labels(count: int, source: str) -> list[LabelRow]:
    tiers = ("premium", "cheap", "cheap")
    prompts = [(f"{tiers[index % 3]} {source} {index}", tiers[index % 3]) for index in range(count)]
    return [LabelRow(text, source, Prompt(text), tier) for text, tier in prompts]


def test_labels_are_scored_by_models_that_had_not_seen_them() -> None:
    seen: list[set[str]] = []

    def fit(texts: Sequence[str], _: Sequence[str]) -> Callable[[Sequence[str]], Sequence[str]]:
        seen.append(set(texts))

        def name(others: Sequence[str]) -> list[str]:
            assert not seen[-1] & set(others)
            return [text.split(maxsplit=1)[0] for text in others]

        return name

    figures = label_figures(fit, labels(60, "s") + labels(30, "t"), folds=3, draws=DRAWS)
    assert len(seen) == 5
    assert figures.between is not None
    assert figures.within[0]["accuracy"].value == 1
    assert figures.between[0]["commonest"].value == pytest.approx(2 / 3)


def test_a_part_without_a_second_tier_to_learn_from_is_left_out() -> None:
    rows = labels(3, "s")
    figures = label_figures(lambda *_: lambda others: ["cheap"] * len(others), rows, folds=3, draws=DRAWS)
    assert figures.within[0].rows == 2
