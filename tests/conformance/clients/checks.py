"""Run every check of a client, with ads on and off, and report as one line of JSON.

A check is a function called `check_…(base_url, ads)`; what it raises is its failure.
"""

import json
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

QUESTION = "What are the best running shoes for flat feet?"
LABEL = "Sponsored · Strideworks"


def run(module: Mapping[str, Any]) -> None:
    """Run the checks in `module` against the servers named on the command line."""
    urls = json.loads(sys.argv[1])
    checks: dict[str, Callable[[str, bool], None]] = {
        name: check for name, check in module.items() if name.startswith("check_")
    }
    passed, failed = 0, {}
    for ads, url in urls.items():
        for name, check in checks.items():
            try:
                check(url, ads == "on")
                passed += 1
            except Exception:  # noqa: BLE001  a failed check is what is reported
                failed[f"{name} with ads {ads}"] = traceback.format_exc()[-1500:]
    sys.stdout.write(json.dumps({"passed": passed, "failed": failed}) + "\n")


def expect_ad(text: str, *, ads: bool) -> None:
    assert (LABEL in text) is ads, text[-400:]
    assert "demo model" in text
