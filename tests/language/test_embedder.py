"""The model that serves gives the vectors of the model of record, and says so before it starts."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from language import model_files
from language.embedder import ModelDrifted, OnnxEmbedder, load_embedder
from language.model_files import ModelUnusable
from tests.language.exported_model import reference_model

SENTENCES = [
    "Which running shoes suit flat feet?",
    "shoes",
    "My landlord wants to sell the flat, what should I know?",
    "Write a for-loop in Python that prints the first ten squares, and explain each line of it.",
    "¿Dónde puedo comprar una guitarra acústica?",
    "The ferry was late, the hotel was loud and the breakfast was cold, but the view. " * 12,
]


def broken_copy(folder: Path, to: Path) -> Path:
    shutil.copytree(folder, to)
    return to


def resealed(folder: Path) -> Path:
    manifest = json.loads((folder / model_files.MANIFEST).read_text())
    manifest["sha256"] = model_files.digests(folder)
    (folder / model_files.MANIFEST).write_text(json.dumps(manifest))
    return folder


@pytest.mark.parametrize("text", SENTENCES)
def test_a_vector_agrees_with_sentence_transformers(embedder: OnnxEmbedder, text: str) -> None:
    assert float(embedder.embed(text) @ reference_model().embed(text)) >= 0.97


def test_every_vector_has_length_one_even_for_nothing(embedder: OnnxEmbedder) -> None:
    for text in [*SENTENCES, "", " ", "\x00", "🙂" * 500, "word " * 5_000]:
        vector = embedder.embed(text)

        assert vector.dtype == np.float32
        assert vector.shape == (embedder.dimensions,)
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_the_same_text_gives_the_same_vector_from_many_threads(embedder: OnnxEmbedder) -> None:
    expected = [embedder.embed(text) for text in SENTENCES]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(embedder.embed, SENTENCES * 5))

    for at, vector in enumerate(found):
        assert np.array_equal(vector, expected[at % len(SENTENCES)])


def test_the_model_id_names_space_version_and_precision(embedder: OnnxEmbedder) -> None:
    space, version, precision = embedder.model_id.split("/")

    assert (space, precision in {"int8", "fp32"}) == ("all-MiniLM-L6-v2", True)
    assert version


def test_the_self_test_was_passed_with_room(embedder: OnnxEmbedder) -> None:
    assert embedder.self_test_cosine >= 0.97


def test_a_folder_without_a_model_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="tollfree models build"):
        load_embedder(tmp_path)


def test_a_missing_file_makes_the_model_unusable(model_folder: Path, tmp_path: Path) -> None:
    folder = broken_copy(model_folder, tmp_path / "model")
    (folder / model_files.TOKENIZER).unlink()

    with pytest.raises(ModelUnusable, match=r"tokenizer\.json"):
        load_embedder(folder)


def test_a_changed_file_makes_the_model_unusable(model_folder: Path, tmp_path: Path) -> None:
    folder = broken_copy(model_folder, tmp_path / "model")
    with (folder / model_files.NETWORK).open("ab") as network:
        network.write(b"x")

    with pytest.raises(ModelUnusable, match="not the file that was exported"):
        load_embedder(folder)


def test_a_manifest_that_is_no_manifest_makes_the_model_unusable(tmp_path: Path) -> None:
    for text in ("", "[]", '{"model": 1}', "not json"):
        (tmp_path / model_files.MANIFEST).write_text(text)

        with pytest.raises(ModelUnusable):
            load_embedder(tmp_path)


def test_a_model_whose_vectors_have_drifted_is_refused(model_folder: Path, tmp_path: Path) -> None:
    folder = broken_copy(model_folder, tmp_path / "model")
    vectors = np.load(folder / model_files.SELF_TEST_VECTORS)
    np.save(folder / model_files.SELF_TEST_VECTORS, np.roll(vectors, 1, axis=0))

    with pytest.raises(ModelDrifted):
        load_embedder(resealed(folder))


def test_the_whole_self_test_is_taken_once_and_again_for_other_files(
    model_folder: Path, tmp_path: Path
) -> None:
    folder = broken_copy(model_folder, tmp_path / "model")
    (folder / model_files.AGREED).unlink(missing_ok=True)
    first = load_embedder(folder)
    marked = (folder / model_files.AGREED).read_text()
    vectors = np.load(folder / model_files.SELF_TEST_VECTORS)
    texts = json.loads((folder / model_files.SELF_TEST_TEXTS).read_text())
    longest = max(range(len(texts)), key=lambda at: len(texts[at]))
    vectors[longest] = -vectors[longest]
    np.save(folder / model_files.SELF_TEST_VECTORS, vectors)

    with pytest.raises(ModelDrifted):
        load_embedder(resealed(folder))

    assert isinstance(first, OnnxEmbedder)
    assert json.loads(marked)["cosine"] == round(first.self_test_cosine, 4)


def test_an_agreement_of_another_machine_counts_for_nothing(
    model_folder: Path, tmp_path: Path
) -> None:
    folder = broken_copy(model_folder, tmp_path / "model")
    told = {"where": "another machine", "cosine": 1.0}
    (folder / model_files.AGREED).write_text(json.dumps(told))

    assert load_embedder(folder).embed("shoes").shape == (384,)
    assert json.loads((folder / model_files.AGREED).read_text()) != told


def test_serving_never_imports_torch_or_sentence_transformers(model_folder: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from language.embedder import load_embedder\n"
        "from language.sensitive_topics import screen\n"
        "from language.commercial_intent import score\n"
        f"embedder = load_embedder(pathlib.Path({str(model_folder)!r}))\n"
        "vector = embedder.embed('running shoes')\n"
        "screen('running shoes', vector), score('running shoes', vector)\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'sklearn', 'scipy', 'onnx'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )

    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "[]"
