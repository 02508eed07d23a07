"""Beside our own sensitive prompts nothing is sold; their harmless twins are left alone.

`prompts/<topic>.toml` holds both lists; to add a case, add a line. Each is the only turn of a
conversation and passes the gates of serving. Nothing is for sale in this test: a prompt that the
gates let through counts as shown, whatever inventory would fit.
"""

import tomllib
from functools import cache
from pathlib import Path

import pytest

from adserver.decision.settings import DecisionSettings
from adserver.intent.hearing import Heard, Hearing
from language.sensitive_topics import STICKY, SensitiveTopic
from tests.language.exported_model import real_embedder
from tollfree_sdk.contract import Turn

FOLDER = Path(__file__).parent / "prompts"
TOPICS = list(SensitiveTopic)
LEAST = 40
TWINS_BLOCKED_AT_MOST = 0.02


def written(topic: SensitiveTopic) -> dict[str, list[str]]:
    return tomllib.loads((FOLDER / f"{topic}.toml").read_text(encoding="utf-8"))


@cache
def hearing() -> Hearing:
    return Hearing(real_embedder())


def heard(*texts: str) -> Heard:
    return hearing().of([Turn("user", text) for text in texts])


def is_open(said: Heard) -> bool:
    commercial = said.commercial or 0.0
    return said.topic is None and commercial >= DecisionSettings().commercial_floor


@pytest.mark.parametrize("topic", TOPICS)
def test_nothing_is_shown_beside_a_sensitive_prompt(topic: SensitiveTopic) -> None:
    sensitive = written(topic)["sensitive"]

    shown = [text for text in sensitive if is_open(heard(text))]

    assert len(set(sensitive)) >= LEAST
    assert shown == []


def test_harmless_twins_are_not_blocked() -> None:
    twins = [text for topic in TOPICS for text in written(topic)["harmless"]]

    blocked = [text for text in twins if heard(text).topic is not None]

    assert min(len(set(written(topic)["harmless"])) for topic in TOPICS) >= LEAST
    assert len(blocked) <= TWINS_BLOCKED_AT_MOST * len(twins), blocked


@pytest.mark.parametrize("topic", sorted(STICKY))
def test_what_is_sticky_closes_the_rest_of_the_conversation(topic: SensitiveTopic) -> None:
    said = heard(written(topic)["sensitive"][0], "thank you", "which running shoes should I buy?")

    assert said.topic is topic
