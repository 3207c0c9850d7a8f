"""Users' own classes: how they are found, made, asked, and what their answers may be."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litellm_router_plugin.classifiers.python import PythonClassifier, construct, load_class
from litellm_router_plugin.core.answers import AnswerView
from litellm_router_plugin.core.forecasts import Forecast
from litellm_router_plugin.core.ports import Classifier, ModelCall, ModelCalls
from litellm_router_plugin.core.requests import RequestView
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ConfigError, UnknownTier

AtOnce = Callable[[Classifier, RequestView], Forecast]


class Says:
    """Answers the same every time, or raises it."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def classify(self, request: RequestView) -> object:
        del request
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class SaysLater(Says):
    async def classify(self, request: RequestView) -> object:
        return super().classify(request)


class Whole(Says):
    async def forecast(self, request: RequestView, calls: ModelCalls) -> object:
        del calls
        return self.classify(request)


class Slow:
    async def classify(self, request: RequestView) -> str:
        await asyncio.sleep(5)
        return request.text


class Calls:
    """Nobody is asked here."""

    async def complete(self, call: ModelCall) -> AnswerView:
        raise AssertionError(call)

    async def embed(self, model_group: str, text: str, timeout_s: float) -> list[float]:
        raise AssertionError((model_group, text, timeout_s))


def failed(reason: str, tier: str | None = None) -> Forecast:
    return Forecast(tier, "python" if tier else "default", (f"python:failed:{reason}",), failed=True)


@pytest.mark.parametrize("kind", [Says, SaysLater, Whole])
@pytest.mark.parametrize(
    ("answer", "forecast"),
    [
        ("premium", Forecast("premium", "python")),
        (("standard", 0.8), Forecast("standard", "python", confidence=0.8)),
        (("standard", 1), Forecast("standard", "python", confidence=1.0)),
        (None, Forecast()),
        (Forecast("cheap", "rule", ("mine",), difficulty=0.2), Forecast("cheap", "python", ("mine",), difficulty=0.2)),
        (Forecast(None, "llm", abstained=True), Forecast(abstained=True)),
    ],
)
def test_an_answer_of_a_known_form_is_taken(
    ladder: Ladder, at_once: AtOnce, kind: type[Says], answer: object, forecast: Forecast
) -> None:
    assert at_once(PythonClassifier(ladder, kind(answer)), RequestView()) == forecast


@pytest.mark.parametrize("kind", [Says, SaysLater, Whole])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("gold", "ValueError"),
        (3, "TypeError"),
        (("premium",), "TypeError"),
        (("premium", True), "TypeError"),
        (("premium", 1.5), "ValueError"),
        (("premium", float("nan")), "ValueError"),
        (("premium", "0.5"), "TypeError"),
        (Forecast("gold"), "ValueError"),
        (Forecast("cheap", p_success={"gold": 0.5}), "ValueError"),
        (Forecast("cheap", p_success={"cheap": 2.0}), "ValueError"),
        (Forecast("cheap", difficulty=-0.1), "ValueError"),
        (Forecast("cheap", expected_cost={"cheap": -1.0}), "ValueError"),
        (Forecast("cheap", signals=(3,)), "TypeError"),  # type: ignore[arg-type]  # what a user may get wrong
        (KeyError("secret prompt"), "KeyError"),
    ],
)
def test_an_error_or_a_senseless_answer_gives_the_failure_tier(
    ladder: Ladder, at_once: AtOnce, kind: type[Says], answer: object, reason: str
) -> None:
    assert at_once(PythonClassifier(ladder, kind(answer)), RequestView()) == failed(reason)
    with_policy = PythonClassifier(ladder, kind(answer), on_failure="premium")
    assert at_once(with_policy, RequestView()) == failed(reason, "premium")


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["cheap", "premium"]),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(anything)
def test_any_answer_whatsoever_becomes_a_forecast(ladder: Ladder, at_once: AtOnce, answer: object) -> None:
    forecast = at_once(PythonClassifier(ladder, Says(answer)), RequestView())
    assert forecast.tier in (None, *ladder.names)
    assert forecast.failed or forecast.tier is not None or answer is None


async def test_an_asynchronous_method_that_takes_too_long_is_given_up(ladder: Ladder) -> None:
    classifier = PythonClassifier(ladder, Slow(), timeout_s=0.01)
    assert await classifier.forecast(RequestView(), Calls()) == failed("TimeoutError")


def test_signals_of_a_user_are_kept_few_and_short(ladder: Ladder, at_once: AtOnce) -> None:
    forecast = at_once(PythonClassifier(ladder, Says(Forecast("cheap", signals=("x" * 999,) * 99))), RequestView())
    assert forecast.signals == ("x" * 80,) * 8


def test_a_class_with_neither_method_and_an_unknown_failure_tier_are_refused(ladder: Ladder) -> None:
    with pytest.raises(ConfigError, match=r"classifier\.path: a object has neither classify\(request\) nor forecast"):
        PythonClassifier(ladder, object())
    with pytest.raises(UnknownTier, match=r"classifier\.on_failure"):
        PythonClassifier(ladder, Says(None), on_failure="gold")


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = "users_own_module"
    source = "class Mine:\n    def __init__(self, a, b=2):\n        self.sum = a + b\nnumber = 3\n"
    (tmp_path / f"{name}.py").write_text(source)
    (tmp_path / "users_broken_module.py").write_text("1 / 0\n")
    (tmp_path / "users_lacking_module.py").write_text("import not_installed_anywhere\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


def test_a_class_is_found_and_made_with_its_settings(module: str) -> None:
    made = construct(f"{module}.Mine", {"a": 1, "b": 5}, "classifier")
    assert vars(made) == {"sum": 6}


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "is no dotted path. Write package.module.Class"),
        ("Mine", "is no dotted path"),
        (".Mine", "is no dotted path"),
        ("users_own_module.", "is no dotted path"),
        (
            "not_there_at_all.mod.Mine",
            "there is no module 'not_there_at_all'. Install it, or put its folder on PYTHONPATH",
        ),
        ("users_own_module.Yours", "the module 'users_own_module' has no 'Yours'. Check the spelling"),
        ("users_own_module.number", "is a int and cannot be called. Name a class"),
        ("users_broken_module.Mine", "importing 'users_broken_module' raised ZeroDivisionError: division by zero"),
        ("users_lacking_module.Mine", "importing 'users_lacking_module' failed: there is no module 'not_installed_any"),
    ],
)
def test_what_is_wrong_with_a_path_is_told(module: str, path: str, problem: str) -> None:
    assert module
    with pytest.raises(ConfigError) as error:
        load_class(path, "smart.classifier.path")
    assert str(error.value).startswith("smart.classifier.path: ")
    assert problem in str(error.value)


@pytest.mark.parametrize("settings", [MappingProxyType({"c": 1}), MappingProxyType({}), MappingProxyType({"a": None})])
def test_settings_that_a_class_does_not_take_are_told(module: str, settings: Mapping[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"^classifier\.settings: users_own_module\.Mine cannot be made .*TypeError"):
        construct(f"{module}.Mine", settings, "classifier")
