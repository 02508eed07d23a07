"""How well a head does, on rows that it has not seen.

Owns the shares that cards report and where the commercial line is drawn. Pure arithmetic over
examples and scores; `among` marks the rows held back.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from language.corpora import Example
from language.sensitive_topics import SensitiveTopic

_EVERYDAY: Final = frozenset(
    f"clinc_{domain}" for domain in ("utility", "small_talk", "meta", "work", "oos")
)
_CHAT_FALSE_FILL: Final = 0.02
_EVERYDAY_FALSE_FILL: Final = 0.01
# Some of what fits no intent is a wish after all, and most of the rest fits no creative.
_ODD_FALSE_FILL: Final = 0.06


def commercial_line(
    rows: Sequence[Example], scores: NDArray[np.float32], among: NDArray[np.bool_]
) -> float:
    """The score that 2 % of chat prompts, 1 % of everyday or 6 % of odd requests exceed."""
    chat = scores[_of(rows, {"issuebench"}, wished=False) & among]
    everyday = scores[_of(rows, _EVERYDAY, wished=False) & among]
    odd = scores[_of(rows, {"clinc_oos"}, wished=False) & among]
    lines = [
        np.quantile(found, 1.0 - allowed)
        for found, allowed in (
            (chat, _CHAT_FALSE_FILL),
            (everyday, _EVERYDAY_FALSE_FILL),
            (odd, _ODD_FALSE_FILL),
        )
        if len(found)
    ]
    return float(max(lines, default=0.0))


def commercial_figures(
    rows: Sequence[Example], scores: NDArray[np.float32], line: float
) -> dict[str, float]:
    """Area over ordinary chat prompts and recall by set of wishes, false fills by everything else."""
    says_yes = scores > line
    chat = scores[_of(rows, {"issuebench"}, wished=False)]
    wishes = {name: _of(rows, {name}, wished=True) for name in ("lm_market", "wands", "webis")}
    auc = {f"auc_{name}": area(scores[found], chat) for name, found in wishes.items()}
    wishes |= {name: _of(rows, {name}, wished=True) for name in ("own", "own_chat")}
    recall = {f"recall_{name}": share(says_yes[found]) for name, found in wishes.items()}
    false = {
        f"false_{name}": share(says_yes[_of(rows, {name}, wished=False)])
        for name in ("issuebench", "ailuminate", "moderation", "own", "own_chat", "clinc_oos")
    }
    everyday = share(says_yes[_of(rows, _EVERYDAY, wished=False)])
    return auc | recall | false | {"false_clinc_everyday": everyday}


def area(positives: NDArray[np.float32], negatives: NDArray[np.float32]) -> float:
    """The chance that a positive scores above a negative; 0 where a side is missing."""
    if not len(positives) or not len(negatives):
        return 0.0
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left")
    through = np.searchsorted(ordered, positives, side="right")
    return round(float(np.mean(below + through) / (2 * len(ordered))), 4)


def topic_figures(
    rows: Sequence[Example], fires: NDArray[np.bool_], among: NDArray[np.bool_]
) -> dict[str, float]:
    """Recall by topic, false blocks by harmless set."""
    recall = {
        f"recall_{topic.value}": share(fires[_about(rows, topic.value) & among])
        for topic in SensitiveTopic
    }
    harmless = _about(rows, "")
    false = {
        f"false_{name}": share(fires[harmless & _of(rows, {name}) & among])
        for name in ("lm_market", "wands", "webis", "own", "prompts", "clinc_travel")
    }
    return recall | false


def share(hits: NDArray[np.bool_]) -> float:
    """The share of true values, rounded for a card; 0 for no rows."""
    return round(float(np.mean(hits)), 4) if len(hits) else 0.0


def _of(
    rows: Sequence[Example], sources: set[str] | frozenset[str], *, wished: bool | None = None
) -> NDArray[np.bool_]:
    return np.array(
        [row.source in sources and (wished is None or row.is_commercial is wished) for row in rows]
    )


def _about(rows: Sequence[Example], topic: str) -> NDArray[np.bool_]:
    return np.array([row.topic == topic for row in rows])
