"""What the README shows is what happens."""

import contextlib
import io
import re

from tests.architecture.source_tree import ROOT
from tests.journey.conftest import RunningRoad

README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def _without_ids(text: str) -> str:
    """Ports, tokens and ids differ each time; nothing else may."""
    text = re.sub(r"127\.0\.0\.1:\d+", "HOST", text)
    text = re.sub(r"/c/[\w-]{44}\)", "/c/TOKEN)", text)
    return re.sub(r"/why/dec_[0-9a-z]{26}\)", "/why/DECISION)", text).strip()


def test_the_first_example_prints_what_is_printed_below_it(road: RunningRoad) -> None:
    code = _blocks("python")[0]
    code = code.replace("http://127.0.0.1:8787/v1", road.told["base_url"])
    code = code.replace("tf_live_…", road.told["api_key"])
    printed = io.StringIO()

    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})

    assert _without_ids(printed.getvalue()) == _without_ids(_blocks("text")[0])


def test_the_commands_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)\b", README))

    assert named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


def test_what_enforces_the_promises_exists() -> None:
    table = README.partition("## What we promise")[2].partition("\n## ")[0]
    named = re.findall(r"`([\w./]+)`", table)

    assert len(named) >= 7
    assert [path for path in named if "/" in path and not (ROOT / path).exists()] == []
