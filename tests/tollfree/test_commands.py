"""The command line, as a person meets it."""

import json
import time
from pathlib import Path

import pytest

from tests.rig.postgres import PostgresServer
from tests.rig.programs import command, program, tollfree
from tollfree.__main__ import main


def test_help_answers_at_once(tmp_path: Path) -> None:
    fastest = 99.0
    for _ in range(5):
        started = time.perf_counter()
        answered = tollfree("--help", cwd=tmp_path)
        fastest = min(fastest, time.perf_counter() - started)

    assert answered.returncode == 0
    assert "demo" in answered.stdout
    assert fastest < 0.3


@pytest.mark.parametrize("name", ["demo", "serve", "worker", "migrate", "match", "chat", "doctor"])
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])

    assert ended.value.code == 0
    assert "--data" in capsys.readouterr().out


class TestMigrate:
    def test_says_from_where_to_where_and_then_that_nothing_is_left(self, tmp_path: Path) -> None:
        first = tollfree("migrate", "--data", "here", cwd=tmp_path)
        second = command("migrate", "--data", "here", cwd=tmp_path)

        assert "from empty to" in first.stdout
        assert "already" in second.stdout

    @pytest.mark.parametrize(
        ("url", "hint"),
        [
            ("postgresql://tollfree:geheim@127.0.0.1:9/none", "does not answer"),
            ("mysql://tollfree:geheim@127.0.0.1/none", "engine 'mysql'"),
            ("not a url with geheim", "is not a database URL"),
            ("sqlite:////no/such/folder/geheim.db", "a folder that does not exist"),
        ],
    )
    def test_names_a_wrong_database_without_quoting_it(
        self, tmp_path: Path, url: str, hint: str
    ) -> None:
        answered = command("migrate", cwd=tmp_path, DATABASE_URL=url)

        assert answered.returncode == 2
        assert hint in answered.stderr
        assert "geheim" not in answered.stderr + answered.stdout
        assert "Traceback" not in answered.stderr


class TestKeys:
    def test_are_created_listed_and_revoked(self, tmp_path: Path) -> None:
        command("migrate", "--data", "d", cwd=tmp_path)

        made = json.loads(command("keys", "create", "--data", "d", "--json", cwd=tmp_path).stdout)
        command("keys", "revoke", made["id"], "--data", "d", cwd=tmp_path)
        listed = command("keys", "list", "--data", "d", "--json", cwd=tmp_path).stdout

        assert made["key"].startswith("tf_live_")
        assert made["key"] not in listed
        (line,) = json.loads(listed)
        assert line["id"] == made["id"]
        assert line["revoked_at"] is not None

    def test_that_do_not_exist_cannot_be_revoked(self, tmp_path: Path) -> None:
        command("migrate", "--data", "d", cwd=tmp_path)

        answered = command("keys", "revoke", "key_nothing", "--data", "d", cwd=tmp_path)

        assert answered.returncode == 2
        assert "There is no key" in answered.stderr


class TestServe:
    def test_asks_for_what_it_needs(self, tmp_path: Path) -> None:
        without_address = command("serve", cwd=tmp_path)
        without_keys = command("serve", cwd=tmp_path, TOLLFREE_PUBLIC_URL="https://api.example.com")

        assert without_address.returncode == without_keys.returncode == 2
        assert "TOLLFREE_PUBLIC_URL is missing" in without_address.stderr
        assert "TOLLFREE_SIGNING_KEYS is missing" in without_keys.stderr

    def test_refuses_an_old_schema(self, tmp_path: Path) -> None:
        answered = command(
            "serve",
            "--port",
            "0",
            cwd=tmp_path,
            TOLLFREE_PUBLIC_URL="https://api.example.com",
            TOLLFREE_SIGNING_KEYS=f"1:{'ab' * 32}",
        )

        assert answered.returncode == 2
        assert "tollfree migrate" in answered.stderr

    def test_names_a_wrong_setting_as_the_environment_does(self, tmp_path: Path) -> None:
        answered = command("serve", cwd=tmp_path, TOLLFREE_PORT="many")

        assert answered.returncode == 2
        assert "TOLLFREE_PORT: " in answered.stderr

    @pytest.mark.parametrize("keys", ["abc", "1:xyz", "999:" + "ab" * 32, "1:abcd"])
    def test_refuses_keys_that_are_none(self, tmp_path: Path, keys: str) -> None:
        answered = command(
            "serve",
            cwd=tmp_path,
            TOLLFREE_PUBLIC_URL="https://api.example.com",
            TOLLFREE_SIGNING_KEYS=keys,
        )

        assert answered.returncode == 2
        assert "TOLLFREE_SIGNING_KEYS must be" in answered.stderr
        assert keys not in answered.stderr


class TestWorker:
    def test_refuses_sqlite(self, tmp_path: Path) -> None:
        answered = command("worker", cwd=tmp_path)

        assert answered.returncode == 2
        assert "serving process does the worker's part itself" in answered.stderr

    def test_beats_on_postgresql_and_ends_on_a_signal(
        self, tmp_path: Path, postgres: PostgresServer
    ) -> None:
        url, beat = postgres.new_database(), tmp_path / "beat"

        with program(
            ["worker", "--heartbeat", str(beat)], cwd=tmp_path, DATABASE_URL=url
        ) as running:
            running.wait_for(beat.exists)
            took = running.interrupt()

        postgres.drop_database(url)
        assert running.process.returncode == 0
        assert took < 6


class TestDoctor:
    def test_names_what_is_wrong_and_what_mends_it(self, tmp_path: Path) -> None:
        answered = command(
            "doctor",
            "--json",
            cwd=tmp_path,
            DATABASE_URL="postgresql://tollfree:geheim@127.0.0.1:9/none",
            REDIS_URL="redis://127.0.0.1:9/0",
        )

        lines = {line["check"]: line for line in json.loads(answered.stdout)}
        assert answered.returncode == 2
        assert list(lines) == [
            "versions",
            "port",
            "disk",
            "database",
            "clock",
            "shared state",
            "signing keys",
            "embedder",
            "upstream",
            "webhooks",
            "worker",
            "books",
            "reserve",
        ]
        assert lines["versions"]["state"] == "ok"
        assert lines["database"]["state"] == lines["shared state"]["state"] == "problem"
        assert all(line["mend"] for line in lines.values() if line["state"] != "ok")
        assert "geheim" not in answered.stdout

    def test_prints_one_marked_line_for_each_check(self, tmp_path: Path) -> None:
        command("migrate", "--data", "d", cwd=tmp_path)

        answered = tollfree("doctor", "--data", "d", cwd=tmp_path)

        assert answered.returncode == 1
        assert "✓ database" in answered.stdout
        assert "! upstream" in answered.stdout
