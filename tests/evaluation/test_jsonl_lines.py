"""Lines in and out of files: what cannot be used is named with its number, nothing is lost silently."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from litellm_router_plugin.errors import DataError
from litellm_router_plugin.evaluation import jsonl
from litellm_router_plugin.evaluation.jsonl import BadLines, read_objects, written_lines


def numbers_read(path: Path, *, strict: bool = False) -> tuple[list[int], BadLines]:
    bad = BadLines(str(path), strict)
    return [number for number, _ in read_objects(path, bad)], bad


def test_bad_lines_are_skipped_and_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a":1}\n\n{"a":NaN}\n[1]\n\xff\xfe\n{"a":2}')
    read, bad = numbers_read(path)
    assert read == [1, 6]
    assert [error.line for error in bad.found] == [3, 4, 5]
    assert "found list" in str(bad.found[1])
    assert str(bad.found[0]).startswith(f"{path}:3: no valid JSON")


def test_strict_refuses_at_the_first_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a":1}\nnonsense\n')
    with pytest.raises(DataError, match=r"rows\.jsonl:2: no valid JSON"):
        numbers_read(path, strict=True)


def test_gzip_is_recognised_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(gzip.compress(b'{"a":1}\n{"a":2}\n'))
    assert numbers_read(path)[0] == [1, 2]


def test_a_cut_gzip_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a":1}\n' * 1000)[:-12])
    with pytest.raises(DataError, match="cannot be read"):
        numbers_read(path)


def test_a_missing_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.jsonl: cannot be read"):
        numbers_read(tmp_path / "absent.jsonl")


def test_a_line_over_the_limit_is_bad_and_the_next_one_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 50)
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"a": "x" * 500}) + "\n" + '{"a":2}\n')
    read, bad = numbers_read(path)
    assert read == [2]
    assert [error.line for error in bad.found] == [1]


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_written_lines_can_be_read_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with written_lines(path) as write:
        write({"id": 1})
        write({"id": 2})
    assert numbers_read(path)[0] == [1, 2]
    assert (path.read_bytes()[:2] == jsonl.GZIP_MAGIC) is name.endswith(".gz")


def test_an_error_while_writing_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("old")

    def fail_halfway() -> None:
        with written_lines(path) as write:
            write({"id": 1})
            raise DataError("in", 3, "bad")

    with pytest.raises(DataError, match="in:3"):
        fail_halfway()
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["out.jsonl"]
