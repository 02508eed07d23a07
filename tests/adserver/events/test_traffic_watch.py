"""The watch counts what apps show and who clicks, and keeps nothing that names anybody."""

import ipaddress
from dataclasses import replace

import pytest

from adserver.catalog.landing import Landing, landing_of
from adserver.events.click_rules import Decided, Unbilled
from adserver.events.traffic_watch import Visit, Watch, places_of
from kernel.clock import FrozenClock
from kernel.errors import Unavailable
from kernel.shared_state import InProcessState, SharedState
from kernel.signing import SigningKeys
from tests.adserver.events.click_world import PRICE, World

KEYS = SigningKeys({1: b"k" * 32})


def decided_at(clock: FrozenClock) -> Decided:
    decided = Decided("zero", "adv_1", "cmp_1", 1, False, PRICE, clock.now(), "app_1")  # noqa: FBT003
    clock.advance(seconds=8)
    return decided


@pytest.fixture
async def landing(world: World) -> Landing:
    async with world.database.reading() as session:
        found = await landing_of(session, world.creative.number)
    assert found is not None
    return found


async def test_the_same_household_on_the_same_campaign_counts_twice_a_day(
    shared_state: SharedState, clock: FrozenClock, landing: Landing
) -> None:
    watch, decided = Watch(shared_state, KEYS, clock), decided_at(clock)

    verdicts = [
        await watch.clicked(f"dec_{number}", decided, landing, Visit("8.8.4.4"))
        for number in range(3)
    ]
    other = await watch.clicked("dec_9", decided, landing, Visit("8.8.4.5"))

    assert verdicts == [None, None, Unbilled.REPEATED]
    assert other is None


async def test_an_ad_for_words_that_come_again_and_again_is_not_paid(
    shared_state: SharedState, clock: FrozenClock, landing: Landing
) -> None:
    watch, decided = Watch(shared_state, KEYS, clock), decided_at(clock)
    for number in range(13):
        await watch.asked(f"dec_{number}", "zero/app_1", "Best  shoes?")

    first = await watch.clicked("dec_0", decided, landing, Visit("8.8.4.4"))
    last = await watch.clicked("dec_12", decided, landing, Visit("9.9.9.9"))

    assert (first, last) == (None, Unbilled.IDENTICAL_PROMPTS)


async def test_members_do_not_click_for_money_on_their_own_ads(
    clock: FrozenClock, landing: Landing
) -> None:
    async def owners(_decided: Decided) -> frozenset[str]:
        return frozenset({"org_1"})

    watch = Watch(InProcessState(clock), KEYS, clock, owners=owners)
    decided = decided_at(clock)

    mine = await watch.clicked("dec_1", decided, landing, Visit("8.8.4.4", frozenset({"org_1"})))
    theirs = await watch.clicked("dec_2", decided, landing, Visit("8.8.4.4", frozenset({"org_2"})))

    assert (mine, theirs) == (Unbilled.SELF_CLICK, None)


async def test_machines_of_a_listed_data_centre_are_not_readers(
    clock: FrozenClock, landing: Landing
) -> None:
    listed = [ipaddress.ip_network("9.9.9.0/24")]
    watch = Watch(InProcessState(clock), KEYS, clock, data_centres=listed)

    verdict = await watch.clicked("dec_1", decided_at(clock), landing, Visit("9.9.9.9"))

    assert verdict is Unbilled.DATA_CENTRE
    assert not watch.is_data_centre("not an address")


async def test_without_the_shared_state_a_click_is_judged_by_itself(
    clock: FrozenClock, landing: Landing
) -> None:
    watch, decided = Watch(_Away(clock), KEYS, clock), decided_at(clock)

    await watch.asked("dec_1", "zero/app_1", "Best shoes?")
    slow = await watch.clicked("dec_1", decided, landing, Visit("8.8.4.4"))
    quick = await watch.clicked(
        "dec_1", replace(decided, delivered_at=clock.now()), landing, Visit("8.8.4.4")
    )

    assert (slow, quick) == (None, Unbilled.TOO_FAST)


async def test_no_address_and_no_prompt_can_be_read_from_what_is_kept(
    clock: FrozenClock, landing: Landing
) -> None:
    state = InProcessState(clock)
    watch, decided = Watch(state, KEYS, clock), decided_at(clock)

    for _ in range(2):
        await watch.asked("dec_1", "zero/app_1", "Shoes for flat feet")
        await watch.clicked("dec_1", decided, landing, Visit("8.8.4.4"))

    kept = repr(vars(state))
    assert "ivt:clicks:zero/app_1" in kept
    assert not [word for word in ("8.8.4", "flat", "Shoes", "shoes") if word in kept]


@pytest.mark.parametrize("address", [None, "10.0.0.7", "127.0.0.1", "fd00::1", "nowhere"])
def test_a_proxy_is_no_household(address: str | None) -> None:
    assert places_of(address) is None


class _Away(InProcessState):
    """Shared state that is away."""

    async def add(self, key: str, amount: int, *, ttl_seconds: float) -> int:  # noqa: ARG002
        raise Unavailable("away")
