"""The pages a person sees: pay, save a card, authenticate, onboard, receipt, invoice.

Plain forms without a script. Each page says "test money" first, so that nobody takes it for real.
"""

from html import escape
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fakestripe.cards import CARDS
from fakestripe.errors import Refusal
from fakestripe.objects import Thing
from fakestripe.platform import Platform
from fakestripe.resources import accounts, checkout, invoices, payments

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;"
    "color:#1a1f36}mark{display:block;background:#fff3cd;padding:.5rem .75rem;border-radius:.5rem}"
    "label{display:block;margin:1rem 0 .25rem}input,select,button{font:inherit;width:100%;"
    "padding:.6rem;box-sizing:border-box;border:1px solid #8792a2;border-radius:.5rem}"
    "button{background:#3b38c9;color:#fff;border:0;margin-top:1.25rem;cursor:pointer}"
    "[role=alert]{color:#b3093c}"
)


def page(title: str, body: str, *, status: int = 200) -> HTMLResponse:
    """A page with the test-money banner."""
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><main>"
        f"<mark>Test money: no real payment is taken.</mark><h1>{escape(title)}</h1>{body}"
        f"</main></body></html>"
    )
    return HTMLResponse(html, status)


async def checkout_page(stripe: Platform, request: Request) -> Response:
    """Show the session, or pay it with the card that the form names."""
    identifier = request.path_params["id"]
    try:
        session = checkout.open_session(stripe, identifier)
        if request.method == "GET":
            return _payment_form(session)
        form = parse_qs((await request.body()).decode())
        number = form.get("number", [""])[0]
        checkout.complete(stripe, identifier, number=number, delayed="delayed" in form)
    except Refusal as refusal:
        return _refused(stripe, identifier, refusal)
    target = (session["success_url"] or stripe.public_url).replace(
        "{CHECKOUT_SESSION_ID}", identifier
    )
    return RedirectResponse(target, 303)


def _refused(stripe: Platform, identifier: str, refusal: Refusal) -> Response:
    known = {session["id"]: session for session in stripe.objects.every("checkout.session")}
    session = known.get(identifier)
    if session is None or session["status"] != "open":
        return page("This page is closed", f"<p>{escape(str(refusal))}</p>", status=410)
    return _payment_form(session, problem=str(refusal))


def _payment_form(session: Thing, *, problem: str = "") -> HTMLResponse:
    if session["mode"] == "setup":
        title, button = "Save a card", "Save card"
    else:
        total = f"{session['amount_total'] / 100:,.2f} {session['currency'].upper()}"
        title, button = f"Pay {total}", f"Pay {total}"
    options = "".join(
        f'<option value="{card.number}">{card.brand} •••• {card.last4} '
        f"{escape(card.token.removeprefix('pm_card_'))}</option>"
        for card in CARDS
    )
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    back = session["cancel_url"]
    cancel = f'<p><a href="{escape(back)}">Cancel and go back</a></p>' if back else ""
    return page(
        title,
        f'{alert}<form method="post"><label for="number">Test card</label>'
        f'<select id="number" name="number">{options}</select>'
        f'<button type="submit">{escape(button)}</button></form>{cancel}',
        status=402 if problem else 200,
    )


async def authenticate_page(stripe: Platform, request: Request) -> Response:
    """The bank's question to the owner of the card."""
    try:
        intent = stripe.objects.get("payment_intent", request.path_params["id"])
    except Refusal as refusal:
        return page("Not found", f"<p>{escape(str(refusal))}</p>", status=404)
    if intent["status"] != "requires_action":
        return page("Nothing to confirm", "<p>This payment does not wait for you.</p>", status=410)
    if request.method == "GET":
        return page("Confirm your payment", '<form method="post"><button>Confirm</button></form>')
    back = intent["next_action"]["redirect_to_url"]["return_url"]
    payments.succeed(stripe, intent)
    return RedirectResponse(back, 303) if back else page("Confirmed", "<p>Thank you.</p>")


async def onboarding_page(stripe: Platform, request: Request) -> Response:
    """A publisher tells where to pay to; the link behind it ends after its time."""
    if int(request.query_params.get("until", "0")) < stripe.clock.now():
        return page("This link has expired", "<p>Ask for a new one.</p>", status=410)
    if request.method == "GET":
        return page("Get paid", '<form method="post"><button>Finish onboarding</button></form>')
    try:
        accounts.onboard(stripe, request.path_params["id"])
    except Refusal as refusal:
        return page("Not possible", f"<p>{escape(str(refusal))}</p>", status=refusal.status)
    return page("Done", "<p>Payouts are active.</p>")


async def invoice_page(stripe: Platform, request: Request) -> Response:
    try:
        invoice = stripe.objects.get("invoice", request.path_params["id"])
    except Refusal as refusal:
        return page("Not found", f"<p>{escape(str(refusal))}</p>", status=404)
    if request.url.path.endswith("/pdf"):
        return Response(invoices.pdf(invoice), media_type="application/pdf")
    total = f"{invoice['total'] / 100:,.2f} {invoice['currency'].upper()}"
    return page(f"Invoice {invoice['number']}", f"<p>Paid: {escape(total)}</p>")


async def receipt_page(stripe: Platform, request: Request) -> Response:
    try:
        charge = stripe.objects.get("charge", request.path_params["id"])
    except Refusal as refusal:
        return page("Not found", f"<p>{escape(str(refusal))}</p>", status=404)
    total = f"{charge['amount'] / 100:,.2f} {charge['currency'].upper()}"
    return page(
        "Receipt",
        f"<p>{escape(total)}, card ending in "
        f"{charge['payment_method_details']['card']['last4']}.</p>",
    )
