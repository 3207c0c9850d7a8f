"""JSON lines in and out, plain or gzipped; every line that cannot be used is kept with its number."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import orjson

from litellm_router_plugin.errors import DataError

MAX_LINE_BYTES = 32 * 1024 * 1024
"""Longest line that is read; a prompt of 10 MB fits even when each of its characters is escaped twice."""
GZIP_MAGIC = b"\x1f\x8b"

Parsed = TypeVar("Parsed")


class WrongLineError(ValueError):
    """What is wrong with a line; whoever reads the file adds where it stands."""


@dataclass(slots=True)
class BadLines:
    """Gathers the lines of one file that cannot be used, or refuses at the first one.

    Attributes:
        source: The file, as the user named it.
        strict: Raise at the first bad line instead of skipping it.
        found: What was wrong, in file order.
    """

    source: str
    strict: bool = False
    found: list[DataError] = field(default_factory=list)

    def add(self, line: int, problem: str) -> None:
        """Note a bad line; raises it when strict."""
        error = DataError(self.source, line, problem)
        if self.strict:
            raise error
        self.found.append(error)

    def __len__(self) -> int:
        return len(self.found)


@contextmanager
def open_lines(path: Path) -> Iterator[BinaryIO]:
    """A file's bytes, unpacked when it is gzipped.

    Raises:
        DataError: The file cannot be read.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            raw.seek(0)
            if packed:
                with gzip.open(raw) as unpacked:
                    yield cast("BinaryIO", unpacked)
            else:
                yield raw
    except (OSError, EOFError) as error:
        raise DataError(str(path), 0, f"cannot be read: {error}") from error


def numbered_lines(handle: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Lines with their 1-based numbers, blank ones left out; None for a line over `MAX_LINE_BYTES`."""
    number = 0
    while line := handle.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            _skip_rest_of_line(handle)
            yield number, None
        elif line.strip():
            yield number, line


def _skip_rest_of_line(handle: BinaryIO) -> None:
    while (rest := handle.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
        pass


def read_objects(path: Path, bad: BadLines) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The JSON objects of a file with their line numbers; other lines go to ``bad``.

    Raises:
        DataError: The file cannot be read, or a line is bad and ``bad`` is strict.
    """
    with open_lines(path) as handle:
        for number, line in numbered_lines(handle):
            if line is None:
                bad.add(number, f"longer than {MAX_LINE_BYTES} bytes")
                continue
            try:
                value = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                bad.add(number, f"no valid JSON ({error.msg})")
                continue
            if isinstance(value, dict):
                yield number, value
            else:
                bad.add(number, f"a JSON object is wanted, found {type(value).__name__}")


def parse_objects(
    path: Path, bad: BadLines, parse: Callable[[Mapping[str, object], int], Parsed]
) -> Iterator[tuple[int, Parsed]]:
    """Each object of a file through ``parse``; its `WrongLineError` says what is wrong with the line."""
    for number, value in read_objects(path, bad):
        try:
            parsed = parse(value, number)
        except WrongLineError as error:
            bad.add(number, str(error))
        else:
            yield number, parsed


@contextmanager
def written_lines(path: Path) -> Iterator[Callable[[object], None]]:
    """A function that appends one JSON line to a new file, gzipped when the name ends in ``.gz``.

    The lines become the file only when all is written: an error leaves what stood there before. Something that is no
    plain file, such as a pipe, is written to directly.

    Raises:
        DataError: The file cannot be written.
    """
    is_special = path.exists() and not path.is_file()
    part = path if is_special else path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as raw, _packed(raw, path) as target:
            yield lambda value: _write_line(target, value)
        if not is_special:
            part.replace(path)
    except OSError as error:
        raise DataError(str(path), 0, f"cannot be written: {error}") from error
    finally:
        if not is_special:
            part.unlink(missing_ok=True)


def _write_line(target: BinaryIO, value: object) -> None:
    target.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))


@contextmanager
def _packed(raw: BinaryIO, path: Path) -> Iterator[BinaryIO]:
    """The file itself, or a packer around it; no time of day goes into it, so equal lines give equal bytes."""
    if path.suffix != ".gz":
        yield raw
        return
    with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
        yield cast("BinaryIO", packed)
