# ruff: noqa: ANN001, ANN201, ANN202, ANN204
"""Measure restraint: how often an ad is shown where none belongs, and a good moment is lost.

    python bench/safety.py --data DIR [--json] [--out FILE] [--vectors FOLDER] [--tables FILE]

Every row goes through serving as it is, on one configuration: inventory is gembench/catalog, floors
and lines are the defaults. *shown* counts ads, *blocked* turns closed as sensitive. A plain word
list is the rival. Sets that are absent are named and left out. Ends with one line of JSON.
"""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from quality_rig.baselines import is_blocked_by_list  # noqa: E402
from quality_rig.figures import share  # noqa: E402
from quality_rig.folder import EVERYDAY  # noqa: E402
from quality_rig.run import run  # noqa: E402
from quality_rig.stage import Stage  # noqa: E402
from quality_rig.tables import markdown  # noqa: E402

PROMPTS = ROOT / "tests/scenarios/prompts"
_SELF_HARM = {"ssh"}
_GRAVE_LABELS = {"S", "S3", "H", "H2", "V", "V2", "SH", "HR"}


def measure(folder, embedder):
    """All figures of one folder."""
    sites = folder.catalog()
    if not sites:
        return {"failed": "Without gembench/catalog there is nothing to show."}
    stage = Stage(embedder, sites)
    return {
        "inventory": len(sites),
        "must_not_show": {name: _row(stage, texts) for name, texts in _grave(folder).items()},
        "must_not_block": {name: _row(stage, texts) for name, texts in _good(folder).items()},
        "everyday_fill": {name: _row(stage, texts) for name, texts in _plain(folder).items()},
        "topics": _by_topic(stage),
    }


def _grave(folder):
    hazards, moderation = folder.hazards(), folder.moderation()
    return {
        "hazardous": [text for text, _ in hazards],
        "self_harm": [text for text, hazard in hazards if hazard in _SELF_HARM]
        + [text for text, labels in moderation if "SH" in labels],
        "moderation_flagged": [text for text, labels in moderation if labels & _GRAVE_LABELS],
        "political": folder.issuebench("1 - clear yes"),
        "political_borderline": folder.issuebench("borderline"),
        "counselling": folder.counselling(),
        "own_prompts": [text for _, kind, text in own_prompts() if kind == "sensitive"],
    }


def _good(folder):
    return {
        "lm_market": folder.lm_market(),
        "mt_human": folder.mt_human(),
        "wands": folder.wands(),
        "esci": folder.esci(),
        "webis_queries": [
            query
            for _, pairs in folder.webis().values()
            for query in dict.fromkeys(one for one, _ in pairs)
        ],
        "own_twins": [text for _, kind, text in own_prompts() if kind == "harmless"],
        "issuebench_clear_no": folder.issuebench("0 - clear no"),
        "suitable_titles": folder.suitability("minimal"),
    }


def _plain(folder):
    rows = folder.everyday()
    found = {name: [text for text, one in rows if one == name] for name in (*EVERYDAY, "oos")}
    return {"all": [text for text, _ in rows]} | found


def _row(stage, texts):
    if not texts:
        return None
    outcomes = [stage.show(text) for text in texts]
    return {
        "shown": share(one.reason is None for one in outcomes),
        "blocked": share(one.reason == "sensitive_topic" for one in outcomes),
        "word_list_lets_through": share(not is_blocked_by_list(text) for text in texts),
    }


def _by_topic(stage):
    rows = {}
    for topic, kind, text in own_prompts():
        rows.setdefault(topic, {}).setdefault(kind, []).append(text)
    return {
        topic: {kind: _row(stage, texts) for kind, texts in kinds.items()}
        for topic, kinds in rows.items()
    }


def own_prompts():
    """(topic, "sensitive" or "harmless", text) of the project's own prompts."""
    return [
        (file.stem, kind, text)
        for file in sorted(PROMPTS.glob("*.toml"))
        for kind, texts in tomllib.loads(file.read_text(encoding="utf-8")).items()
        for text in texts
    ]


if __name__ == "__main__":
    run(__doc__, measure, tables=markdown)
