"""Ask our stand-in for Stripe and localstripe the same questions, and list where they differ.

    python -m venv /tmp/rival && /tmp/rival/bin/pip install localstripe
    python bench/stripe_rival.py --rival-python /tmp/rival/bin/python [--json]

Both are driven by the official client. An answer is reduced to what a caller would act on: an
outcome, or the class and code of an error. localstripe is started on the loopback only and stopped.
"""

import argparse
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import stripe  # noqa: E402
import uvicorn  # noqa: E402

from fakestripe.app import build  # noqa: E402

_KEY = "sk_test_tollfree"
_SERVE = (
    "from aiohttp import web; from localstripe.server import app; "
    "web.run_app(app, host='127.0.0.1', port={port}, print=None)"
)
Ask = Callable[[stripe.StripeClient, dict[str, Any]], Any]


def _customer(client: stripe.StripeClient, kept: dict[str, Any]) -> Any:
    made = client.v1.customers.create({"email": "a@shoes.example", "name": "Shoes"})
    kept["customer"] = made.id
    return made.email


def _attached(client: stripe.StripeClient, kept: dict[str, Any]) -> Any:
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": kept["customer"]})
    kept["card"] = method.id
    return method.card.last4


def _intent(kept: dict[str, Any], card: str | None = None, **more: Any) -> Any:
    given = {"amount": 5_000, "currency": "usd", "customer": kept["customer"], "confirm": True}
    return given | {"payment_method": card or kept["card"]} | more


def _paid(client: stripe.StripeClient, kept: dict[str, Any]) -> Any:
    made = client.v1.payment_intents.create(_intent(kept))
    kept["intent"], kept["charge"] = made.id, made.latest_charge
    return made.status


def _numbered(client: stripe.StripeClient, kept: dict[str, Any], number: str, **more: Any) -> Any:
    card = {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123"}
    method = client.v1.payment_methods.create({"type": "card", "card": card})
    client.v1.payment_methods.attach(method.id, {"customer": kept["customer"]})
    return client.v1.payment_intents.create(_intent(kept, method.id, **more)).status


def _same_key(client: stripe.StripeClient, kept: dict[str, Any]) -> Any:
    key = {"idempotency_key": f"key-{kept['customer']}"}
    made = [client.v1.payment_intents.create(_intent(kept), key).id for _ in range(2)]
    return "one payment" if made[0] == made[1] else "two payments"


def _key_with_other_words(client: stripe.StripeClient, kept: dict[str, Any]) -> Any:
    key = {"idempotency_key": f"key-{kept['customer']}"}
    return client.v1.payment_intents.create(_intent(kept, amount=6_000), key).status


def _refunded(client: stripe.StripeClient, kept: dict[str, Any], amount: int) -> Any:
    return client.v1.refunds.create({"payment_intent": kept["intent"], "amount": amount}).status


def _fee(client: stripe.StripeClient, _kept: dict[str, Any]) -> Any:
    lines = client.v1.balance_transactions.list({"limit": 10}).data
    return "with a fee" if any(line.fee for line in lines) else "without a fee"


def _checkout(client: stripe.StripeClient, _kept: dict[str, Any]) -> Any:
    price = {"currency": "usd", "unit_amount": 5_000, "product_data": {"name": "Balance"}}
    given: Any = {"mode": "payment", "success_url": "https://a.example"}
    lines = [{"price_data": price, "quantity": 1}]
    return client.v1.checkout.sessions.create(given | {"line_items": lines}).status


ASKED: dict[str, Ask] = {
    "make a customer": _customer,
    "read it again": lambda c, k: c.v1.customers.retrieve(k["customer"]).email,
    "find it by e-mail": lambda c, _: len(c.v1.customers.list({"email": "a@shoes.example"}).data),
    "attach the test card": _attached,
    "list its cards": lambda c, k: len(c.v1.customers.payment_methods.list(k["customer"]).data),
    "charge it": _paid,
    "charge it off-session": lambda c, k: (
        c.v1.payment_intents.create(_intent(k, off_session=True)).status
    ),
    "describe a charge": lambda c, k: (
        c.v1.payment_intents.create(_intent(k, description="Balance")).status
    ),
    "a card that is declined": lambda c, k: _numbered(c, k, "4000000000000341"),
    "a card that wants its owner": lambda c, k: _numbered(c, k, "4000002760003184"),
    "the same, off-session": lambda c, k: _numbered(c, k, "4000002760003184", off_session=True),
    "the same key twice": _same_key,
    "a known key with other words": _key_with_other_words,
    "list a customer's payments": lambda c, k: bool(
        c.v1.payment_intents.list({"customer": k["customer"]}).data
    ),
    "refund a part": lambda c, k: _refunded(c, k, 1_000),
    "refund more than is left": lambda c, k: _refunded(c, k, 99_999),
    "list charges since": lambda c, _: bool(c.v1.charges.list({"created": {"gte": 1}}).data),
    "balance transactions": _fee,
    "balance transactions of a type": lambda c, _: bool(
        c.v1.balance_transactions.list({"type": "charge"}).data
    ),
    "save a card": lambda c, k: (
        c.v1.setup_intents.create(
            {"customer": k["customer"], "payment_method": k["card"], "confirm": True}
        ).status
    ),
    "a hosted payment page": _checkout,
    "disputes": lambda c, _: len(c.v1.disputes.list().data),
    "events": lambda c, _: bool(c.v1.events.list().data),
    "a webhook endpoint": lambda c, _: (
        c.v1.webhook_endpoints.create(
            {"url": "https://a.example/hooks", "enabled_events": ["*"]}
        ).status
    ),
    "a connected account": lambda c, _: bool(
        c.v2.core.accounts.create({"configuration": {"recipient": {}}}).id
    ),
    "the balance": lambda c, _: c.v1.balance.retrieve().object,
    "an unknown parameter": lambda c, _: c.v1.customers.create({"colour": "red"}).object,  # type: ignore[typeddict-unknown-key]
}


def answers(url: str) -> dict[str, str]:
    """What a stand-in at `url` answers, one line for each question."""
    client = stripe.StripeClient(_KEY, base_addresses={"api": url}, max_network_retries=0)
    kept: dict[str, Any] = {}
    found = {}
    for name, ask in ASKED.items():
        try:
            found[name] = str(ask(client, kept))
        except stripe.StripeError as error:
            found[name] = f"{type(error).__name__} {error.code or error.http_status}"
        except Exception as error:  # noqa: BLE001  an answer that the client cannot read is one too
            found[name] = f"unreadable: {type(error).__name__}"
    return found


@contextmanager
def ours() -> Iterator[str]:
    port = _free_port()
    fake = build(public_url=f"http://127.0.0.1:{port}", secret_key=_KEY)
    server = uvicorn.Server(
        uvicorn.Config(fake.asgi, host="127.0.0.1", port=port, log_level="error", ws="none")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    _wait(port)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=5)


@contextmanager
def theirs(python: str) -> Iterator[str]:
    port = _free_port()
    process = subprocess.Popen([python, "-c", _SERVE.format(port=port)], stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("The server did not start.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rival-python", required=True, help="an interpreter with localstripe")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with ours() as url:
        here = answers(url)
    with theirs(asked.rival_python) as url:
        there = answers(url)
    rows = {name: (here[name], there[name]) for name in ASKED}
    if asked.json:
        print(json.dumps(rows))
        return 0
    for name, (mine, rival) in rows.items():
        print(f"{'=' if mine == rival else '≠'} {name:32} {mine:40} {rival}")
    print(f"{sum(mine == rival for mine, rival in rows.values())} of {len(rows)} alike")
    return 0


if __name__ == "__main__":
    sys.exit(main())
