"""Subjects as numbers: fitted the same way twice, versioned, and bound to their model."""

from pathlib import Path

import numpy as np

from adserver.intent.clusters import fitted, load_clusters, write_clusters


def around(centres: np.ndarray, rows: int) -> np.ndarray:
    dice = np.random.default_rng(2)
    drawn = np.repeat(centres, rows, axis=0) + 0.1 * dice.normal(size=(len(centres) * rows, 8))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


CENTRES = np.eye(8)[:4]


def test_what_lies_together_gets_one_number(tmp_path: Path) -> None:
    vectors = around(CENTRES, 50)
    write_clusters(tmp_path, fitted(vectors, clusters=4, seed=3), model_id="m/1", card={})

    clusters = load_clusters("m/1", tmp_path)

    assert clusters is not None
    names = [clusters.nearest(vector) for vector in vectors]
    assert all(len(set(names[start : start + 50])) == 1 for start in range(0, 200, 50))
    assert all(name.startswith("1:") for name in names)


def test_the_same_seed_gives_the_same_centroids() -> None:
    vectors = around(CENTRES, 20)

    assert np.array_equal(fitted(vectors, clusters=4, seed=3), fitted(vectors, clusters=4, seed=3))


def test_a_second_fit_has_another_version_and_another_model_has_no_clusters(
    tmp_path: Path,
) -> None:
    for _ in range(2):
        write_clusters(tmp_path, CENTRES.astype(np.float32), model_id="m/1", card={})

    found = load_clusters("m/1", tmp_path)

    assert found is not None
    assert found.nearest(CENTRES[0].astype(np.float32)) == "2:0"
    assert load_clusters("m/2", tmp_path) is None
    assert load_clusters("m/1", tmp_path / "nowhere") is None


def test_the_centroids_that_we_ship_are_small_and_load() -> None:
    clusters = load_clusters("all-MiniLM-L6-v2/0.1.0/int8")

    assert clusters is not None
    assert clusters.centroids.shape == (64, 384)
    assert np.allclose(np.linalg.norm(clusters.centroids, axis=1), 1.0, atol=1e-3)
