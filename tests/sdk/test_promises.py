"""Over random answers, formats, deliveries and options: disclosed, independent, the same in chunks."""

import random

from tests.sdk.promises import a_case, check


def test_what_we_promise_of_placement_holds_over_all_options() -> None:
    dice = random.Random(20261123)

    shown = sum(check(a_case(dice)) for _ in range(400))

    assert shown > 150
