"""Reports: the same figures in the terminal, as JSON and as a picture."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from litellm_router_plugin.core.money import Price
from litellm_router_plugin.errors import ConfigError, DataError
from litellm_router_plugin.evaluation.experiment import EvaluationReport, Experiment
from litellm_router_plugin.evaluation.intervals import UNDEFINED, Estimate
from litellm_router_plugin.evaluation.ladders import RecordedLadder
from litellm_router_plugin.evaluation.models import SuccessModel
from litellm_router_plugin.evaluation.plots import plot_report
from litellm_router_plugin.evaluation.report import rendered, shown_figure, shown_share
from litellm_router_plugin.evaluation.rows import OutcomeRow
from litellm_router_plugin.evaluation.run import run
from litellm_router_plugin.evaluation.scopes import Draws
from litellm_router_plugin.evaluation.serialise import write_json

PNG_MAGIC = b"\x89PNG"


@pytest.fixture
def report(
    make_rows: Callable[..., list[OutcomeRow]],
    ladder: RecordedLadder,
    prices: dict[str, Price],
    sees_nothing: SuccessModel,
) -> EvaluationReport:
    return run(Experiment(make_rows(80), make_rows(60, seed=9), [ladder], prices, sees_nothing, draws=Draws(50, 0)))


def test_the_terminal_says_where_routing_does_not_pay(report: EvaluationReport) -> None:
    console = Console(width=220, record=True, file=None, force_terminal=False, quiet=False)
    with console.capture() as captured:
        console.print(rendered(report))
    text = captured.get()
    assert "Where routing pays, and where it does not" in text
    assert "does not pay" in text or "not shown to pay" in text
    assert "saving against always premium" in text
    assert "source mean only" in text


def test_json_holds_the_figures_with_their_intervals(report: EvaluationReport, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_json(report, path)
    (ladder,) = orjson.loads(path.read_bytes())["ladders"]
    assert ladder["best_fixed"] == "premium"
    cheap = ladder["policies"][0]
    assert cheap["policy"] == "always cheap"
    assert cheap["quality"]["low"] <= cheap["quality"]["value"] <= cheap["quality"]["high"]
    assert {scope["scope"] for scope in ladder["rankings"][0]["scopes"]} == {"pooled", "mean over sources", "s"}


def test_json_that_cannot_be_written_is_an_error_with_the_path(report: EvaluationReport, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        write_json(report, tmp_path / "absent" / "report.json")


def test_the_plot_is_a_picture(report: EvaluationReport, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    path = tmp_path / "frontier.png"
    plot_report(report, path)
    assert path.read_bytes().startswith(PNG_MAGIC)


@pytest.mark.parametrize("ladders", [1, 3])
def test_the_legend_of_a_plot_lies_within_the_picture(
    report: EvaluationReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ladders: int
) -> None:
    figures = pytest.importorskip("matplotlib.figure", reason="the plot extra is not installed")
    drawn = []

    class Watched(figures.Figure):  # type: ignore[misc, name-defined]  # the module is imported here
        def savefig(self, *arguments: object, **options: object) -> None:
            super().savefig(*arguments, **options)
            drawn.append((self.legends[0].get_window_extent(), self.bbox))

    monkeypatch.setattr(figures, "Figure", Watched)
    plot_report(replace(report, ladders=report.ladders * ladders), tmp_path / "frontier.png")
    ((legend, picture),) = drawn
    assert picture.x0 <= legend.x0 < legend.x1 <= picture.x1
    assert picture.y0 <= legend.y0 < legend.y1 <= picture.y1


def test_a_plot_without_matplotlib_names_the_extra(
    report: EvaluationReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigError, match=r"pip install 'litellm-router-plugin\[plot\]'"):
        plot_report(report, tmp_path / "frontier.png")


def test_a_plot_of_an_unknown_format_is_refused(report: EvaluationReport, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    with pytest.raises(DataError, match="cannot be written"):
        plot_report(report, tmp_path / "frontier.nonsense")


def test_figures_are_shown_with_their_interval_and_a_missing_one_as_a_dash() -> None:
    assert shown_figure(Estimate(0.1234, 0.1, 0.2)) == "0.123 [0.100, 0.200]"
    assert shown_figure(Estimate(0.1), signed=True) == "+0.100"
    assert shown_share(Estimate(0.5, 0.25, 0.75)) == "50.0% [25.0%, 75.0%]"
    assert shown_figure(UNDEFINED) == "-"
