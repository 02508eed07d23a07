"""Deciding charges on numbers: never more than a wallet or a limit holds."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import Micros
from ledger.account import cash
from ledger.charging import Charge, Charged, LimitKey, Refused, Split, decide

PAYERS = ["adv_1", "adv_2"]
LIMITS = [LimitKey("campaign_total", "cmp_1"), LimitKey("campaign_day", "cmp_1")]
amounts = st.integers(min_value=0, max_value=500).map(Micros)

charges = st.lists(
    st.builds(
        Charge,
        key=st.text("abcdef", min_size=4, max_size=8),
        payer=st.sampled_from(PAYERS),
        limits=st.lists(st.sampled_from(LIMITS), max_size=3).map(tuple),
        price=amounts,
        split=st.builds(Split, st.just("zero"), st.integers(0, 10_000)),
        ref=st.just("dec_1"),
    ),
    max_size=30,
)


def purses_of(wallets: dict[str, Micros]) -> dict[str, dict[str, Micros]]:
    return {payer: {cash(payer): holds} for payer, holds in wallets.items()}


@given(
    asked=charges,
    wallets=st.fixed_dictionaries(dict.fromkeys(PAYERS, amounts)),
    left=st.fixed_dictionaries({}, optional=dict.fromkeys(LIMITS, amounts)),
)
def test_spend_never_exceeds_a_wallet_or_a_limit(
    asked: list[Charge], wallets: dict[str, Micros], left: dict[LimitKey, Micros]
) -> None:
    outcomes = decide(asked, purses_of(wallets), left)

    paid: Counter[str] = Counter()
    spent: Counter[LimitKey] = Counter()
    for one, outcome in zip(asked, outcomes, strict=True):
        assert outcome.key == one.key
        if isinstance(outcome, Charged):
            assert outcome.earned + outcome.kept == outcome.price == one.price
            paid[one.payer] += one.price.amount
            for limit in set(one.limits):
                assert limit in left
                spent[limit] += one.price.amount
    assert all(paid[payer] <= wallets[payer].amount for payer in PAYERS)
    assert all(spent[limit] <= left[limit].amount for limit in left)


@given(asked=charges)
def test_with_enough_for_all_nobody_is_refused(asked: list[Charge]) -> None:
    plenty = Micros(10**9)

    outcomes = decide(
        asked, purses_of(dict.fromkeys(PAYERS, plenty)), dict.fromkeys(LIMITS, plenty)
    )

    assert not [outcome for outcome in outcomes if isinstance(outcome, Refused)]


def test_a_charge_over_its_limit_leaves_the_wallet_to_the_next() -> None:
    tight = LimitKey("organisation_month", "org_1")
    split = Split("zero", 7_000)
    asked = [
        Charge("a", "adv_1", (tight,), Micros(10), split, "dec_1"),
        Charge("b", "adv_1", (), Micros(10), split, "dec_2"),
    ]

    outcomes = decide(asked, purses_of({"adv_1": Micros(10)}), {tight: Micros(9)})

    assert outcomes[0] == Refused("a", "organisation_month")
    assert isinstance(outcomes[1], Charged)


def test_a_limit_is_refused_before_the_wallet_is_asked() -> None:
    asked = Charge("a", "adv_1", LIMITS, Micros(10), Split("zero", 0), "dec_1")

    assert decide([asked], {}, {LIMITS[0]: Micros(10)}) == [Refused("a", "campaign_day")]
    assert decide([asked], {}, dict.fromkeys(LIMITS, Micros(10))) == [Refused("a", "wallet")]


def test_a_negative_price_and_an_impossible_share_cannot_be_asked() -> None:
    with pytest.raises(ValueError, match="not negative"):
        Charge("a", "adv_1", (), Micros(-1), Split("zero", 0), "dec_1")
    with pytest.raises(ValueError, match="share"):
        Split("zero", 10_001)


@given(prices=st.lists(amounts, max_size=10), holds=st.lists(amounts, min_size=1, max_size=4))
def test_pockets_are_emptied_in_their_order(prices: list[Micros], holds: list[Micros]) -> None:
    pockets = {f"adv:adv_1:promo:g{number}": held for number, held in enumerate(holds)}
    asked = [
        Charge(str(number), "adv_1", (), price, Split("zero", 7_000), "dec_1")
        for number, price in enumerate(prices)
    ]

    outcomes = decide(asked, {"adv_1": pockets}, {})

    left = dict(pockets)
    for outcome in outcomes:
        if isinstance(outcome, Refused):
            continue
        assert sum(part.amount for _, part in outcome.funding) == outcome.price.amount
        for account, part in outcome.funding:
            before = list(pockets)[: list(pockets).index(account)]
            left[account] -= part
            assert not any(left[earlier] for earlier in before)
            assert left[account] >= Micros(0)
