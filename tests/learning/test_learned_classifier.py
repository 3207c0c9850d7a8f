import logging
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litellm_router_plugin.classifiers.learned import LearnedTierClassifier
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.ports import Classifier, ModelCall
from litellm_router_plugin.core.reading import read_request
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder, Tier
from litellm_router_plugin.errors import ArtefactError, DataError
from litellm_router_plugin.learning.boosting import BoostingSettings
from litellm_router_plugin.learning.features import request_features
from litellm_router_plugin.learning.ladder_footing import LadderSettings
from litellm_router_plugin.learning.ladder_forecast import lowest_sufficient
from litellm_router_plugin.learning.ladder_reading import LadderReader
from litellm_router_plugin.learning.learned_classifier import LearnedClassifier, NotFitted
from litellm_router_plugin.learning.outcome_artefact import save_model
from litellm_router_plugin.learning.outcome_model import LearnedModel
from litellm_router_plugin.learning.text_fitting import fit_pipeline
from litellm_router_plugin.learning.text_model import HeadKind
from litellm_router_plugin.learning.training import train_outcomes

LADDER = {"cheap": "weak-1", "standard": "middling-1", "premium": "strong-1"}
EASY = "Please add 17 + 24 for case 151."
HARD = "Please add 17 + 4 + 88 + 31 + 19 + 54 + 62 + 37 + 71 + 45 + 28 + 96 for case 153."
FOR_THE_STRONG = "Please add 17 + 42 + 88 + 31 + 19 + 54 + 62 + 37 for case 153."
TEXTS = ["sort a list in python", "write a function", "fix this python bug", "hello there", "good morning", "hi again"]
LABELS = ["premium"] * 3 + ["cheap"] * 3


def price(amount: str) -> Price:
    return Price(Decimal(amount), Decimal(amount))


PRICES = {"cheap": price("1e-7"), "standard": price("2e-6"), "premium": price("2e-5")}


class NoCalls:
    async def complete(self, call: ModelCall) -> AnswerView:
        raise AssertionError(f"called {call.model_group}")

    async def embed(self, model_group: str, text: str, timeout_s: float) -> list[float]:
        raise AssertionError(f"called {model_group} with {len(text)} characters, {timeout_s} s")


def ladder_of(**likes: str | None) -> Ladder:
    return Ladder(tuple(Tier(name, f"{name}-group", like=like) for name, like in likes.items()))


TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}]


def ask(classifier: Classifier, text: str, **params: Any) -> Forecast:
    return next_of(classifier, read_request(text, params=params))


def next_of(classifier: Classifier, request: RequestView) -> Forecast:
    coroutine = classifier.forecast(request, NoCalls())
    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)
    return stopped.value.value  # type: ignore[no-any-return]  # what the coroutine returned


def tiered(model: LearnedModel, **settings: Any) -> LearnedTierClassifier:
    return LearnedTierClassifier(model, ladder_of(**LADDER), settings.pop("prices", PRICES), **settings)


def test_it_fills_the_role_and_never_suspends(model: LearnedModel) -> None:
    classifier = tiered(model)
    assert isinstance(classifier, Classifier)
    forecast = ask(classifier, EASY)
    assert forecast.cause == "learned"
    assert set(forecast.p_success) == set(forecast.expected_cost) == set(LADDER)
    assert 0 <= (forecast.confidence or -1) <= 1


def test_harder_prompts_go_higher(model: LearnedModel) -> None:
    classifier = tiered(model, quality_target=0.9)
    order = list(LADDER)
    easy, hard = ask(classifier, EASY), ask(classifier, HARD)
    assert order.index(str(easy.tier)) < order.index(str(hard.tier))
    assert (easy.difficulty or 0) < (hard.difficulty or 0)


def test_what_no_tier_can_do_is_not_worth_the_dearest(model: LearnedModel) -> None:
    ladder = ladder_of(cheap="weak-1", premium="middling-1")
    classifier = LearnedTierClassifier(model, ladder, PRICES, quality_target=0.9)
    assert ask(classifier, HARD).tier == "cheap"
    assert ask(classifier, FOR_THE_STRONG).tier == "premium"


def test_the_slider_ends_at_the_cheapest_and_the_best(model: LearnedModel) -> None:
    assert ask(tiered(model, cost_quality=0.0), HARD).tier == "cheap"
    assert ask(tiered(model, cost_quality=1.0), HARD).tier == "premium"


def test_a_higher_target_makes_a_good_answer_worth_more(model: LearnedModel) -> None:
    values = [ask(tiered(model, quality_target=target), EASY).value_usd or 0.0 for target in (0.8, 0.95, 1.0)]
    assert 0 < values[0] <= values[1] <= values[2]
    assert values[0] < values[2]


def test_where_the_cheapest_tier_keeps_the_target_quality_is_still_worth_something(model: LearnedModel) -> None:
    assert ask(tiered(model, quality_target=0.01), FOR_THE_STRONG).tier == "cheap"
    assert (ask(tiered(model, quality_target=0.01), EASY).value_usd or 0) > 0
    assert ask(tiered(model, cost_quality=0.0), EASY).value_usd is None


def test_without_prices_nothing_says_what_an_answer_is_worth(model: LearnedModel) -> None:
    assert ask(tiered(model, prices={}), EASY).value_usd is None


def test_usual_success_rises_with_the_tier(model: LearnedModel) -> None:
    usual = ask(tiered(model), EASY).usual_success
    assert 0 < usual["cheap"] < usual["standard"] < usual["premium"] < 1


def test_usual_success_is_shared_by_forecasts_and_cannot_be_changed(model: LearnedModel) -> None:
    classifier = tiered(model)
    usual = ask(classifier, EASY).usual_success
    assert ask(classifier, HARD).usual_success is usual
    with pytest.raises(TypeError, match="does not support item assignment"):
        usual["cheap"] = 0.0  # type: ignore[index]  # a Mapping allows none, which is what is tested


@pytest.mark.parametrize("chances", [[0.3], [0.5, 0.4, 0.9], [0.9, 0.1, 0.95, 0.2]])
def test_shares_of_any_number_of_tiers_sum_to_one(chances: list[float]) -> None:
    shares = lowest_sufficient(chances)
    assert sum(shares) == pytest.approx(1.0)
    assert min(shares) >= 0


def test_a_limit_on_the_answer_lowers_the_expected_cost(model: LearnedModel) -> None:
    classifier = tiered(model)
    long, short = ask(classifier, HARD), ask(classifier, HARD, max_tokens=5)
    assert short.expected_cost["premium"] < long.expected_cost["premium"]


def test_more_answers_cost_more(model: LearnedModel) -> None:
    classifier = tiered(model)
    assert ask(classifier, HARD, n=3).expected_cost["cheap"] > ask(classifier, HARD).expected_cost["cheap"]


def test_an_unknown_price_is_never_a_cost_of_zero(model: LearnedModel) -> None:
    classifier = tiered(model, prices={**PRICES, "standard": None})
    assert ask(classifier, EASY).expected_cost == {}
    assert any("no price for 'standard'" in warning for warning in classifier.warnings)


def test_a_dominated_tier_is_skipped_with_a_warning(model: LearnedModel, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        classifier = LearnedTierClassifier(
            model, ladder_of(cheap="weak-1", standard="strong-1", premium="middling-1"), PRICES, cost_quality=1.0
        )
    assert "'premium' costs no less than 'standard'" in caplog.text
    assert ask(classifier, HARD).tier == "standard"
    kept = LearnedTierClassifier(model, ladder_of(cheap="strong-1", premium="weak-1"), PRICES, skip_dominated=False)
    assert kept.warnings == ()


def test_models_are_compared_only_where_both_were_seen(
    model: LearnedModel, make_rows: Callable[..., list[dict[str, Any]]], small: BoostingSettings
) -> None:
    ladder = ladder_of(cheap="middling-1", premium="strong-1")
    assert LearnedTierClassifier(model, ladder, PRICES).warnings == ()
    easy, hard = (make_rows(150, seed, {}, source) for seed, source in ((5, "easy"), (6, "hard")))
    for rows, name, score in ((easy, "middling-1", 0.9), (hard, "strong-1", 0.2)):
        for number, row in enumerate(rows):
            good = float(number % 10 < 10 * score)
            row["outcomes"] = {name: {"score": good, "prompt_tokens": 9, "completion_tokens": 9}}
    apart = train_outcomes([*easy, *hard], settings=small)
    assert not apart.shared_reference(["middling-1", "strong-1"]).any()
    assert LearnedTierClassifier(apart, ladder, PRICES).warnings == ()
    for row in hard:
        row["outcomes"]["middling-1"] = {"score": 1.0, "prompt_tokens": 9, "completion_tokens": 9}
    together = train_outcomes([*easy, *hard], settings=small)
    (warning,) = LearnedTierClassifier(together, ladder, PRICES).warnings
    assert "'premium' costs no less than 'cheap'" in warning


def test_a_target_is_found_where_all_models_were_seen(model: LearnedModel) -> None:
    """One of two models saw only the easier half of the reference prompts, so that half is what counts for both."""
    ease = model.reference.latents @ model.typical_head[1:]
    halves = replace(model.reference, sources=(ease < np.median(ease)).astype(np.int64))
    seen = np.ones((len(model.names), 2), np.bool_)
    seen[model.names.index("middling-1"), 1] = False
    ladder = ladder_of(cheap="middling-1", premium="strong-1")
    one, other = (
        ask(LearnedTierClassifier(which, ladder, PRICES), EASY).usual_success
        for which in (model, replace(model, reference=halves, seen=seen))
    )
    assert all(other[tier] > one[tier] for tier in one)
    untouched = ladder_of(cheap="weak-1", premium="strong-1")
    assert ask(LearnedTierClassifier(replace(model, reference=halves, seen=seen), untouched, PRICES), EASY) == ask(
        LearnedTierClassifier(model, untouched, PRICES), EASY
    )


def test_a_model_that_is_not_known_is_placed_by_its_rung(model: LearnedModel) -> None:
    classifier = LearnedTierClassifier(model, ladder_of(cheap=None, standard=None, premium=None), PRICES)
    chances = list(ask(classifier, EASY).p_success.values())
    assert chances == sorted(chances)
    assert any("'cheap-group' is not known" in warning for warning in classifier.warnings)


def test_a_model_group_can_be_named_after_its_model(model: LearnedModel) -> None:
    ladder = Ladder((Tier("cheap", "weak-1"), Tier("premium", "g")))
    classifier = LearnedTierClassifier(model, ladder, PRICES, model_names={"premium": "vendor/strong-1"})
    assert classifier.warnings == ()


def test_intercepts_shift_the_level_of_a_tier(model: LearnedModel) -> None:
    plain, shifted = tiered(model), tiered(model, intercepts={"premium": -3.0})
    assert ask(shifted, EASY).p_success["premium"] < ask(plain, EASY).p_success["premium"]
    assert ask(shifted, EASY).p_success["cheap"] == ask(plain, EASY).p_success["cheap"]


def test_a_route_has_intercepts_of_its_own(model: LearnedModel) -> None:
    classifier = tiered(model, intercepts={"cheap": 1.0}, routes={"support": {"premium": -3.0}})
    plain, elsewhere, there = (
        next_of(classifier, replace(read_request(EASY), route=route)) for route in ("", "sales", "support")
    )
    assert elsewhere == plain
    assert there.p_success["premium"] < plain.p_success["premium"]
    assert there.p_success["cheap"] == ask(tiered(model), EASY).p_success["cheap"]
    assert there.difficulty == plain.difficulty


def test_a_route_on_which_the_cheap_tier_fails_goes_up(model: LearnedModel) -> None:
    classifier = tiered(model, routes={"hard": {"cheap": -6.0}, "easy": {"cheap": 6.0}})
    assert next_of(classifier, replace(read_request(EASY), route="hard")).tier != "cheap"
    assert next_of(classifier, replace(read_request(FOR_THE_STRONG), route="easy")).tier == "cheap"


def test_a_tier_that_is_dominated_elsewhere_is_taken_on_the_route_where_it_is_the_best(model: LearnedModel) -> None:
    ladder = ladder_of(cheap="weak-1", standard="strong-1", premium="middling-1")
    routes = {"planning": {"premium": 5.0, "standard": -5.0}}
    classifier = LearnedTierClassifier(model, ladder, PRICES, routes=routes)
    request = read_request(FOR_THE_STRONG)
    assert next_of(classifier, request).tier != "premium"
    assert next_of(classifier, replace(request, route="planning")).tier == "premium"


@pytest.mark.parametrize("params", [{}, {"tools": TOOLS}], ids=["text", "tools"])
@pytest.mark.parametrize(
    "text", ["", EASY, HARD, "\\frac{a}{b}" * 300, "{}" * 9_000, "日本語のテキスト" * 50, "\n" * 4_000]
)
def test_the_folded_products_of_a_ladder_are_those_of_the_model(
    model: LearnedModel, text: str, params: dict[str, Any]
) -> None:
    heads = np.array([model.head(name) for name in LADDER.values()])
    tokens = np.array([model.completion_head(name) for name in LADDER.values()])
    request = read_request(text, params=params)
    folded = LadderReader(model, heads[:, 1:], tokens[:, 1:]).read(request_features(request))
    read = model.read(request)
    np.testing.assert_allclose(folded.moves, heads[:, 1:] @ read.latents, rtol=0, atol=1e-9)
    np.testing.assert_allclose(folded.token_moves, tokens[:, 1:] @ read.directions, rtol=0, atol=1e-9)
    assert folded.distance == pytest.approx(read.distance, abs=1e-9)


@pytest.mark.parametrize("text", ["", "\x00\xff\ufffd" * 500, "x" * 10_000_000])
def test_odd_input_gets_a_forecast(model: LearnedModel, text: str) -> None:
    forecast = ask(tiered(model), text)
    assert forecast.tier in LADDER
    assert all(0 <= chance <= 1 for chance in forecast.p_success.values())


def test_far_from_the_training_prompts_it_abstains_and_takes_the_best(model: LearnedModel) -> None:
    forecast = ask(tiered(model), "\\begin{align} \\frac{a}{b} \\end{align}" * 40)
    assert forecast.abstained
    assert "unfamiliar" in forecast.signals
    assert forecast.tier == max(forecast.p_success, key=lambda tier: forecast.p_success[tier])


def test_tools_that_no_training_prompt_had_take_the_best_without_confidence(model: LearnedModel) -> None:
    forecast = ask(tiered(model), EASY, tools=TOOLS)
    assert forecast.abstained
    assert forecast.confidence == 0
    assert "unfamiliar" in forecast.signals
    assert forecast.tier == max(forecast.p_success, key=lambda tier: forecast.p_success[tier])


@pytest.mark.parametrize(
    "settings", [{"quality_target": 1.5}, {"cost_quality": -0.1}, {"quality_target": float("nan")}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must lie in 0\.\.1"):
        LadderSettings(**settings)


def test_target_and_slider_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        LadderSettings(quality_target=0.9, cost_quality=0.5)


def test_shares_of_the_lowest_sufficient_tier_sum_to_one() -> None:
    assert lowest_sufficient([0.5, 0.4, 0.9]) == pytest.approx([0.5, 0.0, 0.5])


def test_a_classifier_learns_from_outcomes(make_rows: Callable[..., list[dict[str, Any]]], tmp_path: Path) -> None:
    classifier = LearnedClassifier(ladder=LADDER).fit_outcomes(make_rows(60, seed=2))
    assert classifier.classes_.tolist() == list(LADDER)
    tier, confidence = classifier.predict(EASY)
    assert tier in LADDER
    assert 0 <= confidence <= 1
    assert classifier.predict_proba([EASY, HARD]).sum(axis=1) == pytest.approx([1, 1])
    classifier.save(tmp_path / "model")
    again = LearnedClassifier.load(tmp_path / "model", ladder=LADDER)
    assert again.forecast(HARD) == classifier.forecast(HARD)
    assert again.forecast([{"role": "user", "content": HARD}]) == classifier.forecast(HARD)


@pytest.mark.parametrize("head", ["logistic", "forest"])
@pytest.mark.parametrize("labels", [LABELS, ["a", "b", "c", "a", "b", "c"]])
def test_a_text_model_serves_what_scikit_learn_learned(head: HeadKind, labels: list[str], tmp_path: Path) -> None:
    classifier = LearnedClassifier(head=head, random_state=0).fit(TEXTS, labels)
    pipeline = fit_pipeline(TEXTS, labels, head, 0)
    queries = [*TEXTS, "python python hello", "words never seen", ""]
    np.testing.assert_allclose(classifier.predict_proba(queries), pipeline.predict_proba(queries), rtol=0, atol=1e-9)
    assert classifier.classes_.tolist() == pipeline.classes_.tolist()
    classifier.save(tmp_path / "model")
    again = LearnedClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(queries), classifier.predict_proba(queries))
    assert again.predict(queries).tolist() == pipeline.predict(queries).tolist()


def test_one_text_gives_a_tier_and_its_confidence() -> None:
    classifier = LearnedClassifier().fit(TEXTS, LABELS)
    tier, confidence = classifier.predict("a python function")
    assert tier == "premium"
    assert confidence == pytest.approx(classifier.predict_proba(["a python function"]).max())
    assert classifier.forecast("a python function").tier == "premium"


@pytest.mark.parametrize(
    ("queries", "labels", "problem"),
    [
        ([], [], "nothing to learn from"),
        (["a", "b"], ["x"], "2 queries but 1 labels"),
        (["a", "b"], ["x", "x"], "every label is 'x'; at least two tiers"),
        (["a", "b"], ["x", 3], "a tier's name is wanted, found 3"),
        (["a", "b"], ["x", ""], "a tier's name is wanted"),
        (["a", None], ["x", "y"], "a text is wanted, found NoneType"),
        ("a text", ["x"] * 6, "a list of texts is wanted"),
    ],
)
def test_nonsense_labels_are_refused(queries: Any, labels: Any, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        LearnedClassifier().fit(queries, labels)


def test_a_head_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="head must be one of logistic, forest"):
        LearnedClassifier(head="oracle").fit(TEXTS, LABELS)


def test_asking_before_learning_is_an_error() -> None:
    with pytest.raises(NotFitted, match="learned nothing yet"):
        LearnedClassifier().predict("x")


def test_a_text_model_knows_no_models() -> None:
    with pytest.raises(NotFitted, match="knows no models"):
        LearnedClassifier().fit(TEXTS, LABELS).predict_success(read_request("x"), ["m"])


def test_construction_only_stores() -> None:
    classifier = LearnedClassifier(head="nonsense", quality_target=7)
    assert classifier.get_params()["head"] == "nonsense"
    assert classifier.set_params(head="forest").head == "forest"
    with pytest.raises(ValueError, match="no parameter 'bogus'"):
        classifier.set_params(bogus=1)


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="cannot be read"):
        LearnedClassifier.load(tmp_path / "nothing")


def test_a_failed_load_leaves_nothing_behind(model: LearnedModel, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model")
    (tmp_path / "model" / "weights.npz").write_bytes(b"not a zip")
    with pytest.raises(ArtefactError, match="checksum"):
        LearnedClassifier.load(tmp_path / "model")
