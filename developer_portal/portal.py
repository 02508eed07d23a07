"""The developer portal as `web` knows it: name, home, templates, navigation."""

from pathlib import Path
from typing import Final

from web.portal import Place, Portal

PORTAL: Final = Portal(
    title="Developers",
    home="/developer/",
    templates=Path(__file__).parent / "templates",
    places=(
        Place("Keys", "/developer/", "home"),
        Place("Ads", "/developer/ads", "eye"),
        Place("Payouts", "/developer/payouts", "wallet"),
    ),
    pitch="Get an API key, and see what your calls were like.",
    joins=True,
    joins_at="start",
)
