"""The landing page's chat, answered by our own API as any caller is answered.

Speaks HTTP to the chat application in this process, with a key of its own, so that nothing here can
do what a caller cannot. Ads come in their own field: the page draws them with their label.
"""

import uuid

import httpx

from advertiser_portal.public.talk import Said, SaidAd
from kernel.errors import Unavailable
from kernel.http import RequestIds
from tollfree.doorway import App

_SECONDS = 60.0


class ApiTalk:
    """Asks the chat application with one key."""

    def __init__(self, chat: App, key: str) -> None:
        self._chat, self._key = RequestIds(chat), key

    async def ask(self, question: str) -> Said:
        """The answer to one question. Raises Unavailable."""
        wishes = {"delivery": "field", "session": uuid.uuid4().hex}
        body = {
            "model": "demo",
            "messages": [{"role": "user", "content": question}],
            "tollfree": wishes,
        }
        try:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(self._chat),
                base_url="http://talk.internal",
                timeout=_SECONDS,
            ) as client:
                answer = await client.post(
                    "/v1/chat/completions",
                    json=body,
                    headers={"authorization": f"Bearer {self._key}"},
                )
                answer.raise_for_status()
                said = answer.json()
        except (httpx.HTTPError, ValueError):
            raise Unavailable("No answer came. Try again in a moment.") from None
        placed = said.get("tollfree") or {}
        return Said(
            text=said["choices"][0]["message"]["content"] or "",
            ads=tuple(
                SaidAd(
                    advertiser=ad["advertiser"]["name"],
                    title=ad["title"],
                    body=ad["body"],
                    cta=ad["cta"],
                    click_url=ad["click_url"],
                    why_url=ad["why_url"],
                )
                for ad in placed.get("ads") or ()
            ),
            no_ad_reason=placed.get("no_fill_reason") or placed.get("reason"),
        )
