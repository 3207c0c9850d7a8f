"""``check``: a verdict on each answer of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from litellm_router_plugin.cli.data_commands import exit_after, tell_bad_lines, told_errors, work_shown

if TYPE_CHECKING:
    from litellm_router_plugin.checks.learned import LearnedCheck


def check(
    *,
    source: Annotated[
        Path,
        typer.Option(
            "--input",
            exists=True,
            dir_okay=False,
            help="JSONL, may be gzipped: id, prompt | messages, answer (text or message), second_answer?, model?,"
            " route?, tools?, tool_choice?, response_format?, finish_reason?.",
        ),
    ],
    target: Annotated[Path, typer.Option("--output", help="JSONL; gzipped when the name ends in .gz.")],
    artefact: Annotated[
        Path | None,
        typer.Option("--artefact", exists=True, file_okay=False, help="Learned answer check. Absent: the shipped one."),
    ] = None,
    two_pass: Annotated[
        bool,
        typer.Option(
            "--two-pass",
            help="Compare each answer with all of the file, later ones too. Transductive: better than live traffic.",
        ),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad line and write nothing.")] = False,
) -> None:
    """Check the answers of a file with all local checks, as a cascade would; nothing is called.

    Each good line gives one line, in order: id, p_ok, verdict (accept, reject or unsure), failed_checks, and agreement
    where there is a second answer. An answer is compared with those of the same route and model before it in the file;
    lines without a route share one by system prompt and by whether tools are on offer.
    Exit code: 0 done, 1 lines were skipped, 2 wrong use.

    Example: tier-router check --input answers.jsonl --output verdicts.jsonl
    """
    from litellm_router_plugin.evaluation.answers_checking import check_file  # noqa: PLC0415  numpy, only if used

    with told_errors():
        learned = learned_check(artefact)
        with work_shown() as (tell, watch):
            tell("checking")
            checked = check_file(source, target, learned, strict=strict, two_pass=two_pass, watch=watch)
    counts = ", ".join(f"{count} {outcome}" for outcome, count in checked.outcomes.items())
    typer.echo(f"{counts}{' (transductive)' if two_pass else ''}", err=True)
    tell_bad_lines(checked.bad_lines)
    exit_after(checked.bad_lines)


def learned_check(artefact: Path | None) -> LearnedCheck:
    """The learned check of an artefact folder, or the shipped one; raises `ArtefactError` where it cannot be loaded."""
    from litellm_router_plugin.checks.learned import LearnedCheck  # noqa: PLC0415  numpy, only if used
    from litellm_router_plugin.learning.answer_check_artefact import (  # noqa: PLC0415  same
        default_answer_check,
        load_answer_check,
    )

    return LearnedCheck(default_answer_check() if artefact is None else load_answer_check(artefact))
