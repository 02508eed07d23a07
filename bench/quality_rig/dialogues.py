# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204
"""The topic of each user turn of a dialogue, found by meaning among descriptions of services.

A turn counts when it has a service. *Inside* are turns that go on with the service of the user turn
before, *after a shift* those that change it. A hit is the nearest description of the right domain
("Hotels_1" and "Hotels_4" are both hotels).
"""

import numpy as np
from quality_rig.figures import share

from adserver.intent.conversation import distil
from adserver.intent.vectors import intent_vectors
from tollfree_sdk.contract import Turn

_DIALOGUES = 350
_ROLES = {"U": "user", "S": "assistant"}


def topics_of(dialogues, services, vectors):
    """Accuracy inside and after a shift, ours beside the simple ways."""
    if not dialogues or not services:
        return None
    names = list(services)
    rows = np.stack([vectors.of(f"{_spoken(name)}. {text}") for name, text in services.items()])
    hits = {}
    # Every third dialogue of a thousand says as much, and embedding all turns takes minutes.
    for dialogue in dialogues[:: max(1, len(dialogues) // _DIALOGUES)]:
        for kind, right, ways in _turns(dialogue, vectors):
            for way, queries in ways.items():
                nearest = names[int((rows @ queries.T).max(axis=1).argmax())]
                hits.setdefault(kind, {}).setdefault(way, []).append(_domain(nearest) == right)
    return {kind: {way: share(found) for way, found in ways.items()} for kind, ways in hits.items()}


def _turns(dialogue, vectors):
    said, before = [], None
    for turn in dialogue["turns"]:
        said.append(Turn(_ROLES[turn["s"]], turn["t"]))
        if turn["s"] != "U":
            continue
        service = _service(turn)
        if service is None:
            continue
        if before is not None:
            kind = "inside" if _domain(service) == before else "after_a_shift"
            yield kind, _domain(service), _ways(said, vectors)
        before = _domain(service)


def _ways(said, vectors):
    users = [turn.text for turn in said if turn.role == "user"]
    return {
        "ours": intent_vectors(distil(said), vectors),
        "last_turn": vectors.of(users[-1])[np.newaxis, :],
        "all_turns": vectors.of(" ".join(users)[-1_500:])[np.newaxis, :],
    }


def _service(turn):
    """The service of a turn, unless it names none or several."""
    named = {one.split(".")[0] for one in turn.get("intent") or () if not one.endswith(".NONE")}
    return named.pop() if len(named) == 1 else None


def _domain(service):
    return service.rpartition("_")[0]


def _spoken(service):
    return _domain(service)
