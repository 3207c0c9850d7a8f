"""Further sections of ``report``, each in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litellm_router_plugin.cli.report_experiments import experiment_figures, experiment_problems, experiment_tables
from litellm_router_plugin.cli.report_quality import (
    monitoring_problems,
    monitoring_section,
    monitoring_tables,
    no_problems,
    observed_section,
    observed_tables,
    quality_section,
    quality_tables,
)
from litellm_router_plugin.cli.report_tables import Table

if TYPE_CHECKING:
    from litellm_router_plugin.store.filters import Filters
    from litellm_router_plugin.store.reading import StoreReader


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the report.

    Attributes:
        name: Its key in the JSON.
        read: Its figures, from the store, as JSON.
        tables: The figures as tables; none where there is nothing to tell.
        problems: What of the figures should make somebody look.
    """

    name: str
    read: Callable[[StoreReader, Filters], Any]
    tables: Callable[[Any], Sequence[Table]]
    problems: Callable[[Any], Sequence[str]]


SECTIONS = (
    Section("observed", observed_section, observed_tables, no_problems),
    Section("quality", quality_section, quality_tables, no_problems),
    Section("monitoring", monitoring_section, monitoring_tables, monitoring_problems),
    Section("experiments", experiment_figures, experiment_tables, experiment_problems),
)


def section_tables(figures: Mapping[str, Any]) -> list[Table]:
    """The tables of all sections."""
    return [table for section in SECTIONS for table in section.tables(figures[section.name])]


def section_problems(figures: Mapping[str, Any]) -> list[str]:
    """The problems that all sections see."""
    return [problem for section in SECTIONS for problem in section.problems(figures[section.name])]
