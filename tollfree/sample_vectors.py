"""Vectors of the sample advertisers' ads, made once, beside the model that makes them.

Without them the first start of a demo embeds a hundred ads in all their tellings, which takes ten
seconds. They go with the model's folder: a new export begins without them and makes them again.
"""

import json
from pathlib import Path

from adserver.catalog.seed import seed_advertiser
from adserver.matching.creative_vectors import keep_ahead
from adserver.matching.kept_vectors import KeptVectors
from language.embedder import Embedder

_SEED = Path(__file__).parent / "seed"


def folder_in(model_folder: Path) -> Path:
    """Where they are kept."""
    return model_folder / "sample_ads"


def make(model_folder: Path, embedder: Embedder) -> int:
    """Embed the sample ads that are not there yet; returns how many were."""
    files = [json.loads(path.read_text("utf-8")) for path in sorted(_SEED.glob("*.json"))]
    copies = [
        creative.copy
        for file in files
        for campaign in seed_advertiser(file).campaigns
        for creative in campaign.creatives
    ]
    return keep_ahead(copies, embedder, KeptVectors(folder_in(model_folder)))
