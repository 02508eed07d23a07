"""Keep the stand-in's state in a file, so that a demo finds its customers after a restart.

Everything is plain JSON: objects, what sessions remember, and how far the clock was moved. Written
beside the file and renamed, so that a crash leaves the old state or the new one.
"""

import json
from pathlib import Path

from fakestripe.platform import Platform


def save(platform: Platform, file: Path) -> None:
    """Write the state to `file`."""
    state = {
        "objects": platform.objects.dump(),
        "intent_data": platform.intent_data,
        "ahead": platform.clock.ahead,
    }
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(state))
    fresh.replace(file)


def load(platform: Platform, file: Path) -> None:
    """Read the state of an earlier run, if there is one."""
    if not file.exists():
        return
    state = json.loads(file.read_text())
    platform.objects.restore(state["objects"])
    platform.intent_data.update(state["intent_data"])
    platform.clock.advance(state["ahead"])
