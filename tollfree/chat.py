"""``tollfree chat``: talk to a running server in the terminal.

The answer is printed as it comes; an ad stands below it as a card, labelled, with who pays and why it
was shown. With a question on the command line, or with text on standard input, it answers and ends.

    /new   start afresh     /model NAME   another model     /quit, Ctrl-D   leave
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

import httpx

from kernel.errors import SettingsInvalid, TollfreeError
from tollfree.ad_card import card, plain
from tollfree.settings import StoreSettings, store_settings
from tollfree.sse import ServerSaidNo, data_of, refusal

_HERE: Final = "http://127.0.0.1:8787"
_PATIENCE: Final = httpx.Timeout(120, connect=5)


def run(asked: argparse.Namespace) -> int:
    """Talk until the end of the input; returns the exit code."""
    key = asked.key or _own_key(store_settings(asked.data))
    base_url = f"{(asked.url or _HERE).rstrip('/')}/v1"
    headers = {"authorization": f"Bearer {key}"}
    with httpx.Client(base_url=base_url, headers=headers, timeout=_PATIENCE) as http:
        talk = Talk(http, asked.model or "", sys.stdout)
        if asked.question:
            return talk.say(" ".join(asked.question))
        if not sys.stdin.isatty():
            return talk.say(sys.stdin.read())
        return converse(talk, asked.url or _HERE)


@dataclass
class Talk:
    """One conversation: what was said, and where it is printed."""

    http: httpx.Client
    model: str
    out: TextIO
    messages: list[dict[str, str]] = field(default_factory=list)

    def say(self, text: str) -> int:
        """Send it and print the answer; 0 when there was one."""
        try:
            self.model = self.model or self._first_model()
            self.messages.append({"role": "user", "content": text})
            answer = self._answer()
        except (TollfreeError, ServerSaidNo) as error:
            return self._failed(str(error))
        except httpx.HTTPError as error:
            return self._failed(
                f"No answer from {self.http.base_url} ({type(error).__name__}). Is it running? "
                "`tollfree demo` starts one."
            )
        self.messages.append({"role": "assistant", "content": answer})
        return 0

    def _answer(self) -> str:
        body = {
            "model": self.model,
            "messages": self.messages,
            "stream": True,
            # The ad beside the text instead of in it: the card is drawn here.
            "tollfree": {"delivery": "field"},
        }
        said, about = "", dict[str, Any]()
        with self.http.stream("POST", "/chat/completions", json=body) as response:
            for chunk in data_of(response):
                about = chunk.get("tollfree") or about
                for choice in chunk.get("choices", ()):
                    text = choice.get("delta", {}).get("content") or ""
                    said += text
                    self.out.write(plain(text))
                    self.out.flush()
        self.out.write("\n" + card(about))
        self.out.flush()
        return said

    def _first_model(self) -> str:
        response = self.http.get("/models")
        if response.status_code != 200:
            raise refusal(response)
        return str(response.json()["data"][0]["id"])

    def _failed(self, why: str) -> int:
        if self.messages and self.messages[-1]["role"] == "user":
            self.messages.pop()
        sys.stderr.write(f"✗ {plain(why)}\n")
        return 1


def converse(talk: Talk, url: str, ask: Callable[[str], str] = input) -> int:
    """Answer line after line until somebody leaves; returns the exit code."""
    talk.out.write(f"{url} · /new, /model NAME, /quit\n")
    for line in _lines(talk.out, ask):
        word, _, rest = line.partition(" ")
        match word:
            case "/quit":
                return 0
            case "/new":
                talk.messages.clear()
            case "/model":
                talk.model = rest.strip()
            case _:
                try:
                    talk.say(line)
                except KeyboardInterrupt:
                    talk.out.write("\n")
    return 0


def _lines(out: TextIO, ask: Callable[[str], str]) -> Iterator[str]:
    """What is typed, line by line, until the end of the input."""
    while True:
        try:
            line = ask("\n› ").strip()
        except EOFError:
            out.write("\n")
            return
        if line:
            yield line


def _own_key(settings: StoreSettings) -> str:
    """The key that is set, else the one that `demo` keeps in its folder. Raises SettingsInvalid."""
    if settings.api_key is not None:
        return settings.api_key.get_secret_value()
    path = settings.data / "api_key"
    if not path.is_file():
        raise SettingsInvalid(
            "There is no API key. Give one with --key or TOLLFREE_API_KEY, or name the data folder "
            "of a demo with --data."
        )
    return path.read_text(encoding="ascii").strip()
