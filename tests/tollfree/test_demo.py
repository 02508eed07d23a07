"""The demo: one command on a machine that has nothing."""

import json
import re
import socket
import stat
import threading
import time
from pathlib import Path

import httpx
import pytest
from openai import OpenAI

from tests.rig.programs import demo, program, tollfree


def test_announces_itself_in_one_line_and_serves(tmp_path: Path) -> None:
    with demo(tmp_path) as (running, told):
        client = OpenAI(base_url=told["base_url"], api_key=told["api_key"], max_retries=0)
        models = [model.id for model in client.models.list()]
        ready = httpx.get(told["base_url"].removesuffix("/v1") + "/readyz")
        running.interrupt()

    assert set(told) == {
        *("base_url", "portal_url", "api_key", "advertiser"),
        *("operator", "upstream", "database_url", "pid"),
    }
    assert "demo" in models
    assert ready.status_code == 200
    assert running.out.read_text().count("\n") == 1
    assert running.process.returncode == 0
    for name in ("secrets.json", "api_key"):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600


def test_prints_a_banner_and_one_real_chat_with_its_ad(tmp_path: Path) -> None:
    command = ["demo", "--port", "0", "--data", "data"]
    with program(command, cwd=tmp_path, TOLLFREE_DECISION_DEADLINE_MS="1000") as running:
        running.wait_for(lambda: "beside the answer" in running.out.read_text())
        running.interrupt()
        text = running.out.read_text()

    assert "Tollfree is running" in text
    assert "demo model" in text
    assert re.search(r"curl http://127\.0\.0\.1:\d+/v1/chat/completions", text)
    assert "You      Which running shoes" in text
    assert "Sponsored" in text
    assert "Strideworks" in text


def test_moves_on_to_the_next_free_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = ["demo", "--json", "--port", str(port), "--data", "data"]
        with program(command, cwd=tmp_path) as running:
            running.wait_for(lambda: running.out.read_text().endswith("\n"))
            told = json.loads(running.out.read_text())

    assert f":{port}/" not in told["base_url"]


def test_keeps_what_it_was_told_from_one_start_to_the_next(tmp_path: Path) -> None:
    with demo(tmp_path) as (_, first):
        pass
    with demo(tmp_path) as (_, second):
        pass
    with demo(tmp_path, "--reset") as (_, third):
        pass

    assert second["api_key"] == first["api_key"]
    assert second["advertiser"] == first["advertiser"]
    assert third["api_key"] != first["api_key"]
    assert third["advertiser"] != first["advertiser"]


def test_names_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")

    answered = tollfree("demo", "--data", "taken", cwd=tmp_path)

    assert answered.returncode == 2
    assert "cannot be written" in answered.stderr
    assert "Traceback" not in answered.stderr


def test_refuses_a_data_folder_that_is_in_use(tmp_path: Path) -> None:
    with demo(tmp_path) as (running, _):
        answered = tollfree("demo", "--data", str(tmp_path / "data"), cwd=tmp_path)

    assert answered.returncode == 2
    assert f"process {running.process.pid}" in answered.stderr


@pytest.mark.parametrize("after_seconds", [0.8, 1.6, 2.4, 3.2])
def test_a_first_start_that_was_killed_can_be_repeated(
    tmp_path: Path, after_seconds: float
) -> None:
    command = ["demo", "--json", "--port", "0", "--data", str(tmp_path / "data")]
    with program(command, cwd=tmp_path) as running:
        time.sleep(after_seconds)
        running.process.kill()
        running.process.wait()

    with demo(tmp_path) as (_, told):
        answer = OpenAI(base_url=told["base_url"], api_key=told["api_key"]).models.list()

    assert [model.id for model in answer] == ["demo", "all-MiniLM-L6-v2"]


def test_ends_within_six_seconds_with_fifty_streams_open(tmp_path: Path) -> None:
    with demo(tmp_path) as (running, told):
        opened = threading.Semaphore(0)
        readers = [
            threading.Thread(target=_read_slowly, args=(told, opened), daemon=True)
            for _ in range(50)
        ]
        for reader in readers:
            reader.start()
        for _ in readers:
            assert opened.acquire(timeout=60)
        took = running.interrupt()

    assert took < 6
    assert running.process.returncode == 0


def _read_slowly(told: dict[str, str], opened: threading.Semaphore) -> None:
    body = {
        "model": "demo",
        "stream": True,
        "messages": [{"role": "user", "content": "Compare ten laptops in a table, in detail."}],
    }
    headers = {"authorization": f"Bearer {told['api_key']}"}
    url = told["base_url"] + "/chat/completions"
    try:
        with httpx.stream("POST", url, json=body, headers=headers, timeout=60) as answer:
            for number, _ in enumerate(answer.iter_raw()):
                if number == 0:
                    opened.release()
    except httpx.HTTPError:
        return
