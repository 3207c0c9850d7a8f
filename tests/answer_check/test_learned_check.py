"""The learned answer check: features, model, artefact, and what it says."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.checks.answer_features import FEATURE_NAMES, answer_features
from litellm_router_plugin.checks.answer_features_calls import CALL_FEATURES
from litellm_router_plugin.checks.learned import LearnedCheck, learned_route_values
from litellm_router_plugin.core.answers import AnswerView, ToolCall
from litellm_router_plugin.core.requests import RequestView, ToolSpec
from litellm_router_plugin.core.route_statistics import NO_STATISTICS, Moments, RouteStatistics
from litellm_router_plugin.core.verdicts import Outcome
from litellm_router_plugin.errors import ArtefactError, DataError
from litellm_router_plugin.learning.answer_check import (
    LARGEST_DEVIATION,
    ROUTE_PREFIX,
    STANDARDISED,
    AnswerCheckModel,
    compared,
)
from litellm_router_plugin.learning.answer_check_artefact import (
    default_answer_check,
    load_answer_check,
    save_answer_check,
)
from litellm_router_plugin.learning.answer_check_card import answer_check_card
from litellm_router_plugin.learning.answer_check_figures import source_aucs
from litellm_router_plugin.learning.answer_check_rows import CountedAnswers, count_answers
from litellm_router_plugin.learning.answer_check_training import LEAST_SPREAD, usual_scores
from litellm_router_plugin.learning.artefacts import MANIFEST, load_artefact, save_artefact
from litellm_router_plugin.learning.features import request_features

ASKED = RequestView(text="How many boats are there?\n(A) 3\n(B) 12")
TOOLED = RequestView(text="Book a table", tools=(ToolSpec("book_table", {"properties": {"seats": {}}}),))
ANSWER = AnswerView(text="Perhaps 12. However, 3 left.\nThe answer is (B).")

texts = st.one_of(
    st.text(max_size=300), st.sampled_from(["\\boxed{" * 99, "(A) " * 900, "1" * 5_000, "\ud800", "a\n" * 5_000])
)
requests = st.builds(RequestView, text=texts, tools=st.sampled_from([(), TOOLED.tools]))
answers = st.builds(
    AnswerView,
    text=texts,
    tool_calls=st.sampled_from([(), (ToolCall("book_table", '{"seats": 2}'),), (ToolCall("", "{"),)]),
    choices=st.integers(0, 2),
    is_prefix=st.booleans(),
)
numbers = st.floats(allow_nan=True, allow_infinity=True)


@given(answers, requests)
def test_features_are_finite_for_any_answer(answer: AnswerView, request: RequestView) -> None:
    features = answer_features(answer, request)
    assert tuple(features) == FEATURE_NAMES
    assert all(math.isfinite(value) for value in features.values())


def test_features_read_the_final_answer_and_what_it_stands_on() -> None:
    features = answer_features(ANSWER, ASKED)
    assert features["final_is_letter"] == 1
    assert features["option_place"] == 0.5
    assert features["words_hedges"] > 0
    assert features["words_reversals"] > 0


def test_features_read_calls() -> None:
    call = AnswerView(tool_calls=(ToolCall("book_table", '{"seats": 7}'),))
    features = answer_features(call, TOOLED)
    assert features["tool_words_in_prompt"] == 1
    assert features["values_in_prompt"] == 0
    assert all(answer_features(ANSWER, ASKED)[name] == 0 for name in CALL_FEATURES)


def test_what_is_standardised_exists() -> None:
    assert set(STANDARDISED) <= set(FEATURE_NAMES)
    assert len(set(STANDARDISED)) == len(STANDARDISED)


def test_route_values_are_those_of_whole_answers() -> None:
    values = learned_route_values(ANSWER, ASKED)
    assert set(values) == {ROUTE_PREFIX + name for name in STANDARDISED}
    assert not learned_route_values(replace(ANSWER, is_prefix=True), ASKED)
    assert not learned_route_values(replace(ANSWER, finish_reason="length"), ASKED)


def test_a_known_route_moves_the_comparison(model: AnswerCheckModel) -> None:
    features = answer_features(ANSWER, ASKED)
    place = STANDARDISED.index("log_chars")
    longer = RouteStatistics({f"{ROUTE_PREFIX}log_chars": Moments(500, 9.0, 50.0)})
    assert compared(features, longer, model.prior)[place] < compared(features, NO_STATISTICS, model.prior)[place]


@given(st.sampled_from(STANDARDISED), numbers, st.integers(0, 3), numbers.filter(math.isfinite))
def test_broken_numbers_and_tiny_statistics_give_an_estimate(
    model: AnswerCheckModel, name: str, value: float, count: int, mean: float
) -> None:
    features = {**answer_features(ANSWER, ASKED), name: value}
    route = RouteStatistics({ROUTE_PREFIX + name: Moments(count, mean, 0.0)})
    row = compared(features, route, model.prior)
    assert np.isfinite(row[: len(STANDARDISED)]).all()
    assert (np.abs(row[: len(STANDARDISED)]) <= LARGEST_DEVIATION).all()
    assert 0 < model.p_ok(features, request_features(ASKED), route) < 1


def test_one_answer_at_a_time_and_many_at_once_are_the_same(model: AnswerCheckModel, counted: CountedAnswers) -> None:
    many = model.forecasts(counted.compared(model.prior), counted.raw())
    one = model.p_ok(counted.features[0], counted.prompts[0], NO_STATISTICS)
    assert one == pytest.approx(many[0], abs=1e-6)


def test_it_learns_that_unusually_long_answers_are_poor(model: AnswerCheckModel, counted: CountedAnswers) -> None:
    p_ok = model.forecasts(counted.compared(model.prior), counted.raw())
    assert min(source_aucs(counted, p_ok).values()) > 0.8


def test_the_usual_score_is_that_of_source_and_model(counted: CountedAnswers) -> None:
    rows = (counted.sources == "sums") & (counted.models == "small")
    means, spreads = usual_scores(counted)
    assert means[rows] == pytest.approx(counted.scores[rows].mean())
    assert spreads[rows] == pytest.approx(max(counted.scores[rows].std(), LEAST_SPREAD))


def test_answers_without_scores_are_refused() -> None:
    with pytest.raises(DataError, match='"answers"'):
        count_answers([{"prompt": "Why?"}])


def check_at(model: AnswerCheckModel, p_ok: float, *, calibrated: bool) -> object:
    """What a check says that estimates this."""

    class Fixed(LearnedCheck):
        def p_ok(self, *_: object) -> float:
            return p_ok

    finding = Fixed(model, (0.35, 0.75), calibrated=calibrated).check(ANSWER, ASKED, NO_STATISTICS)
    return finding and finding.outcome


@pytest.mark.parametrize(
    ("p_ok", "new_route", "calibrated"),
    [
        (0.1, Outcome.UNSURE, Outcome.REJECT),
        (0.35, Outcome.UNSURE, Outcome.UNSURE),
        (0.6, Outcome.UNSURE, Outcome.UNSURE),
        (0.75, None, Outcome.ACCEPT),
        (0.9, None, Outcome.ACCEPT),
    ],
)
def test_it_decides_only_where_it_is_calibrated(
    model: AnswerCheckModel, p_ok: float, new_route: Outcome | None, calibrated: Outcome
) -> None:
    assert check_at(model, p_ok, calibrated=False) is new_route
    assert check_at(model, p_ok, calibrated=True) is calibrated


def test_of_a_part_it_says_nothing(model: AnswerCheckModel) -> None:
    check = LearnedCheck(model)
    assert check.check(replace(ANSWER, is_prefix=True), ASKED, NO_STATISTICS) is None
    assert check.p_ok(replace(ANSWER, choices=0), ASKED, NO_STATISTICS) is None


@pytest.mark.parametrize("unsure", [(0.8, 0.2), (-0.1, 0.5), (0.5, 1.1), (math.nan, 0.5)])
def test_a_range_that_is_none_is_refused(model: AnswerCheckModel, unsure: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="unsure"):
        LearnedCheck(model, unsure)


def test_saving_and_loading_changes_no_estimate(
    model: AnswerCheckModel, counted: CountedAnswers, tmp_path: Path
) -> None:
    save_answer_check(model, tmp_path / "check", answer_check_card(model, {"here": {"mean": 0.7}}))
    loaded = load_answer_check(tmp_path / "check")
    one, other = (m.forecasts(counted.compared(m.prior), counted.raw()) for m in (model, loaded))
    assert other == pytest.approx(one, abs=1e-5)
    assert loaded.about["answers"] == len(counted)


@pytest.mark.parametrize("key", ["answer_feature_version", "answer_features", "compared", "prompt_feature_version"])
def test_an_artefact_of_other_features_is_refused(model: AnswerCheckModel, tmp_path: Path, key: str) -> None:
    other = replace(model, about={})
    save_answer_check(other, tmp_path, "card")
    rewrite_manifest(tmp_path, key)
    with pytest.raises(ArtefactError, match=key):
        load_answer_check(tmp_path)


def test_an_artefact_without_a_part_is_refused_by_its_folder(model: AnswerCheckModel, tmp_path: Path) -> None:
    save_answer_check(model, tmp_path, "card")
    artefact = load_artefact(tmp_path, "answer-check")
    kept = {name: array for name, array in artefact.arrays.items() if not name.startswith("raw_")}
    save_artefact(tmp_path, replace(artefact, arrays=kept))
    with pytest.raises(ArtefactError, match=f"{tmp_path}.*raw_features"):
        load_answer_check(tmp_path)


def rewrite_manifest(folder: Path, key: str) -> None:
    """Change an entry and put the checksum right, as another version of the package would have written it."""
    artefact = load_artefact(folder, "answer-check")
    about = {name: value for name, value in artefact.about.items() if name not in ("schema_version", key)}
    save_artefact(folder, replace(artefact, about={**about, key: "other"}))
    assert json.loads((folder / MANIFEST).read_text())[key] == "other"


def test_the_shipped_artefact_is_small_and_holds_no_text() -> None:
    model = default_answer_check()
    assert 0.3 < model.base < 0.9
    sources = cast("Sequence[Mapping[str, str]]", model.about["sources"])
    assert {entry["source"] for entry in sources} >= {"bfcl_v1", "mmlu_pro"}
    assert all(entry["licence"] for entry in sources)
    folder = Path(__file__).parents[2] / "litellm_router_plugin" / "data" / "default_answer_check"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 1_000_000


def test_the_shipped_artefact_doubts_a_loop() -> None:
    model = default_answer_check()
    route = NO_STATISTICS
    good = [
        AnswerView(text=f"There were {n} boats and {n + 2} left at {n} o'clock.\nThe answer is {n}.") for n in range(40)
    ]
    for answer in good:
        route = route.with_values(learned_route_values(answer, ASKED))
    check = LearnedCheck(model)
    loop = AnswerView(text="There were boats and boats and boats. " * 60)
    usual, odd = check.p_ok(good[7], ASKED, route), check.p_ok(loop, ASKED, route)
    assert usual is not None
    assert odd is not None
    assert odd < usual
