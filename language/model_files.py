"""Where an exported model lives and how it is trusted.

    <folder>/manifest.json    model, version, export settings, sha256 of each file below
             network.onnx     tokens in, one unit vector out
             tokenizer.json
             self_test.npy    vectors of the original model for the texts in self_test.json
             self_test.json
             agreed.json      on which machine the self-test was last passed, and how well

Owns names, manifest and checks; the caller says which folder. A file that is missing or differs
from its digest makes the whole folder unusable: half a model is none.
"""

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from language.vector import Vector

MANIFEST: Final = "manifest.json"
NETWORK: Final = "network.onnx"
TOKENIZER: Final = "tokenizer.json"
SELF_TEST_TEXTS: Final = "self_test.json"
SELF_TEST_VECTORS: Final = "self_test.npy"
AGREED: Final = "agreed.json"
FILES: Final = (NETWORK, TOKENIZER, SELF_TEST_TEXTS, SELF_TEST_VECTORS)
FORMAT: Final = 1


class ModelUnusable(Exception):
    """The folder holds no model that may serve; the message says why and what mends it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """An export's lineage: ``all-MiniLM-L6-v2``, ``0.1.0``, int8, 384 dimensions."""

    model: str
    version: str
    precision: str
    dimensions: int
    export: Mapping[str, str]
    sha256: Mapping[str, str]
    format: int = FORMAT

    @property
    def model_id(self) -> str:
        return f"{self.model}/{self.version}/{self.precision}"


def is_present(folder: Path) -> bool:
    """Whether an export was finished here; `verified` says whether it is intact."""
    return (folder / MANIFEST).is_file()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Seal the folder. Written last, so its presence means that the export was finished."""
    text = json.dumps(asdict(manifest), indent=2, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def digests(folder: Path) -> dict[str, str]:
    """The sha256 of each of the model's files."""
    return {name: _digest(folder / name) for name in FILES}


def _digest(path: Path) -> str:
    # In small parts: one of 28 MB teaches the allocator to keep such parts for itself.
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verified(folder: Path) -> Manifest:
    """The manifest, after every file agreed with it. Raises ModelUnusable."""
    manifest = _manifest(folder)
    try:
        found = digests(folder)
    except FileNotFoundError as missing:
        name = Path(str(missing.filename)).name
        raise ModelUnusable(f"The exported model lacks {name}. Export it again.") from None
    for name in FILES:
        if found[name] != manifest.sha256.get(name):
            raise ModelUnusable(f"{name} is not the file that was exported. Export it again.")
    return manifest


def self_test(folder: Path) -> list[tuple[str, Vector]]:
    """The stored (text, vector of the original model) pairs."""
    texts = json.loads((folder / SELF_TEST_TEXTS).read_text(encoding="utf-8"))
    vectors = np.load(folder / SELF_TEST_VECTORS, allow_pickle=False).astype(np.float32)
    return list(zip(texts, vectors, strict=True))


def agreement(folder: Path, runtime: str) -> float | None:
    """How well the self-test went on this very machine with these very files; None if unknown."""
    try:
        told = json.loads((folder / AGREED).read_text(encoding="utf-8"))
        return float(told["cosine"]) if told["where"] == _where(folder, runtime) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def remember_agreement(folder: Path, runtime: str, cosine: float) -> None:
    """Spare the next start the whole self-test. A folder that is read-only is tested each time."""
    told = {"where": _where(folder, runtime), "cosine": round(cosine, 4)}
    aside = folder / f"{AGREED}.{os.getpid()}.part"
    with suppress(OSError):
        aside.write_text(json.dumps(told) + "\n", encoding="utf-8")
        aside.replace(folder / AGREED)


def _where(folder: Path, runtime: str) -> str:
    """A digest of what decides the vectors: the files, the runtime and the processor."""
    told = hashlib.sha256((folder / MANIFEST).read_bytes())
    told.update(f"{runtime}\0{platform.machine()}\0".encode())
    with suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
        # The first processor speaks for all; how fast it runs just now does not matter.
        for line in lines:
            if line.startswith(("model name", "flags", "Features", "CPU part")):
                told.update(line.encode())
            if not line.strip():
                break
    return told.hexdigest()


def _manifest(folder: Path) -> Manifest:
    if not is_present(folder):
        raise ModelUnusable("No exported model is here. Run `tollfree models build`.")
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise ModelUnusable("The model's manifest cannot be read. Export it again.") from None
    if manifest.format != FORMAT:
        raise ModelUnusable("The model was exported in another format. Export it again.")
    return manifest
