"""``tollfree models clusters``: fit the subjects that events keep a number of.

Embeds the demo's inventory and the questions of public sets under `--data`, fits centroids and
writes them with a card. No text is kept: of a set its name, its size and a digest.
"""

import argparse
import csv
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from adserver.intent.clusters import fitted, write_clusters
from kernel.errors import SettingsInvalid
from language.embedder import Embedder, load_embedder
from tollfree.settings import store_settings

_SEED_FOLDER = Path(__file__).parent / "seed"
_OWN_FOLDER = Path(__file__).parents[1] / "adserver" / "intent" / "models"
_SEED, _CLUSTERS, _MOST_OF_A_SET = 20_261_123, 64, 1_500
_WHO = {
    "wands_queries/query.csv": "WANDS, Wayfair LLC, MIT",
    "webis_ad_pairs/*_queries.txt": "Webis ads in generative IR, query-brand pairs, MIT",
}


def run(asked: argparse.Namespace) -> int:
    """Fit and write; returns the exit code."""
    texts = {"our own inventory": list(_inventory())}
    data = Path(asked.data)
    for pattern, who in _WHO.items():
        found = [text for path in sorted(data.glob(pattern)) for text in _questions(path)]
        if found:
            texts[who] = found[:: max(1, len(found) // _MOST_OF_A_SET)][:_MOST_OF_A_SET]
    if len(texts) == 1:
        raise SettingsInvalid(f"There is no public set under {data}.", param="data")
    embedder = load_embedder(store_settings().model_folder)
    vectors = _vectors(embedder, [text for some in texts.values() for text in some])
    centroids = fitted(vectors, clusters=_CLUSTERS, seed=_SEED)
    sets = [
        {"set": who, "texts": len(some), "sha256": _digest(some)} for who, some in texts.items()
    ]
    folder = Path(asked.out) if asked.out else _OWN_FOLDER
    card = {"seed": _SEED, "fitted_on": sets, "command": "tollfree models clusters --data DIR"}
    write_clusters(folder, centroids, model_id=embedder.model_id, card=card)
    sys.stderr.write(f"✓ {_CLUSTERS} clusters of {len(vectors)} texts in {folder}\n")
    return 0


def _vectors(embedder: Embedder, texts: list[str]) -> np.ndarray:
    return np.stack([embedder.embed(text) for text in texts])


def _inventory() -> Iterator[str]:
    for path in sorted(_SEED_FOLDER.glob("*.json")):
        for campaign in json.loads(path.read_text(encoding="utf-8")).get("campaigns", ()):
            for copy in campaign["creatives"]:
                yield f"{', '.join(copy['keywords'])}. {copy['title']}"
                yield from copy["example_prompts"]


def _questions(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        if path.suffix == ".csv":
            yield from (row["query"] for row in csv.DictReader(file, delimiter="\t"))
        else:
            yield from (line.strip() for line in file if line.strip())


def _digest(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
