"""Vectors of creatives, kept in a folder from one start to the next.

Embedding a catalog takes seconds, reading its vectors milliseconds. Holds digests of ad copy and
their vectors, nothing of a conversation. One file per model; a file that cannot be read or written
is as good as none, because everything in it can be made again.
"""

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kernel.telemetry import logger
from language.vector import Vector

_log = logger(__name__)


class KeptVectors:
    """``KeptVectors(Path(".tollfree/vectors"))``; safe to share by processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, model_id: str, dimensions: int) -> dict[bytes, Vector]:
        """The vectors by digest; empty where there are none for this model."""
        try:
            with self._file(model_id).open("rb") as file, np.load(file) as stored:
                digests, vectors = stored["digests"], stored["vectors"]
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
            return {}
        if vectors.dtype != np.float32 or vectors.shape != (len(digests), dimensions):
            return {}
        return {bytes(digest): row for digest, row in zip(digests, vectors, strict=True)}

    def write(self, model_id: str, vectors: Mapping[bytes, Vector]) -> None:
        """Replace what is kept for this model, whole or not at all."""
        if not vectors:
            return
        file = self._file(model_id)
        aside = file.with_name(f"{file.name}.{os.getpid()}.part")
        digests = np.frombuffer(b"".join(vectors), dtype=np.uint8).reshape(len(vectors), -1)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with aside.open("wb") as out:
                np.savez(out, digests=digests, vectors=np.stack(list(vectors.values())))
            aside.replace(file)
        except OSError as problem:
            _log.warning("vectors_not_kept", exc_info=problem)

    def _file(self, model_id: str) -> Path:
        return self._folder / f"{hashlib.blake2b(model_id.encode(), digest_size=8).hexdigest()}.npz"
