"""What the shared pages know of one portal: its name, its places, its templates.

The advertiser portal declares one `Portal`; the developer pages and the operator console declare
theirs. Links in the navigation appear to members who may follow them.
"""

from dataclasses import dataclass
from pathlib import Path

from web.roles import Act


@dataclass(frozen=True)
class Place:
    """One entry of the navigation: ``Place("Overview", "/advertiser/", "home")``."""

    label: str
    href: str
    icon: str
    act: Act = Act.SEE


@dataclass(frozen=True)
class Portal:
    """A portal: ``Portal("Advertisers", "/advertiser/", templates, places)``.

    `joins` says that people may sign up here by themselves, `joins_at` on which page, `has_account`
    that the page of one's own account is served here.
    """

    title: str
    home: str
    templates: Path
    places: tuple[Place, ...]
    pitch: str
    joins: bool = False
    joins_at: str = "sign-up"
    has_account: bool = False

    @property
    def sign_in(self) -> str:
        """Where its sign-in page is."""
        return f"{self.home}sign-in"
