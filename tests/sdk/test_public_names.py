"""What the SDK exports, what it imports, and what its README shows."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tollfree_sdk
from tests.sdk.ads import a_decision
from tollfree_sdk import Tollfree, placement
from tollfree_sdk.testing import CannedAdServer

QUESTION = [{"role": "user", "content": "Which shoes?"}]
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


def test_the_readmes_code_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)  # Each block imports what it needs.

    delivered, end = names["stream_with_ad"](["Pick a ", "light shoe."], a_decision())
    without = names["without_ads"]([{"role": "assistant", "content": delivered}])
    with (
        CannedAdServer() as server,
        Tollfree("tf_pub_x", base_url=server.url, timeout=5) as network,
    ):
        streamed = "".join(names["answer"](network, QUESTION, ["Pick a ", "light shoe."]))
        html = names["sidebar"](network, QUESTION)
        assert names["report"](network, "dec_1")
    names["test_an_answer_carries_its_ad"]()

    assert len(blocks) == 7
    assert type(names["client"]).__name__ == "OpenAI"
    assert (delivered, end.field.no_fill_reason) == ("Pick a light shoe.", None)
    assert without == [{"role": "assistant", "content": "Pick a light shoe."}]
    assert streamed.startswith("Pick a light shoe.\n\n---\n**Sponsored · ")
    assert html.startswith('<aside class="tollfree-ad"><p><strong>Sponsored · ')


def test_the_integration_is_at_most_six_lines() -> None:
    first = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[0]

    assert len([line for line in first.splitlines() if line.strip()]) <= 6


def test_the_sdk_exports_these_names() -> None:
    assert tollfree_sdk.__all__ == ["AsyncTollfree", "Match", "Tollfree", "with_ads"]
    assert all(hasattr(tollfree_sdk, name) for name in tollfree_sdk.__all__)
