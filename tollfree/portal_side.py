"""Build what the portals stand on: the front desk, the post, the preview of matches.

Letters go by SMTP where a server is set, into an outbox that a page shows in a demo, and nowhere
otherwise: then nobody can join by themselves.
"""

from dataclasses import dataclass, field

from adserver.decision.market import MarketBook
from adserver.decision.preview import MatchPreview
from adserver.decision.settings import DecisionSettings
from advertiser_portal.drafting import Drafter
from advertiser_portal.public.talk import Talk
from kernel.egress import Egress, Fetches
from tollfree.ad_side import AdSide
from tollfree.doorway import App
from tollfree.foundations import Foundations
from tollfree.public_talk import ApiTalk
from tollfree.settings import ServeSettings
from web.front_desk import FrontDesk, front_desk
from web.letters import Outbox, Post
from web.smtp_post import SmtpPost


@dataclass(frozen=True)
class PortalPlan:
    """What the portals are built from, as plain values."""

    post: Post | None = None
    auto_approve_after_lint: bool = False
    talk_key: str | None = field(default=None, repr=False)
    egress: Fetches | None = None


@dataclass(frozen=True)
class PortalSide:
    """The portals' parts of this process."""

    front: FrontDesk
    matcher: MatchPreview
    drafter: Drafter
    auto_approve_after_lint: bool
    talk: Talk | None


def portal_plan(
    settings: ServeSettings, *, demo: bool = False, talk_key: str | None = None
) -> PortalPlan:
    """The plan of a server with these settings; `talk_key` opens the landing page's chat."""
    url = settings.smtp_url.get_secret_value() if settings.smtp_url else ""
    post: Post | None = Outbox() if demo else None
    if url:
        post = SmtpPost(url, sender=settings.mail_from)
    return PortalPlan(post, settings.auto_approve_after_lint or demo, talk_key)


def build_portal_side(
    grounds: Foundations, ads: AdSide, chat: App, plan: PortalPlan, decisions: DecisionSettings
) -> PortalSide:
    """Build it."""
    front = front_desk(
        database=grounds.database,
        clock=grounds.clock,
        shared_state=grounds.shared_state,
        signing=grounds.signing,
        public_url=grounds.public_url,
        post=plan.post,
    )
    market = MarketBook(grounds.database, grounds.clock)
    matcher = MatchPreview(grounds.embedder, ads.budget, grounds.clock, decisions, market)
    talk = ApiTalk(chat, plan.talk_key) if plan.talk_key else None
    drafter = Drafter(plan.egress or Egress())
    return PortalSide(front, matcher, drafter, plan.auto_approve_after_lint, talk)
