"""Every portal on one application, as the composition root puts them together, with a till.

Payments go to the stand-in at hand, so that nothing listens and nothing waits.
"""

from dataclasses import dataclass

from fastapi import FastAPI

from advertiser_portal.drafting import Drafter
from advertiser_portal.match_panel import Matcher
from advertiser_portal.public import pages as public
from advertiser_portal.public.talk import Talk
from advertiser_portal.routes import routes as advertiser_pages
from api.access.key_book import KeyBook
from developer_portal.codes import EmailCodes
from developer_portal.joining import Door
from developer_portal.proof_of_work import Challenges
from developer_portal.routes import routes as developer_pages
from fakestripe.app import FakeStripe
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.http import RequestIds, install_error_handlers
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from operator_console.routes import routes as operator_pages
from tests.advertiser_portal.billing.till_world import Bench, open_till
from web import assets
from web.front_desk import FrontDesk, front_desk
from web.letters import Post

SIGNING = SigningKeys({1: b"a key of thirty-two bytes or more"})
BITS = 6


@dataclass(frozen=True)
class Town:
    """The application, its front desk and the till behind it."""

    app: FastAPI
    front: FrontDesk
    bench: Bench


def every_portal(
    database: Database,
    clock: FrozenClock,
    *,
    public_url: str,
    post: Post | None = None,
    matcher: Matcher | None = None,
    drafter: Drafter | None = None,
    talk: Talk | None = None,
    fake: FakeStripe | None = None,
) -> Town:
    """Advertisers', developers', operators' and everybody's pages, and the API of the first."""
    state = InProcessState(clock)
    front = front_desk(
        database=database,
        clock=clock,
        shared_state=state,
        signing=SIGNING,
        public_url=public_url,
        post=post,
    )
    bench = open_till(database, clock, fake)
    door = Door(Challenges(SIGNING, bits=BITS), EmailCodes(state, front.attempts), lambda: "small")
    app = FastAPI()
    app.add_middleware(RequestIds)
    install_error_handlers(app)
    app.include_router(assets.routes(front.assets))
    app.include_router(advertiser_pages(front, bench.till, matcher=matcher, drafter=drafter))
    app.include_router(developer_pages(front, KeyBook(database, clock).forget, bench.till, door))
    app.include_router(operator_pages(front))
    app.include_router(public.routes(front, talk))
    return Town(app, front, bench)
