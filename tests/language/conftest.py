"""The real model, exported once for the run."""

from pathlib import Path

import pytest

from language.embedder import OnnxEmbedder
from tests.language.exported_model import exported_model, give_time_to_export, real_embedder


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """An intact export; copy it before breaking it."""
    return exported_model()


@pytest.fixture(scope="session")
def embedder() -> OnnxEmbedder:
    """The model as it serves."""
    return real_embedder()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    give_time_to_export(items)
