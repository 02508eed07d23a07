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
        Place("Reports", "/advertiser/reports", "eye"),
        Place("Billing", "/advertiser/billing", "wallet"),
        Place("Members", "/advertiser/members", "user"),
    ),
    pitch="See what your campaigns bring, and stop or start them.",
    joins=True,
)
