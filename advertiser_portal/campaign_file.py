"""Campaigns as a CSV file, out and in. Pure.

One row a campaign, lists separated by semicolons. A cell that a spreadsheet would run is marked as
text on the way out and unmarked on the way in, so a file of ours comes back as it went. A wrong row
is refused with its number, and then nothing of the file is taken.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from adserver.catalog.campaign import Campaign, CampaignTerms, check_terms
from adserver.catalog.targeting import Targeting
from advertiser_portal.campaign_form import CampaignForm, form_of, listed
from kernel.errors import BadRequest
from web.spreadsheets import harmless, readable

MOST_ROWS: Final = 500
_LISTS: Final = (
    *("countries", "languages", "keywords", "negative_keywords", "excluded_brands"),
    *("categories", "formats"),
)
_PLAIN: Final = (
    *("name", "bid_type", "bid", "daily_budget", "total_budget", "time_zone"),
    *("starts_at", "ends_at", "attribution_days", "frequency_impressions", "frequency_hours"),
)
COLUMNS: Final = (*_PLAIN, *_LISTS)


def as_csv(campaigns: Iterable[Campaign]) -> str:
    """The file, with the status as a last column that is not read back."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([*COLUMNS, "status"])
    for campaign in campaigns:
        form = form_of(campaign)
        cells = [harmless(_cell(name, getattr(form, name))) for name in COLUMNS]
        writer.writerow([*cells, campaign.status.value])
    return written.getvalue()


def imported(table: str, *, now: datetime) -> list[tuple[CampaignTerms, Targeting]]:
    """What the rows say. Raises BadRequest that names the first wrong row."""
    rows = list(csv.DictReader(io.StringIO(table.strip())))
    if not rows or "name" not in (rows[0] or {}):
        raise BadRequest("The first line names the columns; name is one of them.", param="table")
    if len(rows) > MOST_ROWS:
        raise BadRequest(f"A file has at most {MOST_ROWS} campaigns.", param="table")
    read = []
    for number, row in enumerate(rows, 2):
        try:
            form = _form(row)
            terms, wanted = form.terms(now), form.targeting()
            check_terms(terms)
        except BadRequest as wrong:
            raise BadRequest(f"Line {number}: {wrong.message}", param="table") from None
        read.append((terms, wanted))
    return read


def _form(row: Mapping[str | None, str | list[str] | None]) -> CampaignForm:
    values = {
        name: readable(cell)
        for name in COLUMNS
        if isinstance(cell := row.get(name), str) and cell.strip()
    }
    many = {
        name: [part.strip() for part in values.pop(name).split(";") if part.strip()]
        for name in ("categories", "formats")
        if name in values
    }
    return CampaignForm(**values, **many)


def _cell(name: str, value: str | list[str]) -> str:
    if isinstance(value, list):
        return ";".join(value)
    return ";".join(listed(value)) if name in _LISTS else value
