"""Clients that outsiders wrote, unchanged, each in its own process.

Each file in clients/ asks what its users ask and checks what it is told, once with ads and once
without. openai-python 2 and litellm are installed with us; the others have an environment of
their own, because they want other versions of the same packages.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.server import Served
from tests.rig.programs import environment

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OURS, THEIRS = sys.executable, str(ROOT / ".venvs/clients/bin/python")
CLIENTS = {
    "openai-python 2": (OURS, "openai_calls.py", 16),
    "openai-python 3": (THEIRS, "openai_calls.py", 16),
    "anthropic": (THEIRS, "anthropic_calls.py", 7),
    "langchain-openai": (THEIRS, "langchain_calls.py", 6),
    "litellm": (OURS, "litellm_calls.py", 4),
}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_works_with_ads_on_and_off(name: str, servers: dict[str, Served]) -> None:
    python, script, checks = CLIENTS[name]
    assert Path(python).exists(), "The clients are not installed. Run: make install test"
    urls = {ads: server.base_url for ads, server in servers.items()}

    told = subprocess.run(
        [python, "-W", "ignore", HERE / "clients" / script, json.dumps(urls)],
        capture_output=True,
        text=True,
        timeout=110,
        env=environment(LITELLM_LOCAL_MODEL_COST_MAP="True", PYTHONDONTWRITEBYTECODE="1"),
        check=False,
    )

    assert told.returncode == 0, told.stderr[-4000:]
    report = json.loads(told.stdout.splitlines()[-1])
    assert report["failed"] == {}
    assert report["passed"] == 2 * checks
