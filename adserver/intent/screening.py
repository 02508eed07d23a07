"""Is this conversation one beside which nothing is sold?

Owns the judgement of a whole conversation from the judgement of its messages. The last user turn
and the two before it are judged by words and by vector, all earlier ones by words, for good: who
spoke of a death is not sold flowers three turns later. The model's last answer counts by its words.
An application made for children is closed altogether. Verdicts are remembered by digest, so a long
conversation costs no more than its new turn. Safe from many threads.
"""

import hashlib
import re
import threading
from collections import OrderedDict
from typing import Final

from adserver.intent.conversation import NEAREST, Distilled
from adserver.intent.vectors import MessageVectors
from language.other_languages import screen_in
from language.sensitive_topics import STICKY, SensitiveTopic, screen

# Reading costs a few microseconds a word; what a client sends for the first time is read up to here,
# newest first.
_CHARACTERS_READ: Final = 60_000
_FOR_CHILDREN: Final = re.compile(
    r"\b(?:for|to|with|help(?:s|ing)?|teach(?:es|ing)?|tutor(?:s|ing)?|users? (?:is|are)|audience|aged)\b"
    r"(?:\W+\w+){0,4}?\W+"
    r"(?:kids|children|child|toddlers|pupils|minors|teens|teenagers|kindergart\w+|k-?12"
    r"|(?:elementary|primary|middle|high)[ -]school\w*|grade[ -]schoolers|(?:[5-9]|1[0-7])[ -]year[ -]olds?)\b",
    re.IGNORECASE,
)


class ConversationScreen:
    """``ConversationScreen(vectors).topic(said)`` → the topic that closes the conversation, or None."""

    def __init__(self, vectors: MessageVectors, *, capacity: int = 20_000) -> None:
        self._vectors = vectors
        self._capacity = capacity
        self._verdicts: OrderedDict[bytes, SensitiveTopic | None] = OrderedDict()
        self._lock = threading.Lock()

    def topic(self, said: Distilled) -> SensitiveTopic | None:
        """Judge all that was said; call it off the event loop, it may embed the last turn."""
        if any(_FOR_CHILDREN.search(text) for text in said.instructions):
            return SensitiveTopic.MINORS
        return self._of_earlier(said) or self._of_latest(said) or self._of_exchanges(said)

    def _of_latest(self, said: Distilled) -> SensitiveTopic | None:
        vector = self._vectors.of(said.query)
        return screen(said.latest, vector, model_id=self._vectors.model_id)

    def _of_exchanges(self, said: Distilled) -> SensitiveTopic | None:
        """The head's judgement of the user turns just before, whose vectors are needed anyway."""
        verdicts = (
            self._of_words(one.user, with_head=True) for one in said.earlier[:NEAREST] if one.user
        )
        return next((topic for topic in verdicts if topic is not None), None)

    def topic_in(self, language: str, said: Distilled) -> SensitiveTopic | None:
        """Judge by the words of another language: all that the user said, and the last answer."""
        answers = [turn.text for turn in said.said if turn.role != "user"]
        texts = [turn.text for turn in said.said if turn.role == "user"] + answers[-1:]
        return next(
            (topic for text in texts if (topic := screen_in(language, text)) is not None), None
        )

    def _of_earlier(self, said: Distilled) -> SensitiveTopic | None:
        left = _CHARACTERS_READ
        is_last_answer = True
        for turn in reversed(said.said[: said.latest_at]):
            if not turn.text:
                continue
            left -= len(turn.text)
            if left < 0 and not self._is_known(turn.text):
                continue
            topic = self._of_words(turn.text)
            counts = turn.role == "user" or is_last_answer or topic in STICKY
            if topic is not None and counts:
                return topic
            is_last_answer = is_last_answer and turn.role == "user"
        return None

    def _of_words(self, text: str, *, with_head: bool = False) -> SensitiveTopic | None:
        digest = _digest(f"with head\0{text}" if with_head else text)
        with self._lock:
            if digest in self._verdicts:
                self._verdicts.move_to_end(digest)
                return self._verdicts[digest]
        vector = self._vectors.of(text) if with_head else None
        verdict = screen(text, vector, model_id=self._vectors.model_id)
        with self._lock:
            self._verdicts[digest] = verdict
            while len(self._verdicts) > self._capacity:
                self._verdicts.popitem(last=False)
        return verdict

    def _is_known(self, text: str) -> bool:
        with self._lock:
            return _digest(text) in self._verdicts


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=16).digest()
