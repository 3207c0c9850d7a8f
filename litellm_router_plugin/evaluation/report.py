"""A report for people: tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from litellm_router_plugin.evaluation.comparison import PolicyFigures
from litellm_router_plugin.evaluation.experiment import EvaluationReport, LadderReport
from litellm_router_plugin.evaluation.intervals import Estimate
from litellm_router_plugin.evaluation.ranking_figures import (
    CALIBRATION_FIGURES,
    RANKING_FIGURES,
    CalibrationReport,
    RankingReport,
)
from litellm_router_plugin.evaluation.scopes import MEAN, POOLED, ScopeFigures
from litellm_router_plugin.evaluation.training_figures import TrainingFigures
from litellm_router_plugin.evaluation.verdicts import RoutingVerdict

NOTHING = "-"
STYLES = {"pays": "green", "not shown to pay": "yellow", "does not pay": "red"}
HEADINGS = {
    "gain_auc": "gain AUC",
    "fail_auc": "fail AUC",
    "apgr": "APGR",
    "cpt_50": "CPT(50)",
    "cpt_80": "CPT(80)",
    "ece": "ECE",
    "brier": "Brier",
    "base_brier": "Brier of the mean",
    "accuracy": "right tier",
    "commonest": "commonest tier",
}


def shown_figure(estimate: Estimate, *, signed: bool = False) -> str:
    """A figure and its interval with three decimals."""
    return _shown(estimate, "{:+.3f}" if signed else "{:.3f}")


def shown_share(estimate: Estimate) -> str:
    """A share and its interval in percent."""
    return _shown(estimate, "{:.1%}")


def _shown(estimate: Estimate, form: str) -> str:
    if estimate.value is None:
        return NOTHING
    value = form.format(estimate.value)
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} [{form.format(estimate.low)}, {form.format(estimate.high)}]"


def _table(title: str, headings: Sequence[str], lines: Iterable[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", expand=False)
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="left" if index == 0 else "right", overflow="fold")
    for line in lines:
        table.add_row(*line)
    return table


def rendered(report: EvaluationReport) -> Group:
    """The whole report."""
    head = [
        f"settings fixed on: {report.fixed_on} ({report.fit_rows} rows)",
        f"scored: {report.scored_rows} rows; 95 % intervals from {report.draws} bootstrap resamples of prompts",
        *(f"careful: {warning}" for warning in report.warnings),
    ]
    parts: list[RenderableType] = [Text("\n".join(head))]
    for ladder in report.ladders:
        parts.extend(_ladder_parts(ladder))
    return Group(*parts)


def _ladder_parts(ladder: LadderReport) -> Iterator[RenderableType]:
    tiers = ", ".join(ladder.tiers)
    yield Text(f"\nLadder {ladder.ladder} ({tiers}): {ladder.rows} rows, {ladder.left_out} without every tier", "bold")
    for sentence in ladder.dominated:
        yield Text(f"careful: {sentence}", "yellow")
    yield policy_table(ladder)
    yield ranking_table("Ranking of prompts", ladder.rankings, (POOLED, MEAN))
    if ladder.calibration:
        yield Text(_hindsight_sentence(ladder), "dim")
        yield ranking_table("Learned forecasts by source", _learned_only(ladder.rankings))
        yield calibration_table(ladder.calibration)
        yield verdict_table(_shown_verdicts(ladder.verdicts))
        yield from (Text(sentence, "bold") for sentence in verdict_sentences(ladder.verdicts))
    if ladder.loso:
        yield ranking_table("Without the source in training", ladder.loso)


def _hindsight_sentence(ladder: LadderReport) -> str:
    """What the best settings chosen on the scored rows would have saved; never a result."""
    savings = (f"{target:.0%}: {NOTHING if saving is None else f'{saving:.0%}'}" for target, saving in ladder.hindsight)
    return (
        f"in hindsight, settings chosen on the scored rows themselves (this flatters), saving at {', '.join(savings)}"
    )


def _shown_verdicts(verdicts: Sequence[RoutingVerdict]) -> list[RoutingVerdict]:
    """Every policy pooled; by source only the first policy (all of them stand in the JSON report)."""
    return [each for each in verdicts if each.scope == POOLED or each.policy == verdicts[0].policy]


def verdict_sentences(verdicts: Sequence[RoutingVerdict]) -> Iterator[str]:
    """For each policy where it pays, where that is not shown, and where it does not pay."""
    for policy in dict.fromkeys(each.policy for each in verdicts):
        places = {
            pays: [each.scope for each in verdicts if each.policy == policy and each.pays == pays] for pays in STYLES
        }
        parts = (f"{pays}: {', '.join(scopes)}" for pays, scopes in places.items() if scopes)
        yield f"{policy} | {' | '.join(parts)}"


def _learned_only(rankings: Sequence[RankingReport]) -> list[RankingReport]:
    return [each for each in rankings if each.ranker == "learned"]


def policy_table(ladder: LadderReport) -> Table:
    """Policies: shares, quality, cost, saving against the best fixed tier, distance to the static mix."""
    headings = (
        "policy",
        f"% to {' / '.join(ladder.tiers)}",
        "quality",
        "USD / 1000",
        f"of always {ladder.best_fixed}'s quality",
        f"saving against always {ladder.best_fixed}",
        "over the static mix",
        "target",
    )
    return _table("Policies", headings, (_policy_line(each) for each in ladder.policies))


def _policy_line(each: PolicyFigures) -> tuple[str, ...]:
    cost = NOTHING if each.cost.value is None else f"{each.cost.value:.3f}"
    return (
        each.policy,
        " / ".join(f"{share:.0%}"[:-1] for share in each.shares),
        shown_figure(each.quality),
        cost,
        shown_share(each.quality_kept),
        shown_share(each.saving),
        shown_figure(each.over_mix, signed=True),
        NOTHING if each.target is None else f"{each.target:.0%} {each.target_state}",
    )


def _scope_lines(
    name: str, scopes: Iterable[ScopeFigures], figures: Sequence[str], only: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    for scope in scopes:
        if not only or scope.scope in only:
            yield (name, scope.scope, str(scope.rows), *(shown_figure(scope[figure]) for figure in figures))


def ranking_table(title: str, rankings: Sequence[RankingReport], only: Sequence[str] = ()) -> Table:
    """How scores rank prompts; ``only`` names the scopes to show, all when empty."""
    headings = ("score", "scope", "rows", *(HEADINGS[figure] for figure in RANKING_FIGURES))
    lines = (line for each in rankings for line in _scope_lines(each.ranker, each.scopes, RANKING_FIGURES, only))
    return _table(title, headings, lines)


def training_table(figures: TrainingFigures, names: Sequence[str]) -> Table:
    """Figures on rows that were not learned from, with known sources and without."""
    parts = (("other rows of known sources", figures.within), ("sources not seen", figures.between or ()))
    lines = (line for name, scopes in parts for line in _scope_lines(name, scopes, names, ()))
    return _table(
        "On rows that were not learned from", ("rows", "scope", "n", *(HEADINGS[each] for each in names)), lines
    )


def calibration_table(calibration: Sequence[CalibrationReport]) -> Table:
    """Calibration: each tier pooled and as a mean, the cheapest tier by source too."""
    headings = ("tier", "scope", "rows", *(HEADINGS[figure] for figure in CALIBRATION_FIGURES))
    lines = (
        line
        for index, each in enumerate(calibration)
        for line in _scope_lines(each.tier, each.scopes, CALIBRATION_FIGURES, (POOLED, MEAN) if index else ())
    )
    return _table("Calibration of P(success)", headings, lines)


def verdict_table(verdicts: Sequence[RoutingVerdict]) -> Table:
    """Where routing pays and where it does not."""
    headings = ("policy", "scope", "rows", "routing", "why", "over the static mix", "best fixed", "saving against it")
    table = _table("Where routing pays, and where it does not", headings, ())
    for each in verdicts:
        table.add_row(
            each.policy,
            each.scope,
            str(each.rows),
            Text(each.pays, STYLES[each.pays]),
            each.reason,
            shown_figure(each.figures.over_mix, signed=True),
            each.best_fixed,
            shown_share(each.figures.saving),
        )
    return table
