"""Print a paper as PDF: the only door to `fpdf`, opened when somebody asks for one.

The same paper gives the same bytes: the date inside is the paper's own, and nothing else varies.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from advertiser_portal.billing.paper_tables import Paper
from advertiser_portal.billing.papers import RECEIPTS, shown_number


@dataclass(frozen=True, slots=True)
class Parties:
    """Who issues the paper, and whom it is for."""

    issuer: str
    owner: str


def printed(paper: Paper, parties: Parties, *, test_money: bool) -> bytes:
    """The paper as one page of PDF."""
    from fpdf import FPDF

    pdf: Any = FPDF(format="A4")
    pdf.set_creation_date(paper.issued_at)
    title = "Receipt" if paper.series == RECEIPTS else "Statement of earnings paid"
    pdf.set_title(f"{title} {shown_number(paper)}")
    pdf.add_page()
    pdf.set_font("helvetica", "B", 18)
    pdf.cell(0, 12, f"{title} {shown_number(paper)}", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("helvetica", "", 11)
    for line in _lines(paper, parties, paper.issued_at, test_money=test_money):
        pdf.multi_cell(0, 7, _latin(line), new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def _lines(paper: Paper, parties: Parties, at: datetime, *, test_money: bool) -> list[str]:
    said, to_us = paper.lines, paper.series == RECEIPTS
    lines = [
        f"Date: {at:%Y-%m-%d}",
        f"From: {parties.issuer}",
        f"{'Received from' if to_us else 'Paid to'}: {parties.owner}",
        "",
        f"{said['kind']} ({said['payment']})",
    ]
    if to_us:
        lines += [f"Net: {said['net']}", f"Tax: {said['tax']}"]
    lines += [f"Total: {said['total']} USD", ""]
    lines += ["Test money: no real payment was made."] if test_money else []
    return lines


def _latin(text: str) -> str:
    """The fonts that every PDF reader has know Latin only; other letters become a mark."""
    return text.encode("latin-1", "replace").decode("latin-1")
