"""Which of a few dozen subjects a turn is nearest to, as a number that events may keep.

Versioned centroids, fitted by ``tollfree models clusters`` on the inventory and on public questions;
the card beside them says on what. A cluster is named by version and number, ``"1:37"``, so that
numbers of two fits are never added up. The vector itself stays in memory. Without centroids for the
model at hand there are no clusters.
"""

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from language.vector import Vector

CENTROIDS: Final = "clusters.npy"
CARD: Final = "clusters.json"
_ROUNDS: Final = 30


@dataclass(frozen=True)
class Clusters:
    """Unit centroids, row by row."""

    version: int
    model_id: str
    centroids: NDArray[np.float32]

    def nearest(self, vector: Vector) -> str:
        """The name of the cluster that a unit vector is nearest to."""
        return f"{self.version}:{int(np.argmax(self.centroids @ vector))}"


def load_clusters(model_id: str, folder: Path | None = None) -> Clusters | None:
    """The clusters for vectors of this model, or None."""
    source = resources.files("adserver.intent") / "models" if folder is None else folder
    try:
        with resources.as_file(source) as path:
            card = json.loads((path / CARD).read_text(encoding="utf-8"))
            rows = np.load(path / CENTROIDS, allow_pickle=False)
    except FileNotFoundError:
        return None
    if card["model"] != model_id:
        return None
    return Clusters(card["version"], model_id, _unit(rows.astype(np.float32)))


def fitted(vectors: NDArray[np.float32], *, clusters: int, seed: int) -> NDArray[np.float32]:
    """Spherical k-means: unit centroids of unit vectors, the same for the same seed."""
    dice = np.random.default_rng(seed)
    centroids = _spread(vectors, clusters, dice)
    for _ in range(_ROUNDS):
        nearest = np.argmax(vectors @ centroids.T, axis=1)
        for number in range(clusters):
            own = vectors[nearest == number]
            # An empty cluster begins again at some vector, so that none is lost.
            centroids[number] = (
                own.sum(axis=0) if len(own) else vectors[dice.integers(len(vectors))]
            )
        centroids = _unit(centroids)
    return centroids


def _spread(
    vectors: NDArray[np.float32], count: int, dice: np.random.Generator
) -> NDArray[np.float32]:
    """Vectors to begin with, each likelier the farther it is from those before (k-means++)."""
    chosen = [int(dice.integers(len(vectors)))]
    nearest = vectors @ vectors[chosen[0]]
    while len(chosen) < count:
        far = np.clip(1.0 - nearest, 1e-6, None).astype(np.float64) ** 2
        chosen.append(int(dice.choice(len(vectors), p=far / far.sum())))
        nearest = np.maximum(nearest, vectors @ vectors[chosen[-1]])
    return vectors[chosen].copy()


def write_clusters(
    folder: Path, centroids: NDArray[np.float32], *, model_id: str, card: dict[str, Any]
) -> None:
    """Write centroids with their card; the version counts up from what stood there."""
    before = folder / CARD
    version = 1
    if before.exists():
        version = json.loads(before.read_text(encoding="utf-8"))["version"] + 1
    np.save(folder / CENTROIDS, centroids.astype(np.float16), allow_pickle=False)
    kept = {"version": version, "model": model_id, "clusters": len(centroids), **card}
    before.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = rows / np.maximum(
        np.linalg.norm(rows, axis=1, keepdims=True), 1e-9
    )
    return found
