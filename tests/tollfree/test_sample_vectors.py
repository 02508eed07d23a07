"""The first start of a demo embeds none of its ads: install has done so."""

import shutil
from pathlib import Path

from adserver.matching.kept_vectors import KeptVectors
from adserver.matching.snapshots import IndexKeeper
from kernel.clock import SystemClock
from kernel.database import Database
from language.lexical import LexicalEmbedder
from language.vector import Vector
from tollfree import sample_vectors
from tollfree.data_folder import DataFolder
from tollfree.household import moved_in


class Counting(LexicalEmbedder):
    """Counts what it is asked to embed."""

    texts = 0

    def embed(self, text: str) -> Vector:
        self.texts += 1
        return super().embed(text)


async def test_a_new_demo_finds_the_vectors_of_all_its_ads(
    tmp_path: Path, sqlite_template: Path
) -> None:
    embedder, models = Counting(), tmp_path / "models"
    made = sample_vectors.make(models, embedder)
    made_again = sample_vectors.make(models, embedder)
    file = tmp_path / "demo.db"
    shutil.copyfile(sqlite_template, file)
    database, clock = Database(f"sqlite:///{file}"), SystemClock()
    folder = DataFolder(tmp_path / "data").open()
    await moved_in(database, folder, clock)
    folder.close()

    embedder.texts = 0
    kept = KeptVectors(tmp_path / "own", installed=sample_vectors.folder_in(models))
    keeper = IndexKeeper(database, embedder, clock, kept=kept)
    await keeper.refresh()
    await database.close()

    assert (made > 100, made_again) == (True, 0)
    assert 70 <= len(keeper.current()) <= made
    assert embedder.texts == 0
