"""What a head was made from: set sizes and digests over texts and labels, never a text.

By its digests a card can be checked against a folder: a benchmark knows which of its rows a head
has seen in training.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from language.corpora import Example, own_examples
from language.embedder import Embedder
from language.vector import space_of


def lineage(examples: Sequence[Example], embedder: Embedder) -> dict[str, Any]:
    """The part of a card that says where its head comes from."""
    by_set: dict[str, list[Example]] = {}
    for row in examples:
        by_set.setdefault(row.source, []).append(row)
    return {
        "space": space_of(embedder.model_id),
        "trained_on_vectors_of": embedder.model_id,
        "rows": {name: len(rows) for name, rows in sorted(by_set.items())},
        "rows_sha256": {name: digest_of(rows)[:16] for name, rows in sorted(by_set.items())},
        "own_sha256": digest_of(own_examples()),
        "script": "tollfree models train --data DIR",
    }


def digest_of(examples: Iterable[Example]) -> str:
    """One digest over sentences and labels, in their order."""
    digest = hashlib.sha256()
    for row in examples:
        digest.update(
            f"{row.source}\x1f{row.text}\x1f{row.is_commercial}\x1f{row.topic}\x1e".encode()
        )
    return digest.hexdigest()
