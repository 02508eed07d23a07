"""What goes wrong with the library and its keys (K1-K5), item by item."""

import ast
import inspect

import pytest
from stripe._api_version import _ApiVersion

from advertiser_portal.billing import stripe_calls, stripe_gateway
from advertiser_portal.billing.stripe_gateway import API_VERSION
from advertiser_portal.billing.tables import StripeOperation

# Calls that are fine on our own dicts and raise on Stripe's objects since version 15.
DICT_ONLY = {"get", "items", "keys", "values"}
OUR_DICTS = {"sums", "marks"}


def test_k1_no_stripe_object_is_used_as_a_dict() -> None:
    wrong = [
        f"{module.__name__}:{node.lineno}"
        for module in (stripe_calls, stripe_gateway)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in DICT_ONLY
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id in OUR_DICTS)
    ]
    assert wrong == []


async def test_k1_what_leaves_the_gateway_is_plain(bench) -> None:
    payment = await bench.pay(100)

    seen = await bench.till.gateway.payment(payment)

    assert type(seen.metadata) is dict


async def test_k2_one_base_address_leads_everything_to_the_stand_in_and_nothing_is_retried(
    bench,
) -> None:
    operation = await bench.plan_top_up(100)
    bench.fake.platform.faults.arm("fail_before", path="/v1/checkout")
    before = len(bench.asked)

    await bench.till.operations.perform(operation)

    # One call: the library's own retry would be a second one, beside the books.
    assert len(bench.asked) - before == 1


class TestK3AKey:
    async def test_k3_that_keeps_a_server_error_is_looked_up_and_not_asked_again(
        self, bench
    ) -> None:
        operation = await bench.plan_top_up(100)
        bench.fake.platform.faults.arm("fail_after_commit", path="/v1/checkout")
        assert await bench.till.operations.perform(operation) is None

        bench.later(minutes=1)
        await bench.till.operations.resume()

        assert (await bench.operation(operation)).state == "succeeded"
        assert len(bench.made("checkout.session")) == 1

    async def test_k3_that_is_forgotten_is_looked_up_before_anything_is_sent(self, bench) -> None:
        operation = await bench.plan_top_up(100)
        bench.fake.platform.faults.arm("hang_after_commit", path="/v1/checkout", seconds=3)
        assert await bench.till.operations.perform(operation) is None
        assert (await bench.operation(operation)).state == "unknown"

        bench.later(hours=30)
        await bench.till.operations.resume()

        assert (await bench.operation(operation)).state == "succeeded"
        assert len(bench.made("checkout.session")) == 1

    async def test_k3_that_is_forgotten_and_made_nothing_is_replaced(self, bench) -> None:
        operation = await bench.plan_top_up(100)
        first = (await bench.operation(operation)).idempotency_key
        bench.fake.platform.faults.arm("fail_before", path="/v1/checkout")
        await bench.till.operations.perform(operation)

        bench.later(hours=24)
        await bench.till.operations.resume()

        done = await bench.operation(operation)
        assert (done.state, len(bench.made("checkout.session"))) == ("succeeded", 1)
        assert done.idempotency_key != first
        assert len(done.idempotency_key) <= 255

    @pytest.mark.parametrize("worked", [True, False])
    async def test_k3_that_is_known_with_other_words_is_looked_up_at_once(
        self, bench, worked
    ) -> None:
        operation = await bench.plan_top_up(100)
        bench.fake.platform.faults.arm("hang_after_commit", path="/v1/checkout", seconds=3)
        await bench.till.operations.perform(operation)
        # As if another release of ours had asked in other words, and it had failed or not.
        async with bench.database.writing() as tx:
            row = await tx.get_one(StripeOperation, operation)
            row.params, row.sent_at, row.state = row.params | {"cents": 9_900}, None, "planned"
        if not worked:
            bench.fake.platform.objects.remove(
                "checkout.session", bench.made("checkout.session")[0]["id"]
            )

        await bench.till.operations.perform(operation)

        assert (await bench.operation(operation)).state == "succeeded"
        assert len(bench.made("checkout.session")) == 1


async def test_k4_a_run_keeps_its_pace_and_survives_a_limit(bench) -> None:
    pauses = []

    async def pause() -> None:
        pauses.append(1)

    bench.till._pause = pause
    bench.deposit(1_000)
    for number in range(3):
        await bench.payee(f"pub_{number}")
        await bench.earned(60, f"pub_{number}")
    bench.fake.platform.faults.arm("limit", path="/v1/transfers")

    await bench.till.pay_publishers()
    bench.later(minutes=1)
    await bench.till.operations.resume()

    assert len(bench.made("transfer")) == 3
    assert len(pauses) >= 3


async def test_k5_the_version_is_pinned_and_an_upgrade_is_noticed(bench) -> None:
    await bench.customer()

    assert {asked.headers["stripe-version"] for asked in bench.asked} == {API_VERSION}
    assert _ApiVersion.CURRENT == API_VERSION, "Read the changelog, compare shapes, then pin anew."
