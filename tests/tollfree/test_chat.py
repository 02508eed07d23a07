"""``tollfree chat``: the answer as it comes, the ad as a card, and trouble in a sentence."""

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conformance.server import Served, served
from tollfree import chat
from tollfree.__main__ import main
from tollfree.ad_card import card, plain

_AD = {
    "label": "Sponsored",
    "advertiser": {"name": "Strideworks"},
    "title": "Tempo 3",
    "body": "A stable shoe with a wide toe box.",
    "cta": "See it",
    "click_url": "https://ads.example/c/1",
    "why_url": "https://ads.example/why/dec_1",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(ads_enabled=True) as running:
        yield running


def asked(server: Served, *words: str, **more: str) -> int:
    named = [f"--{name}={value}" for name, value in more.items()]
    return main(["chat", *words, "--url", server.base_url, "--key", "k", *named])


def test_prints_the_answer_and_the_ad_as_a_labelled_card(
    server: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(server, "Which", "shoes?", model="fixed") == 0

    told = capsys.readouterr().out
    answer, _, ad = told.partition("╭─")
    assert "Look at the heel first" in answer
    assert "Tempo 3" not in answer
    assert "Sponsored · Strideworks" in ad
    assert "Why: https://ads.example/why/dec_" in ad


def test_takes_the_first_model_where_none_is_named(
    server: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(server, "Which shoes?") == 0
    assert "demo model" in capsys.readouterr().out


def test_reads_a_question_from_a_pipe(
    server: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Which shoes?"))

    assert asked(server, model="fixed") == 0
    assert "Look at the heel first" in capsys.readouterr().out


@pytest.mark.parametrize(("model", "says"), [("none", "no such model"), ("cut", "broke off")])
def test_trouble_is_a_sentence_and_an_exit_code(
    model: str, says: str, server: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(server, "Which shoes?", model=model) == 1
    assert says in capsys.readouterr().err


def test_a_server_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "hi", "--url", "http://127.0.0.1:9", "--key", "k"]) == 1
    assert "tollfree demo" in capsys.readouterr().err


def test_a_missing_key_is_told_with_the_ways_to_give_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOLLFREE_API_KEY", raising=False)

    assert main(["chat", "hi", "--data", str(tmp_path)]) == 2
    assert "--key" in capsys.readouterr().err


def test_a_conversation_remembers_forgets_and_changes_its_model(server: Served) -> None:
    typed = iter(["Which shoes?", "", "And then?", "/new", "/model demo", "Bread?", "/quit"])
    with httpx.Client(
        base_url=f"{server.base_url}/v1", headers={"authorization": "Bearer k"}
    ) as http:
        talk = chat.Talk(http, "fixed", io.StringIO())
        assert chat.converse(talk, server.base_url, lambda _: next(typed)) == 0

    assert [one["role"] for one in talk.messages] == ["user", "assistant"]
    assert talk.model == "demo"
    assert talk.out.getvalue().count("Look at the heel first") == 2


def test_nothing_that_a_terminal_obeys_is_printed() -> None:
    hostile = "\x1b]0;owned\x07\x1b[2Jhello\u202e\u200b\nthere\ttoo\r"
    told = card({"ads": [_AD | {"title": hostile, "label": "Sponsored\x1b[8m"}]})

    assert plain(hostile) == "]0;owned[2Jhello\nthere\ttoo"
    assert "\x1b" not in told
    assert "\u202e" not in told


def test_a_turn_without_an_ad_says_why() -> None:
    assert card({"ads": [], "no_fill_reason": "not_commercial"}) == "\n(no ad: not_commercial)\n"
    assert card({}) == ""
