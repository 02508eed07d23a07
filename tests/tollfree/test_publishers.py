"""The ad network as another service meets it: commands, a process of its own, the SDK."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import httpx

from kernel.clock import SystemClock
from kernel.database import Database
from tests.adserver.decision.world import SHOES, World
from tests.rig.programs import command, program
from tollfree_sdk import Tollfree
from tollfree_sdk.contract import NoFill

QUESTION = [{"role": "user", "content": SHOES}]


def told(*arguments: str, cwd: Path) -> Any:
    answered = command("publishers", *arguments, "--json", "--data", "data", cwd=cwd)
    assert answered.returncode == 0, answered.stderr
    return json.loads(answered.stdout)


async def stocked(path: Path) -> None:
    """A catalog with one advertiser."""
    database = Database(f"sqlite:///{path}")
    await World(database, SystemClock()).creative()
    await database.close()


def a_free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def test_a_service_embeds_the_network_of_a_process_that_serves_nothing_else(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").mkdir()
    assert command("migrate", "--data", "data", cwd=tmp_path).returncode == 0
    asyncio.run(stocked(tmp_path / "data" / "tollfree.db"))
    (made,) = told("create", "--name", "Paperplane Chat", cwd=tmp_path)
    (key,) = told("key", made["id"], cwd=tmp_path)
    told("place", made["id"], "sidebar", "--format", "unit", cwd=tmp_path)
    told("place", made["id"], "dear", "--floor", "9000000", cwd=tmp_path)
    told("block", made["id"], "--category", "travel", cwd=tmp_path)
    (settings,) = told("show", made["id"], cwd=tmp_path)
    port = a_free_port()
    url = f"http://127.0.0.1:{port}"

    with program(
        ["serve", "--only", "ads", "--port", str(port), "--data", "data"],
        cwd=tmp_path,
        TOLLFREE_PUBLIC_URL=url,
        TOLLFREE_SIGNING_KEYS="1:" + "ab" * 32,
        TOLLFREE_DECISION_DEADLINE_MS="1000",
        TOLLFREE_MODELS="none",
    ) as running:
        running.wait_for(lambda: answers(f"{url}/readyz"))
        with Tollfree(key["key"], base_url=url, timeout=5.0) as network:
            found = network.ads.match(messages=QUESTION, placement="sidebar")
            dear = network.ads.match(messages=QUESTION, placement="dear")
            unknown = network.ads.match(messages=QUESTION, placement="nowhere")
            reported = network.events.report(found.decision_id or "", "rendered")
        chat = httpx.post(f"{url}/v1/chat/completions", json={})
        why = httpx.get(found.ads[0].ad.why_url if found.ads and found.ads[0].ad else url)
        running.interrupt()

    assert settings["blocks"]["categories"] == ["travel"]
    assert [one["name"] for one in settings["placements"]] == ["dear", "sidebar"]
    assert "Sponsored · Strideworks" in found.ad.text
    assert dear.no_fill_reason is NoFill.BELOW_FLOOR
    assert unknown.no_fill_reason is NoFill.ERROR
    assert reported
    assert chat.status_code == 404
    assert "Strideworks" in why.text


def test_complaints_and_withdrawn_keys_are_listed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    command("migrate", "--data", "data", cwd=tmp_path)
    (made,) = told("create", "--name", "Paperplane Chat", cwd=tmp_path)
    (key,) = told("key", made["id"], "--test", cwd=tmp_path)

    told("revoke", key["id"], cwd=tmp_path)
    (settings,) = told("show", made["id"], cwd=tmp_path)

    assert (settings["keys"][0]["kind"], settings["keys"][0]["works"]) == ("test", False)
    assert told("complaints", cwd=tmp_path) == []
    assert [one["name"] for one in told("list", cwd=tmp_path)] == ["Paperplane Chat"]
