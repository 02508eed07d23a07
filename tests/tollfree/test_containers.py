"""The container files, as far as they can be proved without an engine.

Everything that they name exists, every command of theirs is run here as written, with the
environment that they give it.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.architecture.source_tree import ROOT
from tests.rig.postgres import PostgresServer
from tests.rig.processes import free_port
from tests.rig.programs import environment, program, tollfree
from tollfree.__main__ import main

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
SECRETS = {
    "POSTGRES_PASSWORD": "not-secret",
    "TOLLFREE_PUBLIC_URL": "http://127.0.0.1:8787",
    "TOLLFREE_SIGNING_KEYS": f"1:{'5a' * 32}",
}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


class Unset(Exception):
    """What the engine prints when a required variable is missing."""


def interpolated(text: str, given: dict[str, str]) -> str:
    """As the compose specification says: ``${NAME:?message}`` and ``${NAME:-default}``."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if given.get(name):
            return given[name]
        if kind == "?":
            raise Unset(rest)
        return rest or ""

    return _VARIABLE.sub(value, text)


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)


class TestCompose:
    def test_has_the_parts_of_a_service(self) -> None:
        assert set(SERVICES) == {"app", "worker", "migrate", "postgres", "valkey"}
        assert "pgvector" in SERVICES["postgres"]["image"]

    def test_uses_only_words_of_the_compose_specification(self) -> None:
        known = set(
            "build image command environment ports depends_on healthcheck restart volumes "
            "security_opt cap_drop stop_grace_period".split()
        )
        assert set(COMPOSE) <= {"name", "services", "volumes", "x-tollfree"}
        for service in SERVICES.values():
            assert set(service) <= known
            assert isinstance(service.get("command", []), list)

    def test_waits_for_what_it_needs(self) -> None:
        states = {"service_healthy", "service_completed_successfully"}
        for service in SERVICES.values():
            for needed, how in service.get("depends_on", {}).items():
                assert how["condition"] in states
                if how["condition"] == "service_healthy":
                    assert "test" in SERVICES[needed]["healthcheck"]

    def test_names_images_by_version(self) -> None:
        images = [service["image"] for name, service in SERVICES.items() if name not in OURS]
        assert all(":" in image and not image.endswith(":latest") for image in images)

    def test_mounts_only_volumes_that_it_declares(self) -> None:
        mounted = [one for service in SERVICES.values() for one in service.get("volumes", [])]
        assert {one.partition(":")[0] for one in mounted} == set(COMPOSE["volumes"])

    @pytest.mark.parametrize("name", sorted(SECRETS))
    def test_says_which_secret_is_missing(self, name: str) -> None:
        text = (ROOT / "docker-compose.yml").read_text("utf-8")

        with pytest.raises(Unset) as refused:
            interpolated(text, {key: value for key, value in SECRETS.items() if key != name})

        assert f"Set {name}" in str(refused.value)

    def test_sets_only_settings_that_exist(self) -> None:
        documented = (ROOT / "docs" / "settings.md").read_text("utf-8")
        for service in OURS.values():
            assert [name for name in service["environment"] if f"`{name}`" not in documented] == []

    @pytest.mark.parametrize("name", sorted(OURS))
    def test_runs_commands_that_exist(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        program_name, command, *rest = OURS[name]["command"]

        with pytest.raises(SystemExit) as ended:
            main([command, *rest, "--help"])

        assert program_name == "tollfree"
        assert ended.value.code == 0
        assert capsys.readouterr().out


class TestDockerfile:
    def test_leaves_the_workshop_behind(self) -> None:
        assert len(instructions("FROM")) == 2
        assert "torch" not in _lock("serve")
        assert "sentence-transformers" not in _lock("serve")
        assert "onnxruntime==" in _lock("serve")

    def test_runs_as_nobody_in_particular(self) -> None:
        assert instructions("USER") == ["tollfree"]
        assert "--uid 10001" in DOCKERFILE

    def test_names_scripts_that_exist_and_may_run(self) -> None:
        named = re.findall(r"\bdeploy/[\w.]+", DOCKERFILE)
        assert set(named) == {"deploy/install.sh", "deploy/lock.py", "deploy/healthcheck.py"}
        assert all((ROOT / path).is_file() for path in named)
        assert os.access(ROOT / "deploy" / "install.sh", os.X_OK)

    def test_sets_only_settings_that_exist(self) -> None:
        documented = (ROOT / "docs" / "settings.md").read_text("utf-8")
        named = set(re.findall(r"\b(TOLLFREE_\w+)=", DOCKERFILE))
        assert named
        assert [name for name in named if f"`{name}`" not in documented] == []

    def test_keeps_secrets_and_leftovers_out_of_the_image(self) -> None:
        ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
        assert {".env", ".git", ".venv", ".tollfree"} <= set(ignored)

    def test_starts_the_server(self) -> None:
        assert [json.loads(command) for command in instructions("CMD")] == [["tollfree", "serve"]]


class TestTheHealthCheck:
    def test_believes_a_file_that_was_touched_lately(self, tmp_path: Path) -> None:
        beat = tmp_path / "beat"
        beat.touch()
        fresh = _health(str(beat))
        os.utime(beat, (1, 1))

        assert fresh == 0
        assert _health(str(beat)) != 0
        assert _health(str(tmp_path / "missing")) != 0

    def test_fails_where_nobody_answers(self) -> None:
        assert _health("http://127.0.0.1:9/livez") != 0


def test_everything_starts_as_written(
    tmp_path: Path, postgres: PostgresServer, redis_url: str
) -> None:
    url, port = postgres.new_database(migrated=False), free_port()
    written = {
        name: interpolated(str(value), SECRETS)
        for name, value in SERVICES["app"]["environment"].items()
    }
    given = written | {"DATABASE_URL": url, "REDIS_URL": redis_url, "TOLLFREE_PORT": str(port)}
    beat = tmp_path / "worker"
    working, serving = tmp_path / "working", tmp_path / "serving"
    working.mkdir()
    serving.mkdir()

    migrated = tollfree(*SERVICES["migrate"]["command"][1:], cwd=tmp_path, **given)
    made = tollfree("keys", "create", "--json", cwd=tmp_path, **given)
    worker = [part.replace("/tmp/worker", str(beat)) for part in SERVICES["worker"]["command"][1:]]
    with (
        program(worker, cwd=working, **given) as at_work,
        program(SERVICES["app"]["command"][1:], cwd=serving, **given) as server,
    ):
        at_work.wait_for(beat.exists)
        # The check itself starts a Python each time, which a server that starts has to wait for.
        server.wait_for(lambda: _is_ready(f"http://127.0.0.1:{port}/readyz"))
        answer = httpx.post(
            f"http://127.0.0.1:{port}/v1/chat/completions",
            headers={"authorization": f"Bearer {json.loads(made.stdout)['key']}"},
            json={"model": "demo", "messages": [{"role": "user", "content": "Hello"}]},
        )
        checked = [_health(f"http://127.0.0.1:{port}/{what}") for what in ("livez", "readyz")]
        checked.append(_health(str(beat)))
        server.interrupt()
        at_work.interrupt()
    postgres.drop_database(url)

    assert migrated.returncode == 0
    assert answer.status_code == 200
    assert answer.json()["tollfree"]["v"] == 1
    assert checked == [0, 0, 0]
    assert server.process.returncode == at_work.process.returncode == 0


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def _lock(group: str) -> str:
    printed = subprocess.run(
        [sys.executable, ROOT / "deploy" / "lock.py", "print", group],
        capture_output=True,
        text=True,
        check=True,
    )
    return printed.stdout


def _health(what: str) -> int:
    (command,) = instructions("HEALTHCHECK")
    written = json.loads(command[command.index("CMD ") + 4 :])
    assert written[:2] == ["python", "deploy/healthcheck.py"]
    ended = subprocess.run(
        [sys.executable, *written[1:-1], what],
        cwd=ROOT,
        env=environment(),
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return ended.returncode


def test_the_commands_of_the_readme_fit_the_compose_file() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    exported = set(re.findall(r"\b(\w+)=(?:\$\(|1:|http)", readme))
    executed = re.findall(r"^docker compose exec (.+)$", readme, re.MULTILINE)

    assert exported == set(SECRETS)
    assert [shlex.split(line)[0] for line in executed] == ["app"]
