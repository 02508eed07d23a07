"""What the stand-in must do like the real thing, because money depends on it."""

import pytest
import stripe


def _pay(till, amount=5_000, card="pm_card_visa", **more):
    return till.client.v1.payment_intents.create(
        {"amount": amount, "currency": "usd", "payment_method": card, "confirm": True, **more}
    )


def _total(till) -> int:
    balance = till.client.v1.balance.retrieve()
    return balance.available[0].amount + balance.pending[0].amount


class TestAnIdempotencyKey:
    def test_gives_the_first_answer_again(self, till) -> None:
        ask = {"amount": 700, "currency": "usd"}
        first = till.client.v1.payment_intents.create(ask, {"idempotency_key": "order-7"})
        again = till.client.v1.payment_intents.create(ask, {"idempotency_key": "order-7"})

        assert first.id == again.id
        assert len(till.client.v1.payment_intents.list().data) == 1

    def test_refuses_other_parameters(self, till) -> None:
        create = till.client.v1.payment_intents.create
        create({"amount": 700, "currency": "usd"}, {"idempotency_key": "order-7"})

        with pytest.raises(stripe.IdempotencyError):
            create({"amount": 800, "currency": "usd"}, {"idempotency_key": "order-7"})

    def test_replays_a_server_error_too(self, till) -> None:
        till.pull("fault", kind="fail_after_commit", path="/v1/refunds")
        intent = _pay(till)
        for _ in range(2):
            with pytest.raises(stripe.APIError):
                till.client.v1.refunds.create(
                    {"payment_intent": intent.id, "amount": 10}, {"idempotency_key": "r1"}
                )

        assert len(till.client.v1.refunds.list().data) == 1

    def test_is_forgotten_after_a_day(self, till) -> None:
        ask = {"amount": 700, "currency": "usd"}
        first = till.client.v1.payment_intents.create(ask, {"idempotency_key": "order-7"})
        till.pull("advance", seconds=24 * 3600 + 1)

        later = till.client.v1.payment_intents.create(ask, {"idempotency_key": "order-7"})

        assert later.id != first.id


class TestACard:
    def test_that_declines_raises_and_leaves_the_intent_behind(self, till) -> None:
        with pytest.raises(stripe.CardError) as refused:
            _pay(till, card="pm_card_chargeCustomerFail")

        intent = refused.value.error.payment_intent
        assert (refused.value.code, intent.status) == ("card_declined", "requires_payment_method")
        assert till.client.v1.payment_intents.retrieve(intent.id).last_payment_error is not None

    def test_that_needs_its_owner_is_refused_off_session_and_asks_on_session(self, till) -> None:
        with pytest.raises(stripe.CardError) as refused:
            _pay(till, card="pm_card_authenticationRequired", off_session=True)
        assert refused.value.code == "authentication_required"

        waiting = _pay(till, card="pm_card_authenticationRequired")
        assert waiting.status == "requires_action"
        till.pull("authenticate", payment_intent=waiting.id)
        assert till.client.v1.payment_intents.retrieve(waiting.id).status == "succeeded"


class TestARefund:
    def test_never_exceeds_the_charge(self, till) -> None:
        intent = _pay(till)
        till.client.v1.refunds.create({"payment_intent": intent.id, "amount": 4_000})

        with pytest.raises(stripe.InvalidRequestError):
            till.client.v1.refunds.create({"payment_intent": intent.id, "amount": 1_001})

    def test_that_fails_brings_the_money_back(self, till) -> None:
        before_refund = _total_after(till, _pay(till))
        refund = till.client.v1.refunds.create(
            {"payment_intent": till.client.v1.payment_intents.list().data[0].id}
        )

        till.pull("fail_refund", refund=refund.id)

        assert _total(till) == before_refund


def _total_after(till, _intent) -> int:
    return _total(till)


class TestADispute:
    def test_takes_the_money_at_once_and_a_win_gives_it_back(self, till) -> None:
        intent = _pay(till)
        paid = _total(till)

        dispute = till.pull("dispute", charge=intent.latest_charge)
        assert _total(till) == paid - 5_000 - 1_500

        till.pull("dispute_won", dispute=dispute["id"])
        assert _total(till) == paid - 1_500

    def test_blocks_a_refund(self, till) -> None:
        intent = _pay(till)
        till.pull("dispute", charge=intent.latest_charge)

        with pytest.raises(stripe.InvalidRequestError):
            till.client.v1.refunds.create({"payment_intent": intent.id})


class TestATransfer:
    def test_needs_an_onboarded_account_and_available_money(self, till) -> None:
        account = till.client.v2.core.accounts.create(
            {
                "configuration": {
                    "recipient": {
                        "capabilities": {
                            "stripe_balance": {"stripe_transfers": {"requested": True}}
                        }
                    }
                }
            }
        )
        ask = {"amount": 1_000, "currency": "usd", "destination": account.id}
        with pytest.raises(stripe.InvalidRequestError, match="capability"):
            till.client.v1.transfers.create(ask)
        till.pull("onboard", account=account.id)
        _pay(till)
        with pytest.raises(stripe.InvalidRequestError, match="insufficient"):
            till.client.v1.transfers.create(ask)

        till.pull("advance", seconds=3 * 24 * 3600)

        assert till.client.v1.transfers.create(ask).amount == 1_000


class TestWebhooks:
    async def test_are_signed_duplicated_and_listed_until_delivered(self, till) -> None:
        till.client.v1.webhook_endpoints.create(
            {"url": "http://portal.example/hooks", "enabled_events": ["payment_intent.succeeded"]},
        )
        secret = till.client.v1.webhook_endpoints.list().data[0].secret
        till.pull("webhooks", duplicate=3)
        _pay(till)
        failed = till.client.v1.events.list({"delivery_success": False})
        assert [event.type for event in failed.data] == ["payment_intent.succeeded"]
        heard: list[stripe.Event] = []

        async def post(_url: str, body: bytes, headers: dict[str, str]) -> int:
            heard.append(stripe.Webhook.construct_event(body, headers["stripe-signature"], secret))
            return 200

        await till.fake.platform.events.flush(post)

        assert len(heard) == 3
        assert len({event.id for event in heard}) == 1
        assert till.client.v1.events.list({"delivery_success": False}).data == []


class TestFaults:
    def test_a_request_that_hangs_after_the_commit_has_done_its_work(self, till) -> None:
        till.pull("fault", kind="hang_after_commit", path="/v1/customers", seconds=1.0)
        impatient = stripe.StripeClient(
            till.fake.platform.secret_key,
            base_addresses={"api": till.url},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=0.2),
        )

        with pytest.raises(stripe.APIConnectionError):
            impatient.v1.customers.create({"email": "a@shoes.example"})

        assert len(till.client.v1.customers.list().data) == 1

    def test_a_limited_client_is_told_so_and_nothing_happened(self, till) -> None:
        till.pull("fault", kind="limit", path="/v1/customers")

        with pytest.raises(stripe.RateLimitError):
            till.client.v1.customers.create({"email": "a@shoes.example"})

        assert till.client.v1.customers.list().data == []


def test_a_page_says_test_money_and_shows_a_decline(till) -> None:
    import httpx

    session = till.client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "https://portal.example/ok",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": 5000,
                        "product_data": {"name": "Balance"},
                    },
                }
            ],
        }
    )

    shown = httpx.get(session.url)
    refused = httpx.post(session.url, data={"number": "4000000000000002"})
    paid = httpx.post(session.url, data={"number": "4242424242424242"})

    assert "Test money" in shown.text
    assert (refused.status_code, "declined" in refused.text) == (402, True)
    assert paid.status_code == 303
    assert httpx.get(session.url).status_code == 410
