import json
from pathlib import Path

import numpy as np
import pytest

from litellm_router_plugin.errors import ArtefactError
from litellm_router_plugin.learning.artefacts import Artefact, artefact_kind, load_artefact, save_artefact


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    arrays = {"weights": np.arange(6.0).reshape(2, 3), "flags": np.array([True, False])}
    artefact = Artefact("kind-a", {"labels": ["x", "y"]}, arrays, "# Card\n", {"words.json": ["a", "b"]})
    save_artefact(tmp_path / "model", artefact)
    return tmp_path / "model"


def test_what_was_saved_comes_back(folder: Path) -> None:
    artefact = load_artefact(folder, "kind-a")
    np.testing.assert_array_equal(artefact.arrays["weights"], np.arange(6.0).reshape(2, 3))
    assert artefact.about["labels"] == ["x", "y"]
    assert artefact.documents == {"words.json": ["a", "b"]}
    assert artefact.card == "# Card\n"
    assert artefact_kind(folder) == "kind-a"


def test_the_same_content_gives_the_same_bytes(tmp_path: Path, folder: Path) -> None:
    save_artefact(tmp_path / "again", load_artefact_without_version(folder))
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def load_artefact_without_version(folder: Path) -> Artefact:
    artefact = load_artefact(folder, "kind-a")
    about = {key: value for key, value in artefact.about.items() if key != "schema_version"}
    return Artefact(artefact.kind, about, artefact.arrays, artefact.card, artefact.documents)


@pytest.mark.parametrize("name", ["weights.npz", "README.md", "words.json", "manifest.json"])
def test_a_changed_file_is_refused(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content.replace(b'"x"', b'"z"') if name == "manifest.json" else content + b" ")
    with pytest.raises(ArtefactError, match="checksum does not fit"):
        load_artefact(folder, "kind-a")


@pytest.mark.parametrize("name", ["weights.npz", "README.md", "words.json", "manifest.json"])
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ArtefactError, match="cannot be read"):
        load_artefact(folder, "kind-a")


def test_another_schema_version_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["schema_version"] = 99
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtefactError, match="schema version 99, this package reads 1"):
        load_artefact(folder, "kind-a")


def test_another_kind_is_refused(folder: Path) -> None:
    with pytest.raises(ArtefactError, match="holds a 'kind-a', wanted is a 'kind-b'"):
        load_artefact(folder, "kind-b")


def test_objects_are_neither_written_nor_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        save_artefact(tmp_path, Artefact("kind-a", {}, {"evil": np.array([{}], dtype=object)}))


def test_an_array_of_text_is_refused(tmp_path: Path) -> None:
    save_artefact(tmp_path / "model", Artefact("kind-a", {}, {"text": np.array(["words"])}))
    with pytest.raises(ArtefactError, match="not numbers"):
        load_artefact(tmp_path / "model", "kind-a")


def test_nan_is_refused(tmp_path: Path) -> None:
    save_artefact(tmp_path / "model", Artefact("kind-a", {}, {"bad": np.array([np.nan])}))
    with pytest.raises(ArtefactError, match="not a number"):
        load_artefact(tmp_path / "model", "kind-a")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="nowhere"):
        load_artefact(tmp_path / "nowhere", "kind-a")


def test_an_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtefactError, match="cannot be written"):
        save_artefact(tmp_path / "file" / "model", Artefact("kind-a", {}, {}))
