"""What a serving process never imports, and what only a large inventory does."""

import subprocess
import sys

from tests.architecture.source_tree import ROOT

_CODE = """
import sys
import tollfree.compose, tollfree.serve, adserver.decision.engine
import numpy as np
from adserver.matching.index import CreativeIndex
CreativeIndex((), np.zeros((0, 8), np.float32), model_id="m").search(np.ones(8, np.float32), None, 3)
heavy = {"torch", "transformers", "sentence_transformers", "sklearn", "faiss", "litellm"}
print(sorted(heavy & set(sys.modules)))
"""


def test_serving_imports_no_training_library_and_faiss_only_when_it_is_needed() -> None:
    answered = subprocess.run(
        [sys.executable, "-c", _CODE], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert answered.stdout.strip() == "[]"
