"""A trained judgement: one row of weights per label, over what `features` reads of a text.

    models/<name>.npy     labels x (dimensions + features)
           <name>.json    the card: space, labels, biases, what it was trained on, how well it does

Owns loading and the dot product; numpy only. A head answers for the space it was trained in and
refuses any other vector, so that a changed model silently judges nothing. Zero is the line: a logit
above it says yes.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from language.features import Features, Waves, one_row
from language.letters import letters_of
from language.vector import Vector, space_of


@dataclass(frozen=True, slots=True)
class Head:
    """Linear weights per label: ``head.logits(text, vector)`` → one number for each of `labels`."""

    name: str
    version: str
    space: str
    labels: tuple[str, ...]
    biases: NDArray[np.float32]
    weights: NDArray[np.float32]
    features: Features

    def knows(self, vector: Vector | None, model_id: str | None) -> bool:
        """Whether it can judge this vector; a vector without a model id is judged by its size."""
        size = self.weights.shape[1] - self.features.beside_the_vector
        if vector is None or vector.shape != (size,):
            return False
        return model_id is None or space_of(model_id) == self.space

    def logits(self, text: str, vector: Vector) -> dict[str, float]:
        """How strongly each label speaks for `text`; above zero means yes."""
        size = len(vector)
        buckets, values, dense = one_row(self.features, text, vector)
        found = self.weights[:, :size] @ vector + self.biases
        if len(buckets):
            found = found + self.weights[:, size + buckets] @ values
        if len(dense):
            start = size + self.features.word_buckets
            found = found + self.weights[:, start : start + len(dense)] @ dense
        if self.features.letters:
            letters = letters_of(text)
            columns = (
                self.weights.shape[1] - self.features.letters + letters.buckets.astype(np.intp)
            )
            found = found + self.weights[:, columns] @ (
                letters.values * np.float32(self.features.letters_scale)
            )
        return dict(zip(self.labels, found.tolist(), strict=True))


@cache
def load_head(name: str) -> Head:
    """The committed head of this name. Raises FileNotFoundError where it was never trained."""
    folder = resources.files("language") / "models"
    card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    with resources.as_file(folder / f"{name}.npy") as path:
        weights = np.load(path, allow_pickle=False).astype(np.float32)
    weights.setflags(write=False)
    return Head(
        name=name,
        version=card["version"],
        space=card["space"],
        labels=tuple(card["labels"]),
        biases=np.array(card["biases"], dtype=np.float32),
        weights=weights,
        features=features_of(card),
    )


def features_of(card: dict[str, Any]) -> Features:
    """What a card says that its head reads. Raises ValueError where numpy draws other waves now."""
    waves = Waves(**card.get("waves", {"count": 0}))
    if waves.count and waves.digest(card["dimensions"]) != card["waves_digest"]:
        raise ValueError("This numpy draws other random numbers. Train the heads again with it.")
    return Features(
        card["word_buckets"],
        card["word_scale"],
        card.get("shape_scale", 0.0),
        waves,
        card.get("letters_scale", 0.0),
    )
