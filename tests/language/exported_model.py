"""The exported model that tests share: made once for a whole run, off the working tree.

The folder named by TEST_MODEL is used, and filled if it is empty; without it the export
goes to a temporary folder and takes some twenty seconds.
"""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest

from language import model_files
from language.embedder import OnnxEmbedder
from language.export import export_model
from language.reference import ReferenceModel, load_reference


@cache
def exported_model() -> Path:
    """A folder with an intact export."""
    named = os.environ.get("TEST_MODEL")
    if named and model_files.is_present(Path(named)):
        return Path(named)
    folder = Path(named) if named else _temporary() / "model"
    export_model(folder, lambda _step, _done: None)
    return folder


@cache
def real_embedder() -> OnnxEmbedder:
    """The model as it serves."""
    return OnnxEmbedder(exported_model())


@cache
def reference_model() -> ReferenceModel:
    """The model of record."""
    return load_reference()


def _temporary() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tollfree-model-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def give_time_to_export(items: list[pytest.Item]) -> None:
    """The first test that needs the model waits for its export, which a busy machine may stretch."""
    for item in items:
        if {"embedder", "model_folder"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.timeout(600))
