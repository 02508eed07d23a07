"""Invoices that Checkout makes for a finished payment, with their PDF."""

from fakestripe.objects import Objects, Thing
from fakestripe.platform import Platform
from fakestripe.shapes import empty_list, shape


def for_session(stripe: Platform, session: Thing) -> Thing:
    """A paid invoice over what `session` collected."""
    identifier = Objects.new_id("in")
    now = stripe.clock.now()
    customer = stripe.objects.get("customer", session["customer"])
    number = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
    customer["next_invoice_sequence"] += 1
    total, subtotal = session["amount_total"], session["amount_subtotal"]
    invoice = shape(
        "invoice",
        id=identifier,
        amount_due=total,
        amount_paid=total,
        amount_remaining=0,
        created=now,
        currency=session["currency"],
        customer=customer["id"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        effective_at=now,
        hosted_invoice_url=f"{stripe.public_url}/hosted/invoices/{identifier}",
        invoice_pdf=f"{stripe.public_url}/hosted/invoices/{identifier}/pdf",
        lines=empty_list(f"/v1/invoices/{identifier}/lines"),
        metadata=dict(session["metadata"]),
        number=number,
        period_end=now,
        period_start=now,
        status_transitions={
            "finalized_at": now,
            "marked_uncollectible_at": None,
            "paid_at": now,
            "voided_at": None,
        },
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal,
        total=total,
        total_excluding_tax=subtotal,
    )
    stripe.objects.add(invoice)
    for kind in ("invoice.created", "invoice.finalized", "invoice.paid"):
        stripe.events.emit(kind, invoice)
    return invoice


def pdf(invoice: Thing) -> bytes:
    """One page that says what was paid, in test money; the smallest PDF that viewers accept."""
    lines = [
        "Invoice " + str(invoice["number"]),
        f"Total {invoice['total'] / 100:.2f} {invoice['currency'].upper()}, paid",
        "Test money: no payment was taken.",
    ]
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    stream = f"BT /F1 14 Tf 72 760 Td 22 TL {shown} ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n" % size
    return body + head + table + trailer % (size, len(body))
