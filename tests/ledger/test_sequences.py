"""Whatever happens in whatever order, the books are right after every step.

Hypothesis writes the days of an advertiser; a model of a few integers says what must be left.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.errors import InsufficientFunds
from kernel.money import Micros
from ledger import journal
from ledger.account import AD_REVENUE, STRIPE_CLEARING, accruing, cash
from ledger.balances import balances
from ledger.charging import Charge, Charged, LimitKey, Refused, Split
from ledger.limits import remaining, set_limit
from ledger.postings import Leg, Posting, reversal, top_up
from ledger.settlement import settle
from ledger.verify import verify

_lives = itertools.count()

amounts = st.integers(min_value=1, max_value=400)
keys = st.integers(min_value=0, max_value=5)
steps = st.one_of(
    st.tuples(st.just("top_up"), keys, amounts),
    st.tuples(st.just("charge"), keys, amounts),
    st.tuples(st.just("charge"), st.integers(6, 40), amounts),
    st.tuples(st.just("refund"), keys, amounts),
    st.tuples(st.just("reverse"), keys, amounts),
    st.tuples(st.just("limit"), keys, st.integers(0, 1_500)),
    st.tuples(st.just("settle"), keys, amounts),
)
# The fixtures are shared by all examples; each example lives with an advertiser of its own.
slowly = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Life:
    """One advertiser, one campaign, one publisher, and what the model knows of them."""

    database: Database
    clock: FrozenClock
    name: str = field(default_factory=lambda: f"n{next(_lives)}")
    paid_in: int = 0
    refunded: int = 0
    allowed: int = 0
    first: dict[int, tuple[int, Charged | Refused]] = field(default_factory=dict)
    topped: dict[int, int] = field(default_factory=dict)
    returned: dict[int, int] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)

    @property
    def limit(self) -> LimitKey:
        return LimitKey("campaign_total", self.name)

    def asked(self, key: int, micros: int) -> Charge:
        return Charge(
            key=f"click:{self.name}:{key}",
            payer=self.name,
            limits=(self.limit,),
            price=Micros(micros),
            split=Split(self.name, 7_000),
            ref=f"{self.name}:{key}",
        )

    @property
    def charged(self) -> list[Charged]:
        return [one for _, one in self.first.values() if isinstance(one, Charged)]

    @property
    def spent(self) -> int:
        return sum(one.price.amount for one in self.charged)

    @property
    def given_back(self) -> int:
        return sum(self.first[key][0] for key in self.undone)

    @property
    def wallet(self) -> int:
        return self.paid_in - self.refunded - self.spent + self.given_back

    async def top_up(self, key: int, micros: int) -> None:
        micros = self.topped.get(key, micros)
        posting = top_up(self.name, Micros(micros), f"top_up:{self.name}:{key}")
        async with self.database.writing() as tx:
            posted = await journal.post(tx, posting, clock=self.clock)
        assert posted.repeated == (key in self.topped)
        self.topped[key] = micros
        self.paid_in = sum(self.topped.values())

    async def refund(self, key: int, micros: int) -> None:
        if key in self.returned:
            return
        legs = (
            Leg(cash(self.name), "debit", Micros(micros)),
            Leg(STRIPE_CLEARING, "credit", Micros(micros)),
        )
        posting = Posting("correction", f"refund:{self.name}:{key}", "", "", legs)
        try:
            async with self.database.writing() as tx:
                await journal.post(tx, posting, clock=self.clock)
        except InsufficientFunds:
            assert micros > self.wallet
            return
        self.returned[key] = micros
        self.refunded += micros

    async def charge(self, key: int, micros: int) -> None:
        micros = self.first[key][0] if key in self.first else micros
        known = self.first.get(key)
        fits = micros <= self.wallet and micros <= self.allowed - self.spent
        async with self.database.writing() as tx:
            (outcome,) = await journal.charge_many(tx, [self.asked(key, micros)], clock=self.clock)
        assert isinstance(outcome, Charged | Refused)
        if known is not None:
            assert outcome == known[1]
            return
        assert isinstance(outcome, Charged) == fits
        self.first[key] = micros, outcome

    async def reverse(self, key: int, _micros: int) -> None:
        micros, outcome = self.first.get(key, (0, None))
        if not isinstance(outcome, Charged) or key in self.undone:
            return
        undo = reversal(self.asked(key, micros).posting(), f"undo:{self.name}:{key}")
        async with self.database.writing() as tx:
            await journal.post(tx, undo, clock=self.clock)
        self.undone.add(key)

    async def set_limit(self, _key: int, micros: int) -> None:
        start = self.clock.now()
        async with self.database.writing() as tx:
            await set_limit(tx, "campaign_total", self.name, start, None, Micros(micros))
        self.allowed = max(micros, self.spent)

    async def settle(self, _key: int, _micros: int) -> None:
        async with self.database.writing() as tx:
            await settle(tx, clock=self.clock)

    async def check(self) -> None:
        async with self.database.reading() as session:
            held = await balances(session, [cash(self.name), accruing(self.name)])
            left = await remaining(session, [self.limit], self.clock.now())
            assert await verify(session) == []
        assert held[cash(self.name)].available.amount == self.wallet >= 0
        assert left[self.limit].amount == self.allowed - self.spent >= 0
        earned = sum(one.earned.amount for one in self.charged)
        undone = [self.first[key][1] for key in self.undone]
        earned -= sum(one.earned.amount for one in undone if isinstance(one, Charged))
        assert held[accruing(self.name)].posted.amount == earned


@settings(slowly, max_examples=2)
@given(story=st.lists(steps, min_size=50, max_size=56))
async def test_the_books_are_right_after_every_step(
    story: Sequence[tuple[str, int, int]], database: Database, clock: FrozenClock
) -> None:
    life = Life(database, clock)
    acts = {
        "top_up": life.top_up,
        "refund": life.refund,
        "charge": life.charge,
        "reverse": life.reverse,
        "limit": life.set_limit,
        "settle": life.settle,
    }

    for act, key, micros in story:
        await acts[act](key, micros)
        await life.check()


@slowly
@given(
    funds=st.integers(1, 3_000),
    allowed=st.integers(1, 3_000),
    batches=st.lists(
        st.lists(st.tuples(st.integers(0, 25), amounts), min_size=1, max_size=6),
        min_size=2,
        max_size=16,
    ),
)
async def test_writers_that_meet_never_overspend_and_never_charge_twice(
    funds: int,
    allowed: int,
    batches: list[list[tuple[int, int]]],
    database: Database,
    clock: FrozenClock,
) -> None:
    life = Life(database, clock)
    await life.top_up(0, funds)
    await life.set_limit(0, allowed)
    price = {key: micros for batch in batches for key, micros in batch}

    async def write(batch: list[tuple[int, int]]) -> list[journal.Outcome]:
        asked = [life.asked(key, price[key]) for key, _ in batch]
        async with database.writing() as tx:
            return await journal.charge_many(tx, asked, clock=clock)

    outcomes = itertools.chain.from_iterable(await asyncio.gather(*map(write, batches)))

    told: Counter[str] = Counter()
    first: dict[str, journal.Outcome] = {}
    for outcome in outcomes:
        assert isinstance(outcome, Charged | Refused)
        assert first.setdefault(outcome.key, outcome) == outcome
        told[outcome.key] += not outcome.repeated
    assert set(told.values()) == {1}
    for key, micros in price.items():
        outcome = first[life.asked(key, micros).key]
        assert isinstance(outcome, Charged | Refused)
        life.first[key] = micros, outcome
    await life.check()


async def test_a_look_in_the_middle_sees_whole_charges_only(
    database: Database, clock: FrozenClock
) -> None:
    life = Life(database, clock)
    await life.top_up(0, 100_000)
    await life.set_limit(0, 100_000)

    async def look() -> None:
        for _ in range(4):
            async with database.reading() as session:
                assert await verify(session) == []

    await asyncio.gather(
        *(life.charge(key, 100) for key in range(30)),
        *(life.settle(0, 0) for _ in range(5)),
        *(look() for _ in range(3)),
    )


async def test_ad_revenue_is_what_publishers_leave(database: Database, clock: FrozenClock) -> None:
    life = Life(database, clock)
    await life.top_up(0, 1_000)
    await life.set_limit(0, 1_000)
    for key in range(5):
        await life.charge(key, 33)

    async with database.reading() as session:
        held = await balances(session, [AD_REVENUE, accruing(life.name)])

    # 70 % of 33 is 23.1: the publisher gets whole micros, the rest is ours.
    assert held[accruing(life.name)].posted == Micros(5 * 23)
    assert held[AD_REVENUE].posted == Micros(5 * 10)
