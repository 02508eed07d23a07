"""What the SDK exports, what it imports, and what its README shows."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.sdk.ads import a_decision
from tollfree_sdk import placement

README = Path(__file__).parents[2] / "sdk" / "python" / "README.md"


def test_the_public_names_of_placement_exist_and_are_these() -> None:
    assert placement.__all__ == [
        "Placed",
        "PlacedTail",
        "Removed",
        "StreamPlacer",
        "place_answer",
        "remove",
        "well_formed",
    ]
    assert all(hasattr(placement, name) for name in placement.__all__)


def test_placement_needs_the_standard_library_only() -> None:
    # A fresh interpreter: this one has long imported everything.
    code = (
        "import sys, tollfree_sdk.placement; "
        "print([name for name in ('httpx', 'asyncio', 'numpy', 'pydantic') if name in sys.modules])"
    )

    printed = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert printed.stdout.strip() == "[]"


def test_the_readmes_code_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)  # Each block defines one function and imports what it needs.

    delivered, end = names["stream_with_ad"](["Pick a ", "light shoe."], a_decision())
    answer = names["without_ads"]([{"role": "assistant", "content": delivered}])

    assert len(blocks) == 3
    assert (delivered, end.field.no_fill_reason) == ("Pick a light shoe.", None)
    assert answer == [{"role": "assistant", "content": "Pick a light shoe."}]
    assert callable(names["answer_with_ad"])
