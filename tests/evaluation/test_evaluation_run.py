"""Whole evaluations of small worlds: a model that sees pays, one that sees nothing does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation.comparison import PolicyFigures
from litellm_router_plugin.evaluation.experiment import EvaluationReport, Experiment, LadderReport
from litellm_router_plugin.evaluation.folds import grouped_folds
from litellm_router_plugin.evaluation.ladders import RecordedLadder
from litellm_router_plugin.evaluation.models import SuccessModel
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.evaluation.run import run
from litellm_router_plugin.evaluation.scopes import MEAN, POOLED, Draws
from litellm_router_plugin.evaluation.shipped import ShippedClassifier

MakeRows = Callable[..., list[OutcomeRow]]
DRAWS = Draws(200, 0)


def policy(report: LadderReport, name: str) -> PolicyFigures:
    return next(each for each in report.policies if each.policy == name)


@pytest.fixture
def world(
    make_rows: MakeRows, ladder: RecordedLadder, prices: dict[str, Price], sees_hardness: SuccessModel
) -> Experiment:
    fit = make_rows(300, seed=1, noise=0.05) + make_rows(200, seed=2, source="t", noise=0.05)
    scored = make_rows(300, seed=3, noise=0.05) + make_rows(200, seed=4, source="t", noise=0.05)
    return Experiment(fit, scored, [ladder], prices, sees_hardness, draws=DRAWS)


def changed(world: Experiment, **changes: object) -> Experiment:
    names = Experiment.__dataclass_fields__
    return Experiment(**{name: changes.get(name, getattr(world, name)) for name in names})  # type: ignore[arg-type]  # each value is of its field's type


def only(report: EvaluationReport) -> LadderReport:
    (ladder,) = report.ladders
    return ladder


def test_a_model_that_sees_difficulty_saves_and_is_above_the_static_mix(world: Experiment) -> None:
    report = only(run(world))
    found = policy(report, "learned, 98% of the best fixed")
    assert found.saving.low is not None
    assert found.saving.low > 0.2
    assert found.quality_kept.value is not None
    assert found.quality_kept.value > 0.96
    assert found.over_mix.is_above_zero
    assert {verdict.scope for verdict in report.verdicts} == {POOLED, "s", "t"}
    assert {verdict.pays for verdict in report.verdicts if verdict.policy == found.policy} == {"pays"}


def test_a_model_that_sees_nothing_is_never_said_to_pay(world: Experiment, sees_nothing: SuccessModel) -> None:
    report = only(run(changed(world, model=sees_nothing)))
    assert {verdict.pays for verdict in report.verdicts} <= {"not shown to pay", "does not pay"}
    assert not any(each.over_mix.is_above_zero for each in report.policies if each.policy.startswith("learned"))


def test_no_policy_is_above_the_oracle(world: Experiment) -> None:
    report = only(run(world))
    best = policy(report, "oracle").quality.value
    assert best is not None
    assert all(each.quality.value is not None and each.quality.value <= best for each in report.policies)


def test_rankings_are_pooled_by_source_and_as_the_mean(world: Experiment) -> None:
    rankings = {each.ranker: each.scopes for each in only(run(world)).rankings}
    assert [scope.scope for scope in rankings["learned"]] == [POOLED, MEAN, "s", "t"]
    pooled, mean, first, second = rankings["learned"]
    assert pooled["fail_auc"].value == pytest.approx(0.95, abs=0.05)
    assert mean["apgr"].value == pytest.approx(((first["apgr"].value or 0) + (second["apgr"].value or 0)) / 2)
    source_only = rankings["source mean only"]
    assert source_only[1]["gain_auc"].value == 0.5
    assert source_only[1]["apgr"].value == pytest.approx(0.5)


def test_calibration_is_reported_for_every_tier(world: Experiment) -> None:
    calibration = only(run(world)).calibration
    assert [each.tier for each in calibration] == ["cheap", "standard", "premium"]
    pooled = calibration[0].scopes[0]
    assert (pooled["ece"].value or 1) < 0.05
    assert (pooled["brier"].value or 1) < (pooled["base_brier"].value or 0)


def test_the_setting_is_fixed_on_the_fit_rows_and_not_on_the_scored_ones(world: Experiment) -> None:
    points = only(run(world)).points
    assert only(run(changed(world, scored=world.scored[:150] if world.scored else None))).points == points
    assert only(run(changed(world, fit=world.fit[:100]))).points != points


def test_without_dev_rows_each_fold_takes_the_setting_of_the_others(world: Experiment) -> None:
    report = run(changed(world, scored=None))
    assert only(report).points == ()
    assert policy(only(report), "learned, 98% of the best fixed").over_mix.is_above_zero
    assert "4 of 5 folds" in report.fixed_on
    assert any("no --dev rows" in warning for warning in report.warnings)


def test_without_a_model_the_fixed_policies_are_still_compared(world: Experiment) -> None:
    report = only(run(changed(world, model=None)))
    assert not any(each.policy.startswith("learned") for each in report.policies)
    assert {"always cheap", "random", "oracle", "source only, 95% of the best fixed"} <= {
        each.policy for each in report.policies
    }
    assert report.verdicts == ()


def test_heuristics_are_ranked_and_replayed(world: Experiment) -> None:
    def by_hardness(texts: Sequence[str]) -> list[tuple[int, float]]:
        return [(int(float(text.split()[0]) * 3.999), float(text.split()[0])) for text in texts]

    report = only(run(changed(world, heuristics={"hardness": by_hardness})))
    assert policy(report, "hardness").over_mix.is_above_zero
    rankings = {each.ranker: each.scopes[0]["fail_auc"].value for each in report.rankings}
    assert rankings["hardness, score"] == pytest.approx(rankings["learned"], abs=0.05)
    assert set(rankings) >= {"hardness, score", "hardness, level", "prompt length", "source mean only"}


def test_leaving_a_source_out_trains_without_it(world: Experiment, sees_hardness: SuccessModel) -> None:
    trained: list[set[str]] = []

    def train(rows: Sequence[OutcomeRow]) -> SuccessModel:
        trained.append({row.source for row in rows})
        return sees_hardness

    report = only(run(changed(world, loso=True, train=train)))
    assert trained == [{"t"}, {"s"}]
    assert [scope.scope for scope in report.loso[0].scopes] == [MEAN, "s", "t"]


def test_folds_fix_the_setting_on_forecasts_for_unseen_rows(world: Experiment, sees_hardness: SuccessModel) -> None:
    trained: list[int] = []

    def train(rows: Sequence[OutcomeRow]) -> SuccessModel:
        trained.append(len(rows))
        return sees_hardness

    report = run(changed(world, folds=4, train=train))
    assert trained == [375] * 4
    assert "4 models" in report.fixed_on
    assert only(report).points == only(run(world)).points


class Remembers:
    """Knows every prompt that it learned from and nothing of others."""

    def __init__(self, rows: Sequence[OutcomeRow]) -> None:
        self.outcomes = {row.prompt.view().text: row.outcomes for row in rows}

    def predict_success(self, request: RequestView, model_names: Sequence[str]) -> dict[str, float]:
        known = self.outcomes.get(request.text, {})
        return {name: known[name].score if name in known else 0.5 for name in model_names}

    def predict_completion_tokens(self, _: RequestView, model_names: Sequence[str]) -> dict[str, float]:
        return dict.fromkeys(model_names, 100.0)


def test_folds_without_dev_rows_score_each_row_by_a_model_that_had_not_seen_it(world: Experiment) -> None:
    remembers = Remembers(world.fit)
    flattered = only(run(changed(world, scored=None, model=remembers)))
    honest = run(changed(world, scored=None, model=remembers, train=Remembers, folds=5))
    ranked = [
        {each.ranker: each.scopes[0]["fail_auc"].value for each in report.rankings}["learned"]
        for report in (flattered, only(honest))
    ]
    assert ranked == [pytest.approx(1.0, abs=0.01), 0.5]
    assert "one of 5 models that had not seen it" in honest.fixed_on
    assert not any("flatters" in warning for warning in honest.warnings)


def test_near_copies_of_a_prompt_share_a_fold(make_rows: MakeRows) -> None:
    rows = make_rows(40, seed=8)
    number = grouped_folds([*rows, *(replace(row, id=f"copy of {row.id}") for row in rows)], 4, seed=0)
    assert number[:40].tolist() == number[40:].tolist()
    assert set(number.tolist()) == {0, 1, 2, 3}


def test_the_shipped_settings_of_each_fold_serve_its_rows(world: Experiment) -> None:
    shipped: list[object] = []

    def ship(model: SuccessModel) -> ShippedClassifier:
        shipped.append(model)
        return lambda tiers, *_: (
            lambda request: Forecast(
                tiers[2 if request.text in model.outcomes else 0]  # type: ignore[attr-defined]  # a Remembers
            )
        )

    report = only(run(changed(world, scored=None, train=Remembers, folds=3, ship=ship)))
    assert len(shipped) == 3
    assert policy(report, "learned, as shipped").shares == (1.0, 0.0, 0.0)


def test_folds_without_a_way_to_train_are_refused(world: Experiment) -> None:
    with pytest.raises(DataError, match="--folds: there is no way given to fit fresh models"):
        run(changed(world, folds=2))


def test_prompts_on_both_sides_are_counted_aloud(world: Experiment) -> None:
    warnings = run(changed(world, scored=[*world.fit[:7], *(world.scored or ())])).warnings
    assert any(warning.startswith("7 of the scored prompts") for warning in warnings)


def test_a_forecast_that_is_no_probability_is_refused_with_its_row(world: Experiment) -> None:
    class Broken:
        def predict_success(self, request: object, model_names: Sequence[str]) -> dict[str, float]:
            return dict.fromkeys(model_names, float("nan") if request else 0.5)

        def predict_completion_tokens(self, request: object, model_names: Sequence[str]) -> dict[str, float]:
            return dict.fromkeys(model_names, 1.0 if request else 0.0)

    with pytest.raises(DataError, match="its forecast for 'large' on row 's/1/0' is nan"):
        run(changed(world, model=Broken()))


def test_the_same_seed_gives_the_same_report(world: Experiment) -> None:
    assert run(world) == run(world)


def test_the_shipped_classifier_is_replayed_by_the_tiers_it_proposes(world: Experiment) -> None:
    built: list[tuple[str, ...]] = []

    def build(tiers: Sequence[str], models: Sequence[str], _: object) -> Callable[[RequestView], Forecast]:
        built.append(tuple(models))
        return lambda request: Forecast(tiers[2]) if float(request.text.split(maxsplit=1)[0]) > 0.4 else Forecast(None)

    report = only(run(changed(world, ship=lambda _: build)))
    found = policy(report, "learned, as shipped")
    assert built == [("small", "middle", "large")]
    assert found.shares[1] == 0
    assert found.shares[0] == pytest.approx(0.4, abs=0.08)
    assert "learned, as shipped" in {verdict.policy for verdict in report.verdicts}


def test_hindsight_never_saves_less_than_a_setting_that_keeps_its_target(world: Experiment) -> None:
    report = only(run(world))
    for target, saving in report.hindsight:
        found = policy(report, f"learned, {target:.0%} of the best fixed")
        if found.target_state in {"kept", "probably kept"}:
            assert saving is not None
            assert found.saving.value is not None
            assert saving >= found.saving.value - 0.02


def test_what_recognising_the_source_is_worth_stands_beside_the_model(
    make_rows: MakeRows, prices: dict[str, Price], ladder: RecordedLadder, sees_nothing: SuccessModel
) -> None:
    """Two sources, one that every tier solves and one where only the dearest does: knowing which is which pays."""

    def rows(seed: int) -> list[OutcomeRow]:
        made = make_rows(300, seed=seed) + make_rows(300, seed=seed + 1, source="t")
        easy = [row for row in made if row.source == "s" and row.outcomes["small"].score == 1]
        return easy + [row for row in made if row.source == "t" and row.outcomes["middle"].score == 0]

    report = only(run(Experiment(rows(1), rows(3), [ladder], prices, sees_nothing, draws=DRAWS)))
    found = policy(report, "source only, 98% of the best fixed")
    assert found.over_mix.is_above_zero
    assert found.quality_kept.value == 1
    assert not policy(report, "learned, 98% of the best fixed").over_mix.is_above_zero
