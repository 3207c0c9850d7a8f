"""The frontier of each ladder as a picture; needs the ``plot`` extra."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from litellm_router_plugin.errors import ConfigError, DataError
from litellm_router_plugin.evaluation.experiment import EvaluationReport, LadderReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 2
PANEL_INCHES = (6.4, 4.4)
DPI = 120


def plot_report(report: EvaluationReport, path: Path) -> None:
    """Write one panel a ladder: cost (log scale) against quality of every policy, the frontier and the static mix.

    Raises:
        ConfigError: matplotlib is not installed.
        DataError: The file cannot be written, or its ending is no picture format.
    """
    figure = _empty_figure(len(report.ladders))
    for axes, ladder in zip(figure.axes, report.ladders, strict=True):
        _draw_ladder(axes, ladder)
    try:
        figure.savefig(path, dpi=DPI)
    except (OSError, ValueError) as error:
        raise DataError(str(path), 0, f"cannot be written: {error}") from error


def figure_class() -> type[Figure]:
    """Matplotlib's figure; ask before long work.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  an extra
    except ImportError as error:
        fix = "Install it with: pip install 'litellm-router-plugin[plot]'"
        raise ConfigError("--plot", "plots need matplotlib, which is not installed", fix) from error
    return Figure


def _empty_figure(panels: int) -> Figure:
    columns = min(COLUMNS, panels)
    lines = -(-panels // columns)
    figure = figure_class()(figsize=(PANEL_INCHES[0] * columns, PANEL_INCHES[1] * lines), layout="constrained")
    for panel in range(panels):
        figure.add_subplot(lines, columns, panel + 1)
    return figure


def _draw_ladder(axes: Axes, ladder: LadderReport) -> None:
    _draw_static_mix(axes, ladder)
    if ladder.frontier:
        points = sorted((point.cost, point.quality) for point in ladder.frontier)
        axes.plot(
            [cost for cost, _ in points], [quality for _, quality in points], "-", label="learned, every trade-off"
        )
    for policy in ladder.policies:
        if policy.quality.value is not None and policy.cost.value is not None:
            error = [
                [policy.quality.value - (policy.quality.low or policy.quality.value)],
                [(policy.quality.high or policy.quality.value) - policy.quality.value],
            ]
            axes.errorbar(policy.cost.value, policy.quality.value, yerr=error, fmt="o", label=policy.policy)
    axes.set_xscale("log")
    axes.set_xlabel("USD per 1,000 requests")
    axes.set_ylabel("quality")
    axes.set_title(f"{ladder.ladder} ({ladder.rows} rows)")
    axes.legend(fontsize="xx-small")


def _draw_static_mix(axes: Axes, ladder: LadderReport) -> None:
    """The mix at the frontier's own costs: its quality is the point's minus the distance to it."""
    points = sorted((point.cost, point.quality - point.over_mix) for point in ladder.frontier)
    if points:
        axes.plot([cost for cost, _ in points], [quality for _, quality in points], "--", label="static mix")
