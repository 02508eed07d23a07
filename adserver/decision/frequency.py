"""How often one conversation has seen an ad, and one campaign's ads.

Remembers by turn which campaign was shown, in shared state and for a day: asking the same turn
again, as clients do when they retry, is not a second showing. The caller's name for the
conversation is digested first. Fails open to what this process remembers, and counts it: a cap
that is not known spares the answer, and costs no money.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import orjson

from adserver.catalog.targeting import FrequencyCap
from kernel.clock import Clock
from kernel.errors import Unavailable
from kernel.shared_state import InProcessState, SharedState
from kernel.telemetry import counter

_unknown = counter("frequency_unknown", "Frequency look-ups answered from this process alone")

_DAY_SECONDS: Final = 24 * 3600
_MOST_TURNS: Final = 64


@dataclass(frozen=True, slots=True)
class Seen:
    """What a conversation saw before its present turn: the campaign by turn.

    ``Seen({1: "cmp_a", 3: "cmp_a"})`` has seen two ads, both of one campaign. `hidden` are the
    advertisers that its reader wants to see no more, `lately` when its reader saw which campaign,
    in other conversations too.
    """

    by_turn: Mapping[int, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    lately: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def is_capped(self, campaign_id: str, cap: FrequencyCap | None, at: datetime) -> bool:
        """Whether this reader saw the campaign as often as its own cap allows."""
        if cap is None:
            return False
        since = at.timestamp() - cap.hours * 3600
        seen = self.lately.get(campaign_id, ())
        return sum(1 for moment in seen if moment > since) >= cap.impressions

    @property
    def ads(self) -> int:
        return len(self.by_turn)

    def of_campaign(self, campaign_id: str) -> int:
        return sum(1 for campaign in self.by_turn.values() if campaign == campaign_id)


NOTHING_SEEN: Final = Seen()


class Frequency:
    """The memory of what conversations saw; shared state is waited for no longer than told."""

    def __init__(self, state: SharedState, clock: Clock, *, patience_ms: int = 10) -> None:
        self._shared, self._patience_s = state, patience_ms / 1000
        self._own = InProcessState(clock, capacity=20_000)

    async def before(self, conversation: str | None, turn: int) -> Seen:
        """What was shown in turns before this one; nothing where the caller named no conversation."""
        # Before the first turn there was none.
        if conversation is None or turn <= 1:
            return NOTHING_SEEN
        shown = _read(await self._get(conversation))
        return Seen({at: campaign for at, campaign in shown.items() if at < turn})

    async def remember(self, conversation: str | None, turn: int, campaign_id: str) -> None:
        """Note that this turn carried an ad of this campaign."""
        if conversation is None:
            return
        # Two turns of one conversation at once may lose one note. They do not come at once, and a
        # cap is a courtesy, not a promise about money.
        shown = _read(await self._get(conversation)) | {turn: campaign_id}
        latest = dict(sorted(shown.items())[-_MOST_TURNS:])
        await self._put(conversation, orjson.dumps(latest, option=orjson.OPT_NON_STR_KEYS))

    async def _get(self, key: str) -> bytes | None:
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._shared.get(key)
        except (Unavailable, TimeoutError):
            _unknown.inc()
            return await self._own.get(key)

    async def _put(self, key: str, value: bytes) -> None:
        await self._own.put(key, value, ttl_seconds=_DAY_SECONDS)
        try:
            async with asyncio.timeout(self._patience_s):
                await self._shared.put(key, value, ttl_seconds=_DAY_SECONDS)
        except (Unavailable, TimeoutError):
            _unknown.inc()


def conversation_key(publisher_id: str, app: str | None, session: str | None) -> str | None:
    """Where a conversation is remembered; two publishers' sessions never meet."""
    if not session:
        return None
    name = "\x1f".join((publisher_id, app or "", session))
    digest = hashlib.blake2b(name.encode(errors="replace"), digest_size=16).hexdigest()
    return f"frequency:{digest}"


def _read(stored: bytes | None) -> dict[int, str]:
    return {} if stored is None else {int(at): name for at, name in orjson.loads(stored).items()}
