"""``POST /hooks/stripe``: verify the raw bytes, store the event, say thank you.

Nothing else happens before the answer; the worker acts on what is stored. A known event is
answered like a new one, so that the processor stops repeating it.
"""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from advertiser_portal.billing.events import receive
from advertiser_portal.billing.till import Till
from kernel.errors import BadRequest

_LARGEST_BODY = 512 * 1024


def routes(till: Till) -> APIRouter:
    """The address that the payment processor calls."""
    router = APIRouter()

    async def stripe_event(request: Request) -> JSONResponse:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > _LARGEST_BODY:
                raise BadRequest("An event has at most 512 kB.")
        notice = till.gateway.read_event(bytes(body), request.headers.get("stripe-signature", ""))
        new = await receive(till.database, notice, clock=till.clock)
        return JSONResponse({"received": True, "new": new == 1})

    router.add_api_route("/hooks/stripe", stripe_event, methods=["POST"], include_in_schema=False)
    return router
