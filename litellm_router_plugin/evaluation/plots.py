"""The frontier of each ladder as a picture; needs the ``plot`` extra."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from litellm_router_plugin.errors import ConfigError, DataError
from litellm_router_plugin.evaluation.comparison import PolicyFigures
from litellm_router_plugin.evaluation.experiment import EvaluationReport, LadderReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 2
PANEL_INCHES = (6.4, 4.4)
LEGEND_COLUMNS_A_PANEL = 2
"""Columns of the legend below each panel of a line; the longest name fits into one."""
LEGEND_LINE_INCHES = 0.2
DPI = 120
MARKS = "osv^D*P"
COLOURS = 10
"""Colours of matplotlib's own cycle; with 7 marks 70 policies stay distinct."""


def plot_report(report: EvaluationReport, path: Path) -> None:
    """Write one panel a ladder: cost (log scale) against quality of every policy, the frontier and the static mix.

    Raises:
        ConfigError: matplotlib is not installed.
        DataError: The file cannot be written, or its ending is no picture format.
    """
    figure = _empty_figure(len(report.ladders))
    for axes, ladder in zip(figure.axes, report.ladders, strict=True):
        _draw_ladder(axes, ladder)
    _add_legend(figure, LEGEND_COLUMNS_A_PANEL * min(COLUMNS, len(report.ladders)))
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
    points = sorted((point.cost, point.quality, point.over_mix) for point in ladder.frontier)
    if points:
        costs = [cost for cost, _, _ in points]
        axes.plot(costs, [quality - above for _, quality, above in points], "k--", lw=1, label="static mix")
        axes.plot(costs, [quality for _, quality, _ in points], "-", color="0.5", label="learned, every trade-off")
    for index, policy in enumerate(ladder.policies):
        _draw_policy(axes, policy, index)
    axes.set_xscale("log")
    axes.set_xlabel("USD per 1,000 requests")
    axes.set_ylabel("quality")
    axes.set_title(f"{ladder.ladder} ({ladder.rows} rows)")


def _draw_policy(axes: Axes, policy: PolicyFigures, index: int) -> None:
    """A point with its interval; each policy has the same mark and colour in every panel."""
    quality, cost = policy.quality, policy.cost.value
    if quality.value is None or cost is None:
        return
    ends = [quality.value if end is None else end for end in (quality.low, quality.high)]
    error = [[quality.value - ends[0]], [ends[1] - quality.value]]
    mark, colour = MARKS[index % len(MARKS)], f"C{index % COLOURS}"
    axes.errorbar(cost, quality.value, yerr=error, fmt=mark, color=colour, ms=5, elinewidth=0.7, label=policy.policy)


def _add_legend(figure: Figure, columns: int) -> None:
    """One legend for all panels, below them, in room of its own."""
    named = {
        label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + LEGEND_LINE_INCHES * -(-len(named) // columns))
    figure.legend(list(named.values()), list(named), loc="outside lower center", ncols=columns, fontsize="small")
