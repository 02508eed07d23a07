"""A whole Tollfree, started as a program, once on each kind of machine.

`road` is the running demo: on one machine (SQLite, shared state in process) and as on many
(PostgreSQL, Valkey). When the last test is done it is stopped, and everything that it left behind is
searched for the phrases that were said to it.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from openai import OpenAI

from tests.rig.postgres import PostgresServer
from tests.rig.programs import Program, demo
from tests.rig.traces import traces_of


@dataclass
class RunningRoad:
    """The demo's own announcement, with clients to talk to it."""

    kind: str
    program: Program
    told: dict[str, Any]
    redis_url: str | None
    said: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return str(self.told["base_url"]).removesuffix("/v1")

    def client(self, **given: Any) -> OpenAI:
        return OpenAI(
            base_url=self.told["base_url"], api_key=self.told["api_key"], max_retries=0, **given
        )

    def canary(self) -> str:
        """A phrase that nobody says by accident; it is searched for at the end."""
        phrase = f"canary{uuid.uuid4().hex}"
        self.said.append(phrase)
        return phrase


@pytest.fixture(scope="session", params=["one machine", "many machines"])
def road(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRoad]:
    kind = str(request.param)
    cwd = tmp_path_factory.mktemp("road")
    redis_url, clean_up = None, _nothing
    # What is told here is what happens, not how fast: a busy machine gets the time it needs.
    settings = {"TOLLFREE_LOG_LEVEL": "DEBUG", "TOLLFREE_DECISION_DEADLINE_MS": "1000"}
    if kind == "many machines":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database(migrated=False)
        redis_url = str(request.getfixturevalue("valkey_url"))
        settings |= {"DATABASE_URL": url, "REDIS_URL": redis_url}

        def clean_up() -> None:
            server.drop_database(url)

    with demo(cwd, settings=settings) as (program, told):
        running = RunningRoad(kind, program, told, redis_url)
        yield running
        metrics = httpx.get(f"{running.address}/metrics").text
    left = [*traces_of(told["database_url"], redis_url, folders=[cwd]), metrics]
    clean_up()
    assert [phrase for phrase in running.said if any(phrase in trace for trace in left)] == []


def _nothing() -> None:
    return


Visit = Callable[[str], httpx.Response]


@pytest.fixture
def visit() -> Iterator[Visit]:
    """Open a link as a browser does, without following it."""
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"
    with httpx.Client(headers={"user-agent": agent}, follow_redirects=False) as browser:
        yield browser.get
