"""Questions that were answered lately, found again by likeness: ``x-tollfree-cache: similar``.

Beside the cache of exact requests and pointing into it: what is kept here is a vector, a few words'
stems and the name of the entry there. Apart for each app and everything but the question (model,
system prompt, parameters), bounded, in this process's memory, gone after an hour.
"""

from collections import OrderedDict
from typing import Final

import numpy as np
from numpy.typing import NDArray

from api.chat.same_question import Question, is_same
from kernel.clock import Clock

_KEPT_SECONDS: Final = 3_600.0
_MOST_SCOPES: Final = 2_000
_MOST_IN_SCOPE: Final = 200
Vector = NDArray[np.float32]


class SimilarAnswers:
    """Names of kept answers, by question."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scopes: OrderedDict[bytes, list[tuple[Vector, Question, bytes, float]]] = (
            OrderedDict()
        )

    def find(self, scope: bytes, question: Question, vector: Vector) -> bytes | None:
        """The name of the answer to the same question; the most alike wins."""
        now = self._clock.monotonic()
        kept = [one for one in self._scopes.get(scope, []) if one[3] > now]
        alike = [(float(np.dot(vector, one[0])), one) for one in kept]
        same = [(near, one) for near, one in alike if is_same(question, one[1], near)]
        return max(same, key=lambda found: found[0])[1][2] if same else None

    def put(self, scope: bytes, question: Question, vector: Vector, name: bytes) -> None:
        """Remember that the answer to a question is kept under a name."""
        kept = self._scopes.setdefault(scope, [])
        kept.append((vector, question, name, self._clock.monotonic() + _KEPT_SECONDS))
        del kept[:-_MOST_IN_SCOPE]
        self._scopes.move_to_end(scope)
        if len(self._scopes) > _MOST_SCOPES:
            self._scopes.popitem(last=False)
