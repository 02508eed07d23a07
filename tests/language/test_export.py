"""An export appears whole or not at all."""

from pathlib import Path

import pytest

from language import model_files
from language.export import export_model

# Each of these loads the model of record, which a busy machine may stretch.
pytestmark = pytest.mark.timeout(600)


class Interrupted(Exception):
    """Stands for Ctrl-C at a given step."""


def interrupt_at(step: str):
    def progress(now: str, _done: float) -> None:
        if now.startswith(step):
            raise Interrupted

    return progress


@pytest.mark.parametrize("step", ["tracing", "quantising"])
def test_an_interrupted_export_leaves_nothing(tmp_path: Path, step: str) -> None:
    with pytest.raises(Interrupted):
        export_model(tmp_path / "model", interrupt_at(step))

    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_export_leaves_the_model_that_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "kept").write_text("as it was")

    with pytest.raises(Interrupted):
        export_model(folder, interrupt_at("tracing"))

    assert (folder / "kept").read_text() == "as it was"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_the_manifest_tells_where_the_model_came_from(model_folder: Path) -> None:
    manifest = model_files.verified(model_folder)

    assert manifest.model == "all-MiniLM-L6-v2"
    assert manifest.dimensions == 384
    assert {"torch", "onnxruntime", "sentence_transformers", "opset"} <= set(manifest.export)
    assert set(manifest.sha256) == set(model_files.FILES)


def test_the_self_test_covers_short_long_and_foreign_texts(model_folder: Path) -> None:
    pairs = model_files.self_test(model_folder)

    assert len(pairs) >= 45
    assert max(len(text) for text, _ in pairs) > 1_000
    assert any(not text.isascii() for text, _ in pairs)
