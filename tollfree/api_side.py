"""Build the free API: keys, upstreams, the heart, and its hot path."""

from collections.abc import Callable
from dataclasses import dataclass

from api.access.key_book import KeyBook
from api.chat.completion import ChatHeart, ChatSettings
from api.chat.usage import CompletionRow, write_completions
from api.http.chat_completions import ChatCompletions
from api.http.surfaces import Surfaces
from api.upstream.routing import Routing
from kernel.group_commit import GroupCommit
from tollfree.crew import Crew
from tollfree.foundations import Foundations
from tollfree_sdk.contract import AdSource


@dataclass(frozen=True)
class ApiSide:
    """The API of this process."""

    keys: KeyBook
    heart: ChatHeart
    routing: Routing
    chat: ChatCompletions
    surfaces: Surfaces
    completions: GroupCommit[CompletionRow]

    def start(self, crew: Crew) -> None:
        crew.start("completions", self.completions.run)
        crew.start("keys", self.keys.run)

    def shut_down(self) -> None:
        """End the answers that are still open."""
        self.chat.shut_down()
        self.surfaces.shut_down()

    async def close(self) -> None:
        """End open answers, and write what follows the finished ones."""
        self.shut_down()
        await self.heart.close()
        await self.completions.close()


def build_api_side(
    grounds: Foundations,
    *,
    ads: AdSource,
    verifies: Callable[[str], bool],
    routing: Routing,
    decision_deadline_ms: int,
) -> ApiSide:
    """Build it; `ads` may be the engine in this process or the network over HTTP."""
    keys = KeyBook(grounds.database, grounds.clock, grounds.shared_state)
    completions = GroupCommit[CompletionRow](grounds.database, write_completions, max_delay_ms=50)
    heart = ChatHeart(
        ads,
        routing,
        completions,
        grounds.clock,
        public_url=grounds.public_url,
        verifies=verifies,
        settings=ChatSettings(
            decision_deadline_ms=decision_deadline_ms,
            # Derived, so that all workers of an installation name a conversation alike.
            session_key=grounds.signing.derive("session"),
        ),
    )
    surfaces = Surfaces(heart, keys, routing, grounds.embedder)
    return ApiSide(keys, heart, routing, ChatCompletions(heart, keys), surfaces, completions)
