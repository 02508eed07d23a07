"""The advertiser portal as `web` knows it: name, home, templates, navigation."""

from pathlib import Path
from typing import Final

from web.portal import Place, Portal

PORTAL: Final = Portal(
    title="Advertisers",
    home="/advertiser/",
    templates=Path(__file__).parent / "templates",
    places=(
        Place("Overview", "/advertiser/", "home"),
        Place("Campaigns", "/advertiser/campaigns", "pointer"),
        Place("Reports", "/advertiser/reports", "eye"),
        Place("Billing", "/advertiser/billing", "wallet"),
        Place("Members", "/advertiser/members", "user"),
        Place("Changes", "/advertiser/changes", "check"),
        Place("API", "/advertiser/api", "external"),
    ),
    pitch="See what your campaigns bring, and stop or start them.",
    joins=True,
    has_account=True,
)
