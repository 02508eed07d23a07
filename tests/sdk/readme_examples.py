"""The examples of the SDK's README, run as a new user would: copied, with the keys in the environment."""

import os
import re
from pathlib import Path
from typing import Any

README = Path(__file__).parents[2] / "sdk" / "python" / "README.md"


def run_example(name: str, *, model_url: str, ads_url: str) -> dict[str, Any]:
    """Run the block that begins with ``# name:``; what it defined."""
    os.environ.update(
        OPENAI_API_KEY="k",
        OPENAI_BASE_URL=model_url,
        OPENAI_API_BASE=model_url,
        TOLLFREE_API_KEY="tf_pub_test",
        TOLLFREE_BASE_URL=ads_url,
    )
    blocks = re.findall(r"```py\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (block,) = [one for one in blocks if one.startswith(f"# {name}:")]
    names: dict[str, Any] = {}
    exec(block, names)
    return names
