"""Remember for a day what tells invalid traffic, and judge each click by it.

Counts stand in the shared state under keyed digests: no address and no prompt can be read back, none
reaches the database, and the salt is another one each day. The shared state may be away or lose
what it held: then a click is judged by itself alone, and what slips through is found later in the
events (`adserver.events.reclassify`).
"""

import hashlib
import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from adserver.catalog.landing import Landing
from adserver.events.click_rules import Decided, Unbilled
from adserver.events.traffic_rules import Habits, suspicion
from kernel.clock import Clock
from kernel.errors import Unavailable
from kernel.shared_state import SharedState
from kernel.signing import SigningKeys
from kernel.telemetry import counter

_unseen = counter("traffic_unseen", "Clicks judged without the shared state")
_DAY_S: Final = 86_400.0
_HOUR_S: Final = 3_600.0

Owners = Callable[[Decided], Awaitable[frozenset[str]]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Visit:
    """Who follows a link: the address, and the organisations of whoever is signed in here."""

    address: str | None = None
    insider_of: frozenset[str] = frozenset()


class Watch:
    """Counts what apps show and who clicks; `owners` names who must not click an ad of theirs."""

    def __init__(
        self,
        state: SharedState,
        keys: SigningKeys,
        clock: Clock,
        *,
        data_centres: Sequence[Network] = (),
        owners: Owners | None = None,
    ) -> None:
        self._state, self._clock, self._owners = state, clock, owners
        self._salt = keys.derive("traffic")
        self._data_centres = tuple(data_centres)

    async def asked(self, decision_id: str, app: str, prompt: str) -> None:
        """Count a turn that was given an ad, and how often its words came before."""
        try:
            await self._state.add(f"ivt:shown:{app}", 1, ttl_seconds=_DAY_S)
            words = self._digest("prompt", " ".join(prompt.casefold().split()))
            same = await self._state.add(f"ivt:prompt:{app}:{words}", 1, ttl_seconds=_DAY_S)
            if same > 1:
                key = f"ivt:same:{decision_id}"
                await self._state.put(key, b"%d" % same, ttl_seconds=_DAY_S)
        except Unavailable:
            _unseen.inc()

    async def clicked(
        self, decision_id: str, decided: Decided, landing: Landing, visit: Visit
    ) -> Unbilled | None:
        """Why this click is not worth money, or None."""
        delivered_at = decided.delivered_at or self._clock.now()
        alone = Habits(
            since_delivery=self._clock.now() - delivered_at,
            is_insider=await self._is_insider(visit, decided),
            is_data_centre=self.is_data_centre(visit.address),
        )
        refused = suspicion(alone)
        if refused is not None:
            return refused
        try:
            return suspicion(await self._habits(alone, decision_id, decided, landing, visit))
        except Unavailable:
            _unseen.inc()
            return None

    async def _is_insider(self, visit: Visit, decided: Decided) -> bool:
        if not visit.insider_of or self._owners is None:
            return False
        return not visit.insider_of.isdisjoint(await self._owners(decided))

    def is_data_centre(self, address: str | None) -> bool:
        """Whether an address belongs to machines, by the operator's list."""
        if address is None or not self._data_centres:
            return False
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._data_centres)

    async def _habits(
        self, alone: Habits, decision_id: str, decided: Decided, landing: Landing, visit: Visit
    ) -> Habits:
        app = app_of(decided.publisher_id, decided.app_id)
        app_clicks = await self._state.add(f"ivt:clicks:{app}", 1, ttl_seconds=_DAY_S)
        shown = await self._state.get(f"ivt:shown:{app}")
        same = await self._state.get(f"ivt:same:{decision_id}")
        of_app = replace(
            alone,
            same_prompt=int(same or b"1"),
            app_clicks=app_clicks,
            app_networks=app_clicks,
            # Shown by a process that could not count: nothing can be concluded from that.
            app_delivered=int(shown) if shown is not None else app_clicks * 100,
        )
        places = places_of(visit.address)
        if places is None:
            return of_app
        address, network = (self._digest("place", place) for place in places)
        return await self._with_places(of_app, app, landing.campaign_id, address, network)

    async def _with_places(
        self, habits: Habits, app: str, campaign_id: str, address: str, network: str
    ) -> Habits:
        count = self._state.add
        seen = f"ivt:from:{app}:{network}"
        is_new = await self._state.put_if_absent(seen, b"1", ttl_seconds=_DAY_S)
        networks = await count(f"ivt:networks:{app}", int(is_new), ttl_seconds=_DAY_S)
        by = f"ivt:by:{address}"
        return replace(
            habits,
            app_networks=networks,
            campaign_clicks=await count(f"{by}:{campaign_id}", 1, ttl_seconds=_DAY_S),
            clicks_this_hour=await count(f"{by}:hour", 1, ttl_seconds=_HOUR_S),
            clicks_today=await count(f"{by}:day", 1, ttl_seconds=_DAY_S),
        )

    def _digest(self, kind: str, text: str) -> str:
        day = self._clock.now().date().isoformat()
        said = f"{kind}\0{day}\0{text}".encode()
        return hashlib.blake2b(said, key=self._salt, digest_size=12).hexdigest()


def app_of(publisher_id: str, app_id: str | None) -> str:
    """Whose habits a decision belongs to: the publisher's app, or the publisher itself."""
    return f"{publisher_id}/{app_id or ''}"


def places_of(address: str | None) -> tuple[str, str] | None:
    """One household and its network: an address and its /24, or a /64 and its /48.

    None for private addresses: a proxy stands there, and it is not one reader.
    """
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    if not found.is_global:
        return None
    sizes = (32, 24) if found.version == 4 else (64, 48)
    home, network = (ipaddress.ip_network((found, size), strict=False) for size in sizes)
    return str(home), str(network)
