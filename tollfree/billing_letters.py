"""Send notices about money to the people who may pay, or be paid.

Takes what the till wrote into the outbox and finds who it is for at that moment: the members of the
organisation behind the advertiser or publisher whose role allows paying. Without a mail server the
notices wait, and are sent when there is one.
"""

from typing import Any

from adserver.catalog.owners import organisation_behind
from advertiser_portal.billing import notices
from kernel.database import WriteSession
from kernel.outbox import Handler
from web.letters import Letter, Post
from web.members import members_of
from web.roles import Act, may


def letters_by(post: Post, public_url: str) -> dict[str, Handler]:
    """The outbox's handler of notices, which sends through `post`."""

    async def send(tx: WriteSession, note: dict[str, Any]) -> None:
        organisation_id = await organisation_behind(tx, note["owner_id"])
        if organisation_id is None:
            return
        subject, text = notices.letter(note["about"], note["details"], public_url=public_url)
        for member in await members_of(tx, organisation_id):
            if may(member.role, Act.PAY):
                await post.send(Letter(member.email, subject, text))

    return {notices.KIND: send}
