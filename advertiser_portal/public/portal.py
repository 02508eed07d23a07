"""The public pages as `web` knows them."""

from pathlib import Path
from typing import Final

from web.portal import Portal

PUBLIC: Final = Portal(
    title="",
    home="/",
    templates=Path(__file__).parent / "templates",
    places=(),
    pitch="A free LLM API, paid for by labelled ads.",
)
