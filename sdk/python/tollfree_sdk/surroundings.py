"""What the SDK takes from around it: a clock that never goes back, and two environment variables.

The one module of this package that reads either.
"""

import os
import time


def now() -> float:
    """Seconds on a clock that never goes back."""
    return time.monotonic()


def told(name: str) -> str:
    """An environment variable, empty where it is not set."""
    return os.environ.get(name, "")
