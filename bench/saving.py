"""Keep a result: dated, with the command, the machine and how busy it was."""

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def save(name: str, found: dict[str, Any]) -> Path:
    """Write ``results/<day>-<name>.json``."""
    at = datetime.now(UTC)
    kept = {
        "at": at.isoformat(timespec="seconds"),
        "command": " ".join(["python", *sys.argv]),
        "machine": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "load": [round(one, 1) for one in os.getloadavg()],
        },
        "note": "The machine was shared; CPU times say more than wall-clock times.",
        **found,
    }
    path = RESULTS / f"2026-11-23-{name}.json"
    path.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return path
