"""A learned model as a folder: arrays, a manifest and a card. Nothing in it is code, and loading runs none.

The folder holds ``manifest.json``, ``weights.npz`` (plain arrays, never pickled objects), ``README.md`` (the card),
and JSON files where a kind of model needs them. The manifest names the checksum of every other file and its own, so
that damage is found before anything is built. It does not prove who wrote the folder: take artefacts from where you
trust.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from litellm_router_plugin.errors import ArtefactError

Arrays: TypeAlias = Mapping[str, NDArray[Any]]

SCHEMA_VERSION: Final = 1
"""Version of the folder's layout; another one is refused."""
MANIFEST: Final = "manifest.json"
WEIGHTS: Final = "weights.npz"
CARD: Final = "README.md"
MAX_FILE_BYTES: Final = 256 * 2**20
"""Larger files are refused before they are read; a guess, far above any model made here."""
MAX_ARRAY_BYTES: Final = 512 * 2**20
"""Bytes of all arrays unpacked, so that a small file cannot fill the memory."""
_ALLOWED_KINDS: Final = frozenset("fiub")
"""Kinds of numpy dtypes that an artefact may hold: float, signed, unsigned, boolean."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """What a folder holds.

    Attributes:
        kind: What sort of model it is; a loader refuses every other kind.
        about: The manifest's own entries: label order, metrics, sources, library versions, ….
        arrays: Name -> numbers.
        documents: File name -> JSON value, for what is not a number.
        card: Markdown for people.
    """

    kind: str
    about: Mapping[str, object]
    arrays: Arrays
    card: str = ""
    documents: Mapping[str, object] = field(default_factory=dict)


def save_artefact(folder: str | os.PathLike[str], artefact: Artefact) -> None:
    """Write an artefact; files of the same names are replaced, the manifest last.

    Raises:
        ArtefactError: The folder cannot be written.
    """
    target = Path(folder)
    files = _files(artefact)
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "kind": artefact.kind,
        **artefact.about,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    manifest["manifest_sha256"] = _manifest_checksum(manifest)
    files[MANIFEST] = json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n"
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (target / name).write_bytes(content)
    except OSError as error:
        raise ArtefactError(
            f"{target}: cannot be written: {error}. Name a folder that this process may write"
        ) from error


def _files(artefact: Artefact) -> dict[str, bytes]:
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **dict(artefact.arrays))
    files = {WEIGHTS: packed.getvalue(), CARD: artefact.card.encode()}
    for name, document in artefact.documents.items():
        files[name] = json.dumps(document, ensure_ascii=False, sort_keys=True).encode()
    return files


def artefact_kind(folder: str | os.PathLike[str]) -> str:
    """The kind that a folder's manifest names; raises `ArtefactError` as `load_artefact` does."""
    return str(_read_manifest(Path(folder)).get("kind"))


def load_artefact(folder: str | os.PathLike[str], kind: str) -> Artefact:
    """Read an artefact whole, or not at all.

    Args:
        folder: Where it lies.
        kind: The kind that the caller can use.

    Raises:
        ArtefactError: The folder is missing, damaged, changed, of another version or kind.
    """
    target = Path(folder)
    manifest = _read_manifest(target)
    if manifest.get("schema_version") != SCHEMA_VERSION:
        raise ArtefactError(
            f"{target / MANIFEST}: schema version {manifest.get('schema_version')!r}, this package reads"
            f" {SCHEMA_VERSION}. Train the model again, or install the version that wrote it"
        )
    if manifest.get("kind") != kind:
        raise ArtefactError(f"{target / MANIFEST}: it holds a {manifest.get('kind')!r}, wanted is a {kind!r}")
    files = _checked_files(target, manifest)
    documents = {
        name: _parsed(target / name, content) for name, content in files.items() if name not in (WEIGHTS, CARD)
    }
    arrays = _read_arrays(target / WEIGHTS, files[WEIGHTS])
    about = {key: value for key, value in manifest.items() if key not in ("files", "manifest_sha256", "kind")}
    return Artefact(kind, about, arrays, files[CARD].decode("utf-8", "replace"), documents)


def misfit(folder: str | os.PathLike[str], error: Exception) -> ArtefactError:
    """What to raise where whole, undamaged arrays do not make a model."""
    what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
    return ArtefactError(
        f"{folder}: its arrays do not fit together: {what}. It was written by another version of this package:"
        " train it again"
    )


def _manifest_checksum(manifest: Mapping[str, object]) -> str:
    content = {key: value for key, value in manifest.items() if key != "manifest_sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _read_manifest(folder: Path) -> dict[str, object]:
    path = folder / MANIFEST
    manifest = _parsed(path, _read(path))
    if not isinstance(manifest, dict):
        raise ArtefactError(f"{path}: it is no JSON object")
    if "schema_version" in manifest and manifest["schema_version"] != SCHEMA_VERSION:
        return manifest
    if manifest.get("manifest_sha256") != _manifest_checksum(manifest):
        raise ArtefactError(f"{path}: its checksum does not fit; it was changed or damaged. Take the folder anew")
    return manifest


def _checked_files(folder: Path, manifest: Mapping[str, object]) -> dict[str, bytes]:
    listed = manifest.get("files")
    if not isinstance(listed, dict) or not {WEIGHTS, CARD} <= listed.keys():
        raise ArtefactError(f"{folder / MANIFEST}: it must list the checksums of {WEIGHTS} and {CARD}")
    files = {}
    for name, checksum in listed.items():
        if Path(name).name != name:
            raise ArtefactError(f"{folder / MANIFEST}: {name!r} is not a file of the folder")
        files[name] = _read(folder / name)
        if hashlib.sha256(files[name]).hexdigest() != checksum:
            raise ArtefactError(f"{folder / name}: its checksum does not fit; it was changed or damaged")
    return files


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ArtefactError(f"{path}: larger than {MAX_FILE_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ArtefactError(f"{path}: cannot be read: {error.strerror}. Name a folder that save() wrote") from error


def _parsed(path: Path, content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ArtefactError(f"{path}: it is no JSON: {error}") from error


def _read_arrays(path: Path, content: bytes) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MAX_ARRAY_BYTES:
                raise ArtefactError(f"{path}: unpacked it is larger than {MAX_ARRAY_BYTES} bytes")
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ArtefactError(f"{path}: it holds no plain arrays: {error}") from error
    for name, array in arrays.items():
        if array.dtype.kind not in _ALLOWED_KINDS:
            raise ArtefactError(f"{path}: the array {name!r} holds {array.dtype}, not numbers")
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise ArtefactError(f"{path}: the array {name!r} holds what is not a number")
    return arrays
