"""Read labelled sentences for training and measuring, from a folder the caller names.

Owns the layouts of the public sets and of our own `models/examples.toml`; says plainly which set
is absent and goes on without it. Nothing of the folder is ever copied into the project.
"""

import csv
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from language.sensitive_topics import SensitiveTopic, screen


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with what is known about it; None where the set does not say.

    `is_commercial`: an offer would help. `topic`: the sensitive topic, or "" for surely none.
    """

    source: str
    text: str
    is_commercial: bool | None
    topic: str | None


_HAZARD_TOPICS: Final = {
    "ssh": SensitiveTopic.SELF_HARM,
    "cse": SensitiveTopic.MINORS,
    "sxc_prn": SensitiveTopic.SEXUAL,
    "src": SensitiveTopic.SEXUAL,
    "hte": SensitiveTopic.HATE,
    "vcr": SensitiveTopic.VIOLENCE,
    "iwp": SensitiveTopic.VIOLENCE,
    "ncr": SensitiveTopic.CRIME,
    "ipv": SensitiveTopic.CRIME,
    "dfm": SensitiveTopic.CRIME,
    "prv": SensitiveTopic.CRIME,
    "spc_hlt": SensitiveTopic.MEDICAL,
    "spc_lgl": SensitiveTopic.LEGAL,
    "spc_fin": SensitiveTopic.FINANCIAL_DISTRESS,
    "spc_ele": SensitiveTopic.POLITICS,
}
_MODERATION_TOPICS: Final = {
    "SH": SensitiveTopic.SELF_HARM,
    "S3": SensitiveTopic.MINORS,
    "S": SensitiveTopic.SEXUAL,
    "V2": SensitiveTopic.VIOLENCE,
    "V": SensitiveTopic.VIOLENCE,
    "H2": SensitiveTopic.HATE,
    "H": SensitiveTopic.HATE,
    "HR": SensitiveTopic.HATE,
}
_CLINC_WISHES: Final = frozenset(
    "book_flight book_hotel car_rental travel_suggestion restaurant_suggestion "
    "restaurant_reservation new_card".split()
)
# Between a wish and a chore: nobody could say whether an offer is welcome.
_CLINC_UNCLEAR: Final = frozenset(
    "order restaurant_reviews meal_suggestion recipe shopping_list shopping_list_update uber "
    "gas_type tire_change plug_type carry_on redeem_rewards improve_credit_score exchange_rate "
    "oil_change_how insurance schedule_maintenance accept_reservations ingredient_substitution "
    "how_busy confirm_reservation cancel_reservation international_visa vaccines smart_home "
    "travel_alert international_fees".split()
)
_WEBIS_VERTICALS: Final = ("shopping", "vacation", "restaurant", "gaming")


def own_examples() -> Iterator[Example]:
    """The sentences written for this project."""
    source = resources.files("language") / "models" / "examples.toml"
    written: dict[str, Any] = tomllib.loads(source.read_text(encoding="utf-8"))
    yield from _framed(written)
    yield from _described(written)
    for texts in written["harmless"].values():
        for text in texts:
            yield Example("own", text, None, "")
    for topic, texts in written["sensitive"].items():
        for text in texts:
            yield Example("own", text, False, SensitiveTopic(topic).value)
    # Whole requests as people type them are few beside what frames make, and closer to what is served.
    for wished, lists in ((True, ("wishes", "long_wishes")), (False, ("others", "long_others"))):
        for name in lists:
            for text in written[name]:
                yield Example("own_chat", text, wished, "")


def _framed(written: Mapping[str, Any]) -> Iterator[Example]:
    """Things and places, each put into frames that wish for them and frames that do not."""
    uses: list[str] = written["uses"]
    for at, thing in enumerate(written["things"]):
        for frames, wished in (("wish_frames", True), ("other_frames", False)):
            # A quarter of all combinations is enough to part the frame from the thing.
            for number, frame in enumerate(written[frames][at % 4 :: 4]):
                use = uses[(3 * at + 5 * number) % len(uses)]
                yield Example("own", frame.format(thing=thing, use=use), wished, "")
    for at, place in enumerate(written["places"]):
        for frames, wished in (("trip_frames", True), ("place_frames", False)):
            for frame in written[frames][at % 3 :: 3]:
                yield Example("own", frame.format(place=place), wished, "")


def _described(written: Mapping[str, Any]) -> Iterator[Example]:
    """Bare wares with a look or two; pleasures and trades in their frames."""
    looks: list[str] = written["looks"]
    for at, ware in enumerate(written["wares"]):
        for number in range(4):
            look, other = (
                looks[(5 * at + 9 * number) % len(looks)],
                looks[(at + number) % len(looks)],
            )
            behind = look.startswith(("with", "on ", "for", "set", "size"))
            text = f"{ware} {look}" if behind else f"{look} {ware}"
            yield Example("own", f"{other} {text}" if number % 2 else text, True, "")
    for names, frames, wished in (
        ("pleasures", "pleasure_frames", True),
        ("pleasures", "pleasure_others", False),
        ("trades", "trade_frames", True),
    ):
        for at, thing in enumerate(written[names]):
            for frame in written[frames][at % 2 :: 2]:
                yield Example("own", frame.format(thing=thing), wished, "")


def own_prompts(folder: Path) -> Iterator[Example]:
    """The sensitive sentences and harmless twins that tests are written of, a file for each topic."""
    for file in sorted(folder.glob("*.toml")):
        written = tomllib.loads(file.read_text(encoding="utf-8"))
        for text in written["sensitive"]:
            yield Example("prompts", text, False, SensitiveTopic(file.stem).value)
        for text in written["harmless"]:
            yield Example("prompts", text, None, "")


def public_examples(data: Path) -> Iterator[Example]:
    """The sentences of every set that is present under `data`."""
    for read in (_lm_market, _issuebench, _ailuminate, _moderation, _clinc, _wands, _webis):
        try:
            yield from read(data)
        except FileNotFoundError as absent:
            print(f"absent: {Path(str(absent.filename)).name}")  # noqa: T201


def _lm_market(data: Path) -> Iterator[Example]:
    path = data / "gembench" / "queries" / "LM_Market_prompts.json"
    for text in dict.fromkeys(json.loads(path.read_text(encoding="utf-8"))):
        yield Example("lm_market", text, True, "")


def _issuebench(data: Path) -> Iterator[Example]:
    for row in _table(data / "issuebench" / "relevance_annotations.csv"):
        verdict = row["final_label"]
        political = True if "yes" in verdict else False if "no" in verdict else None
        # A prompt that is not political may still be about anything else: where the lexicon, which
        # reads it without a vector, finds nothing either, it is taken for harmless.
        quiet = political is False and screen(row["user_prompt"]) is None
        topic = SensitiveTopic.POLITICS.value if political else "" if quiet else None
        yield Example("issuebench", row["user_prompt"], None if political is None else False, topic)


def _ailuminate(data: Path) -> Iterator[Example]:
    name = "airr_official_1.0_demo_en_us_prompt_set_release.csv"
    for row in _table(data / "ailuminate" / name):
        topic = _HAZARD_TOPICS[row["hazard"]].value
        yield Example("ailuminate", row["prompt_text"], False, topic)


def _moderation(data: Path) -> Iterator[Example]:
    path = data / "openai_moderation" / "samples.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        topics = (topic for label, topic in _MODERATION_TOPICS.items() if row.get(label))
        topic = next(topics, None)
        yield Example("moderation", row["prompt"], False, topic.value if topic else None)


def _clinc(data: Path) -> Iterator[Example]:
    folder = data / "clinc150"
    domains = json.loads((folder / "domains.json").read_text(encoding="utf-8"))
    domain_of = {intent: domain for domain, intents in domains.items() for intent in intents}
    splits = json.loads((folder / "data_dev.json").read_text(encoding="utf-8"))
    for rows in splits.values():
        for text, intent in rows:
            wished = None if intent in _CLINC_UNCLEAR else intent in _CLINC_WISHES
            yield Example(f"clinc_{domain_of.get(intent, 'oos')}", text, wished, "")


def _wands(data: Path) -> Iterator[Example]:
    path = data / "wands_queries" / "query.csv"
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        yield Example("wands", line.split("\t")[1], True, "")


def _webis(data: Path) -> Iterator[Example]:
    for vertical in _WEBIS_VERTICALS:
        path = data / "webis_ad_pairs" / f"{vertical}_queries.txt"
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield Example("webis", line.strip(), True, "")


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))
