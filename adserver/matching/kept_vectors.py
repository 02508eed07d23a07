"""Vectors of creatives, kept in a folder from one start to the next.

Embedding a catalog takes seconds, reading its vectors milliseconds. Holds digests of ad copy and
their vectors, nothing of a conversation. One file per model, with a checksum; a file that cannot be
read or written is as good as none, because everything in it can be made again. A second folder may
hold vectors that were made at install; it is only read.
"""

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kernel.telemetry import logger
from language.vector import Vector

_log = logger(__name__)


class KeptVectors:
    """``KeptVectors(Path(".tollfree/vectors"))``; safe to share by processes."""

    def __init__(self, folder: Path, *, installed: Path | None = None) -> None:
        self._folder, self._installed = folder, installed

    def read(self, model_id: str, dimensions: int) -> dict[bytes, Vector]:
        """The vectors by digest; empty where there are none for this model."""
        own = _read(self._folder / _name(model_id), dimensions)
        if self._installed is None:
            return own
        return _read(self._installed / _name(model_id), dimensions) | own

    def write(self, model_id: str, vectors: Mapping[bytes, Vector]) -> None:
        """Replace what is kept for this model, whole or not at all."""
        if not vectors:
            return
        file = self._folder / _name(model_id)
        aside = file.with_name(f"{file.name}.{os.getpid()}.part")
        digests = np.frombuffer(b"".join(vectors), dtype=np.uint8).reshape(len(vectors), -1)
        rows = np.stack(list(vectors.values()))
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with aside.open("wb") as out:
                np.savez(out, digests=digests, vectors=rows, checksum=_checksum(digests, rows))
            aside.replace(file)
        except OSError as problem:
            _log.warning("vectors_not_kept", exc_info=problem)


def _read(file: Path, dimensions: int) -> dict[bytes, Vector]:
    try:
        with file.open("rb") as opened, np.load(opened) as stored:
            digests, vectors, checksum = (
                stored[name] for name in ("digests", "vectors", "checksum")
            )
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return {}
    if vectors.dtype != np.float32 or vectors.shape != (len(digests), dimensions):
        return {}
    if not np.array_equal(checksum, _checksum(digests, vectors)):
        return {}
    return {bytes(digest): row for digest, row in zip(digests, vectors, strict=True)}


def _checksum(digests: NDArray[np.uint8], vectors: NDArray[np.float32]) -> NDArray[np.uint8]:
    summed = hashlib.blake2b(digests.tobytes(), digest_size=16)
    summed.update(np.ascontiguousarray(vectors).data)
    return np.frombuffer(summed.digest(), dtype=np.uint8)


def _name(model_id: str) -> str:
    return f"{hashlib.blake2b(model_id.encode(), digest_size=8).hexdigest()}.npz"
