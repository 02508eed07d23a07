"""The operator console as `web` knows it: name, home, templates, navigation."""

from pathlib import Path
from typing import Final

from web.portal import Place, Portal

CONSOLE: Final = Portal(
    title="Operators",
    home="/operator/",
    templates=Path(__file__).parent / "templates",
    places=(
        Place("Review", "/operator/", "check"),
        Place("Calls", "/operator/calls", "search"),
        Place("Payments", "/operator/payments", "wallet"),
    ),
    pitch="Decide what may be shown.",
)
