# ruff: noqa: ANN001, ANN201, ANN202, ANN204
"""Measure timing: does an offer help now, and what is the talk about?

    python bench/intent.py --data DIR [--json] [--out FILE] [--vectors FOLDER]

Wishes (chat prompts, shopping queries) against ordinary chat prompts, scored and gated as serving
does, with the default line; beside them word counts, TF-IDF and a head from another domain. Then
the topic of dialogues turn by turn, against the last turn alone and all turns together. Sets that
are absent are named and left out. Ends with one line of JSON.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from quality_rig.baselines import (  # noqa: E402
    buying_words,
    other_domain_scores,
    tfidf_scores,
)
from quality_rig.dialogues import topics_of  # noqa: E402
from quality_rig.figures import area, recall_at, share  # noqa: E402
from quality_rig.run import run  # noqa: E402
from quality_rig.stage import Stage  # noqa: E402

from adserver.decision.settings import DecisionSettings  # noqa: E402
from adserver.intent.conversation import distil  # noqa: E402
from adserver.intent.vectors import MessageVectors, intent_vectors  # noqa: E402
from language import commercial_intent  # noqa: E402
from tollfree_sdk.contract import Turn  # noqa: E402

_FALSE_FILL = 0.02
_LEAST_TO_FIT = 10


def measure(folder, embedder):
    """All figures of one folder."""
    wishes = {"lm_market": folder.lm_market(), "wands": folder.wands(), "esci": folder.esci()}
    wishes["mt_human"] = folder.mt_human()
    wishes = {name: texts for name, texts in wishes.items() if texts}
    chat = folder.issuebench("0 - clear no")
    vectors = MessageVectors(embedder)
    scores = {name: _scores(texts, vectors) for name, texts in wishes.items()}
    ordinary = _scores(chat, vectors)
    line = DecisionSettings().commercial_floor
    sites = folder.catalog()
    stage = Stage(embedder, sites) if sites else None
    return {
        "line": line,
        # Rows of the development sets were seen in training; these figures are of rows that were not.
        "head_on_unseen_rows": _card()["figures"],
        "head_trained_on_rows": _card()["rows"],
        "false_fill": {
            "issuebench_clear_no": _fill(ordinary, line, chat, stage),
        },
        "wishes": {
            name: {
                "auc": area(found, ordinary),
                "recall_at_2_percent_false_fill": recall_at(found, ordinary, false=_FALSE_FILL),
                **_fill(found, line, wishes[name], stage),
            }
            for name, found in scores.items()
        },
        "rivals": _rivals(folder, wishes, chat, embedder),
        "dialogues": topics_of(*folder.dialogues(), vectors),
    }


def _card():
    path = ROOT / "language" / "models" / "commercial_intent.json"
    return json.loads(path.read_text(encoding="utf-8"))


def _scores(texts, vectors):
    """What serving's gate gives to each text as the only turn."""
    return np.array([_score(distil([Turn("user", text)]), vectors) for text in texts])


def _score(said, vectors):
    vector = intent_vectors(said, vectors)[0]
    return commercial_intent.score(said.query, vector, model_id=vectors.model_id)


def _fill(scores, line, texts, stage):
    """Above the line by the gate alone, and an ad with all gates and the inventory together."""
    shown = None if stage is None else share(stage.show(text).reason is None for text in texts)
    return {"above_the_line": share(score >= line for score in scores), "ads_shown": shown}


def _rivals(folder, wishes, chat, embedder):
    if not chat:
        return None
    counted = [buying_words(text) for text in chat]
    found = {
        name: {
            "word_count": area([buying_words(text) for text in texts], counted),
            "tfidf_in_domain": area(*tfidf_scores(texts, chat)),
        }
        for name, texts in wishes.items()
        if min(len(texts), len(chat)) >= _LEAST_TO_FIT
    }
    everyday = [text for text, _ in folder.everyday()]
    if "lm_market" in found and "wands" in wishes and everyday:
        asked = (wishes["lm_market"], chat)
        scores = other_domain_scores(wishes["wands"], everyday, asked, embedder.embed)
        found["lm_market"]["other_domain"] = area(*scores)
    return found


if __name__ == "__main__":
    run(__doc__, measure)
