"""Who may enter: people marked as operators of the network."""

from fastapi import Request

from kernel.errors import Forbidden
from web.front_desk import FrontDesk, Member
from web.roles import Act


async def operator(front: FrontDesk, request: Request) -> Member:
    """The operator who is signed in. Raises Forbidden for anybody else who is."""
    member = await front.member(request, Act.SEE)
    if not member.visitor.person.is_operator:
        raise Forbidden("This console is for operators of the network.")
    return member
