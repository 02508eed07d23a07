"""Stripe's balance and the books agree after everything, and publishers are paid once.

Short forms: bench/till.py walks to length five, and pays 1,000 publishers twelve times.
"""

from tests.advertiser_portal.billing.payday import months
from tests.advertiser_portal.billing.sequences import walk


async def test_the_till_agrees_after_any_sequence_of_refunds_and_disputes(bench) -> None:
    told = await walk(bench, depth=3, spent=(50,))

    assert told.sequences == 6 + 6**2 + 6**3
    assert (told.disagree, told.refusals_that_moved) == (0, 0)


async def test_publishers_are_paid_once_and_in_full_while_transfers_fail(bench) -> None:
    paid = await months(bench, publishers=12, runs=4)

    assert (paid.micros_lost, paid.double_transfers, paid.double_bank_payouts) == (0, 0, 0)
    assert paid.transfers > 12
    await bench.books_agree(days=200)
