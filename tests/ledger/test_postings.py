"""Postings: they add up to zero whatever the numbers, and the chart knows their accounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import ZERO, Micros
from ledger.account import AD_REVENUE, accruing, cash, kind_of
from ledger.postings import Leg, Posting, click_charge, reversal, top_up

amounts = st.integers(min_value=1, max_value=10**15).map(Micros)
shares = st.integers(min_value=0, max_value=10_000)


def a_click(price: Micros, share_bp: int) -> Posting:
    return click_charge(
        key="click:dec_1",
        payer="adv_1",
        price=price,
        publisher_id="pub_1",
        share_bp=share_bp,
        ref="dec_1",
    )


@given(price=st.integers(min_value=0, max_value=10**15).map(Micros), share_bp=shares)
def test_a_click_adds_up_to_zero_and_to_its_price(price: Micros, share_bp: int) -> None:
    posting = a_click(price, share_bp)

    assert posting.total("debit") == posting.total("credit") == price
    assert all(leg.amount > ZERO for leg in posting.legs)


@given(price=amounts, share_bp=shares)
def test_a_reversal_is_the_exact_inverse(price: Micros, share_bp: int) -> None:
    posting = a_click(price, share_bp)

    undone = reversal(posting, "undo")

    assert reversal(undone, posting.key).legs == posting.legs
    for leg, back in zip(posting.legs, undone.legs, strict=True):
        assert (leg.account, leg.amount) == (back.account, back.amount)
        assert leg.side != back.side


@given(amount=amounts)
def test_a_top_up_moves_the_same_on_both_sides(amount: Micros) -> None:
    posting = top_up("adv_1", amount, "k")

    assert posting.total("debit") == posting.total("credit") == amount


def test_seventy_percent_of_a_click_go_to_the_publisher() -> None:
    legs = {leg.account: leg.amount.amount for leg in a_click(Micros(350_000), 7_000).legs}

    assert legs == {cash("adv_1"): 350_000, accruing("pub_1"): 245_000, AD_REVENUE: 105_000}


def test_a_posting_that_does_not_add_up_cannot_be_made() -> None:
    legs = (Leg(AD_REVENUE, "debit", Micros(2)), Leg("suspense", "credit", Micros(1)))

    with pytest.raises(ValueError, match="add up"):
        Posting("correction", "k", "", "", legs)


@pytest.mark.parametrize("amount", [0, -1])
def test_a_leg_moves_a_positive_amount(amount: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        Leg(AD_REVENUE, "debit", Micros(amount))


def test_the_same_words_have_the_same_digest_and_others_another() -> None:
    posting = a_click(Micros(5), 7_000)

    assert posting.digest() == a_click(Micros(5), 7_000).digest()
    assert posting.digest() != a_click(Micros(6), 7_000).digest()


class TestTheChartOfAccounts:
    @pytest.mark.parametrize(
        "code",
        [
            "",
            "cash",
            "adv:adv_1",
            "adv:adv_1:accruing",
            "pub:pub_1:cash",
            "adv::cash",
            "adv:a b:cash",
            "adv:adv_1:promo",
            "adv:adv_1:cash:more",
            "ad_revenue\n",
        ],
    )
    def test_refuses_a_code_that_is_not_in_it(self, code: str) -> None:
        with pytest.raises(ValueError, match="chart of accounts"):
            kind_of(code)

    def test_knows_the_wallet_as_never_negative_and_earnings_as_deferred(self) -> None:
        wallet, earnings = kind_of(cash("adv_1")), kind_of(accruing("zero"))

        assert (wallet.side, wallet.no_negative, wallet.deferred) == ("credit", True, False)
        assert (earnings.side, earnings.deferred) == ("credit", True)
        assert kind_of("adv:adv_1:promo:grant_1").no_negative
