"""Charges to try the journal with."""

from collections.abc import Awaitable, Callable

from kernel.money import Micros
from ledger.charging import Charge, LimitKey, Split

Fund = Callable[[str, int], Awaitable[None]]
Allow = Callable[[str, int], Awaitable[LimitKey]]
Verified = Callable[[], Awaitable[None]]

PRICE = Micros(350_000)


def a_charge(key: str = "click:dec_1", **changed: object) -> Charge:
    asked = {
        "payer": "adv_1",
        "limits": (),
        "price": PRICE,
        "split": Split("zero", 7_000),
        "ref": "dec_1",
    }
    return Charge(key=key, **(asked | changed))  # type: ignore[arg-type]
