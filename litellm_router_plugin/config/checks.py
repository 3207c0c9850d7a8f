"""Which local checks read an answer, and the settings of those that have some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Discriminator, Field, SerializerFunctionWrapHandler, Tag, model_serializer, model_validator

from litellm_router_plugin.config.base import DottedPath, Settings

DEFAULT_CHECKS = (
    "empty",
    "refusal",
    "truncated",
    "repetition",
    "language",
    "structure",
    "tool_calls",
    "code",
    "final_answer",
)
"""The deterministic checks: what ``default`` stands for."""
NEED_SETTINGS = {"agreement": "{model_group: GROUP}", "python": "{path: package.module.function}"}
"""Checks that cannot be named alone -> the least they need."""


class PlainCheckSettings(Settings):
    """A check without settings of its own."""


class AgreementCheckSettings(Settings):
    """A second model answers as well, and the two final answers are compared.

    Attributes:
        model_group: The group that gives the second answer; a call of its own, paid on every use.
        on: What it is used on: answers whose result can be compared (a tool call, a number, a letter).
    """

    model_group: Annotated[str, Field(min_length=1)]
    on: Literal["verifiable"] = "verifiable"

    @model_validator(mode="before")
    @classmethod
    def _yaml_on(cls, raw: object) -> object:
        """YAML 1.1 reads the bare key ``on`` as true."""
        if isinstance(raw, Mapping) and True in raw and "on" not in raw:
            return {("on" if key is True else key): value for key, value in raw.items()}
        return raw


class LearnedCheckSettings(Settings):
    """The learned check.

    Attributes:
        unsure: P(good enough) from and up to which it is unsure, until its route is calibrated.
    """

    unsure: tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]] = (0.35, 0.75)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.unsure[0] >= self.unsure[1]:
            raise ValueError(f"unsure: {list(self.unsure)} is no range. Give the lower number first")
        return self


class PythonCheckSettings(Settings):
    """A check of the user's own.

    Attributes:
        path: The function, class or object that grades: ``package.module.name``.
        threshold: The number from which an answer passes, where it returns numbers.
        timeout_s: Seconds that an async one may take.
        on_failure: What happens to an answer that it could not grade: served, or sent a tier up.
    """

    path: DottedPath
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 5.0
    on_failure: Literal["accept", "escalate"] = "accept"


class CheckTable(Settings):
    """The checks that are on, by name; None is off.

    Written as a list of names, or as a mapping from names to settings; ``default`` stands for `DEFAULT_CHECKS` in
    both. A name without settings has the default ones.
    """

    empty: PlainCheckSettings | None = None
    refusal: PlainCheckSettings | None = None
    truncated: PlainCheckSettings | None = None
    repetition: PlainCheckSettings | None = None
    language: PlainCheckSettings | None = None
    structure: PlainCheckSettings | None = None
    tool_calls: PlainCheckSettings | None = None
    code: PlainCheckSettings | None = None
    final_answer: PlainCheckSettings | None = None
    agreement: AgreementCheckSettings | None = None
    learned: LearnedCheckSettings | None = None
    python: PythonCheckSettings | None = None

    @model_validator(mode="before")
    @classmethod
    def _expanded(cls, raw: object) -> object:
        if isinstance(raw, Mapping | list | tuple):
            return dict(_named(_entries(raw)))
        return raw

    @model_serializer(mode="wrap")
    def _only_enabled(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        written: dict[str, object] = handler(self)
        return {name: settings for name, settings in written.items() if settings is not None}


KNOWN_CHECKS = tuple(CheckTable.model_fields)


def _entries(raw: Mapping[Any, Any] | Sequence[object]) -> Iterator[tuple[object, object]]:
    """Names and settings of either written form; a list may hold mappings too."""
    if isinstance(raw, Mapping):
        yield from raw.items()
        return
    for item in raw:
        if isinstance(item, Mapping):
            yield from item.items()
        else:
            yield item, None


def _named(entries: Iterator[tuple[object, object]]) -> Iterator[tuple[str, object]]:
    for name, settings in entries:
        if name == "default" and not settings:
            yield from ((default, {}) for default in DEFAULT_CHECKS)
        elif not isinstance(name, str) or name not in KNOWN_CHECKS:
            raise ValueError(
                f"there is no check {str(name)[:64]!r}. The checks are: default, {', '.join(KNOWN_CHECKS)}"
            )
        elif settings is None and name in NEED_SETTINGS:
            raise ValueError(f"the check {name!r} needs settings. Write {{{name}: {NEED_SETTINGS[name]}}}")
        else:
            yield name, {} if settings is None else settings


def _form(raw: object) -> str:
    return "literal" if isinstance(raw, str) else "CheckTableSettings"


CheckSettings: TypeAlias = Annotated[
    Annotated[Literal["default"], Tag("literal")] | Annotated[CheckTable, Tag("CheckTableSettings")],
    Discriminator(_form),
]
"""``default``, a list of names, or a mapping from names to settings."""


def enabled_checks(checks: CheckSettings) -> Mapping[str, Settings]:
    """Name -> settings of the checks that are on, in the order in which they run."""
    table = CheckTable.model_validate([checks]) if isinstance(checks, str) else checks
    found = {name: getattr(table, name) for name in KNOWN_CHECKS}
    return {name: settings for name, settings in found.items() if settings is not None}
