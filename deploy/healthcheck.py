"""Is it alive? Exit code 0 for yes. Asked by the container engine, every ten seconds.

``python deploy/healthcheck.py http://127.0.0.1:8787/livez`` asks a server, and
``python deploy/healthcheck.py /tmp/worker`` whether a worker touched its file lately.
"""

import sys
import time
import urllib.request
from pathlib import Path

_LATELY_SECONDS = 15


def main(what: str) -> int:
    if what.startswith("http://"):
        with urllib.request.urlopen(what, timeout=2) as answer:  # noqa: S310  our own loopback
            return 0 if answer.status == 200 else 1
    return 0 if time.time() - Path(what).stat().st_mtime < _LATELY_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
