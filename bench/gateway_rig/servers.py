# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204
"""The servers under test, each a process of its own on core 0.

Reads of a process (memory, CPU seconds) come from /proc: on a machine that others use as well, the
CPU time of a request says more than the clock on the wall.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

_HERE = Path(__file__).parent
SERVER_CORE, LOAD_CORE = 0, 1


class Process:
    """A server; `cpu_seconds` and `rss_mb` look at it and its threads."""

    def __init__(self, command, *, env=None, stdout=None):
        self.popen = subprocess.Popen(
            command,
            env=os.environ | (env or {}),
            stdout=subprocess.DEVNULL if stdout is None else stdout,
            stderr=subprocess.DEVNULL if stdout is None else None,
            preexec_fn=_on_server_core,  # noqa: PLW1509  no threads yet, and a core is set this way only
            start_new_session=True,
        )
        self.pid = self.popen.pid

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self):
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGTERM)
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.popen.wait()


@contextmanager
def tollfree(upstream_url):
    """Our own server as it ships, with sample advertisers, in a folder that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        env = {
            "TOLLFREE_UPSTREAM_URL": upstream_url,
            "TOLLFREE_UPSTREAM_MODEL": "bench",
            "TOLLFREE_DATA": folder,
        }
        command = [sys.executable, "-m", "tollfree", "demo", "--json", "--no-sample", "--port", "0"]
        process = Process(command, env=env, stdout=subprocess.PIPE)
        try:
            announced = json.loads(process.popen.stdout.readline())
            yield process, announced["base_url"], announced["api_key"]
        finally:
            process.stop()


@contextmanager
def floor(upstream_url):
    port = free_port()
    process = Process([sys.executable, str(_HERE / "floor.py"), upstream_url, str(port)])
    try:
        wait_for(f"http://127.0.0.1:{port}/livez", 30)
        yield process, f"http://127.0.0.1:{port}/v1"
    finally:
        process.stop()


@contextmanager
def rival(upstream_url, venv):
    """litellm's proxy at our pin, with one worker, in a scratch environment."""
    bin_folder = Path(venv) / "bin"
    if not (bin_folder / "litellm").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        wanted = "litellm[proxy]==1.106.2"
        subprocess.run([bin_folder / "pip", "install", "-q", wanted, "uvloop"], check=True)
    port = free_port()
    params = {"model": "openai/bench", "api_base": upstream_url, "api_key": "none"}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        # YAML reads JSON.
        config.write_text(
            json.dumps({"model_list": [{"model_name": "rival", "litellm_params": params}]})
        )
        command = [str(bin_folder / "litellm"), "--config", str(config), "--port", str(port)]
        env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
        # It does not start without a key; ours checks one as well.
        key = f"sk-{secrets.token_hex(16)}"
        env["LITELLM_MASTER_KEY"] = key
        process = Process([*command, "--host", "127.0.0.1", "--num_workers", "1"], env=env)
        try:
            wait_for(f"http://127.0.0.1:{port}/health/liveliness", 420, process)
            yield process, f"http://127.0.0.1:{port}/v1", key
        finally:
            process.stop()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(url, seconds, process=None):
    until = time.monotonic() + seconds
    while time.monotonic() < until and (process is None or process.popen.poll() is None):
        with suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(url, timeout=2)
            return
        time.sleep(0.2)
    raise TimeoutError(f"{url} did not answer within {seconds} s.")


async def aside(manager):
    """Enter a context manager that blocks while the loop goes on answering."""
    return await asyncio.to_thread(manager.__enter__)


def _on_server_core():
    os.sched_setaffinity(0, {SERVER_CORE})
