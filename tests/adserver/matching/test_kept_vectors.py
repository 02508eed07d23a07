"""Vectors of creatives survive a restart, and a broken file costs nothing but time."""

from pathlib import Path

import numpy as np

from adserver.matching.kept_vectors import KeptVectors

VECTORS = {
    b"a" * 16: np.array([1.0, 0.0], dtype=np.float32),
    b"b" * 16: np.array([0.6, 0.8], dtype=np.float32),
}


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    KeptVectors(tmp_path / "new").write("model/1", VECTORS)

    read = KeptVectors(tmp_path / "new").read("model/1", 2)

    assert {digest: row.tolist() for digest, row in read.items()} == {
        digest: row.tolist() for digest, row in VECTORS.items()
    }


def test_another_model_or_another_width_finds_nothing(tmp_path: Path) -> None:
    KeptVectors(tmp_path).write("model/1", VECTORS)

    assert KeptVectors(tmp_path).read("model/2", 2) == {}
    assert KeptVectors(tmp_path).read("model/1", 3) == {}


def test_a_broken_file_is_as_good_as_none(tmp_path: Path) -> None:
    kept = KeptVectors(tmp_path)
    kept.write("model/1", VECTORS)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:100])

    assert kept.read("model/1", 2) == {}


def test_a_file_with_one_number_changed_is_not_trusted(tmp_path: Path) -> None:
    kept = KeptVectors(tmp_path)
    kept.write("model/1", VECTORS)
    (file,) = tmp_path.iterdir()
    with np.load(file) as stored:
        parts = dict(stored)
    parts["vectors"][0, 0] = 0.5
    np.savez(file, **parts)

    assert kept.read("model/1", 2) == {}


def test_what_was_made_at_install_is_read_and_never_written(tmp_path: Path) -> None:
    KeptVectors(tmp_path / "installed").write("model/1", VECTORS)
    kept = KeptVectors(tmp_path / "own", installed=tmp_path / "installed")
    newer = {b"b" * 16: np.array([0.0, 1.0], dtype=np.float32)}

    kept.write("model/1", newer)
    read = kept.read("model/1", 2)

    assert read[b"a" * 16].tolist() == [1.0, 0.0]
    assert read[b"b" * 16].tolist() == [0.0, 1.0]
    assert set(KeptVectors(tmp_path / "installed").read("model/1", 2)) == set(VECTORS)


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")

    KeptVectors(tmp_path / "taken").write("model/1", VECTORS)
