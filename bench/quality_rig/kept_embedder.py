# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204
"""An embedder that remembers what it embedded, within a run and, if asked, from run to run.

Benchmarks ask for the vector of one text many times over. Kept vectors are those that the model
gave, to the bit; a folder of them belongs to one model id and is never part of the project.
"""

import hashlib
from pathlib import Path

import numpy as np

from language.embedder import Embedder
from language.vector import Vector


class KeptEmbedder:
    """``KeptEmbedder(OnnxEmbedder(folder), Path("/tmp/vectors"))``; call `keep` at the end."""

    def __init__(self, embedder: Embedder, folder: Path | None = None) -> None:
        self._embedder = embedder
        self.model_id, self.dimensions = embedder.model_id, embedder.dimensions
        self._known: dict[bytes, Vector] = {}
        self.embedded = 0
        name = hashlib.sha256(self.model_id.encode()).hexdigest()[:16]
        self._file = None if folder is None else folder / f"{name}.npz"
        if self._file is not None and self._file.is_file():
            with np.load(self._file) as stored:
                digests, vectors = stored["digests"], stored["vectors"]
            self._known = {bytes(row): found for row, found in zip(digests, vectors, strict=True)}

    def embed(self, text: str) -> Vector:
        """The model's vector of `text`."""
        digest = hashlib.blake2b(text.encode(errors="replace"), digest_size=16).digest()
        vector = self._known.get(digest)
        if vector is None:
            vector = self._known[digest] = self._embedder.embed(text)
            self.embedded += 1
        return vector.copy()

    def keep(self) -> None:
        """Write all vectors to the folder, if one was given and something is new."""
        if self._file is None or not self.embedded:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        digests = np.frombuffer(b"".join(self._known), dtype=np.uint8).reshape(-1, 16)
        aside = self._file.with_suffix(".part.npz")
        np.savez(aside, digests=digests, vectors=np.stack(list(self._known.values())))
        aside.replace(self._file)
