# ruff: noqa: ANN001, ANN003, ANN201, ANN202, ANN204
"""The least that a Python gateway can do: FastAPI takes the request, aiohttp passes it on.

No keys, no ads, no rows. What a framework and a client cost is the floor that ours is compared with.
"""

import sys
from contextlib import asynccontextmanager

import aiohttp
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response, StreamingResponse


def application(upstream):
    @asynccontextmanager
    async def lifespan(app):
        async with aiohttp.ClientSession() as app.state.session:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/chat/completions")
    async def relay(request: Request):
        body = await request.body()
        headers = {"content-type": "application/json"}
        answer = await app.state.session.post(
            f"{upstream}/chat/completions", data=body, headers=headers
        )
        if answer.headers["content-type"].startswith("text/event-stream"):
            return StreamingResponse(answer.content.iter_any(), media_type="text/event-stream")
        return Response(await answer.read(), media_type="application/json")

    @app.get("/livez")
    async def livez():
        return {"status": "ok"}

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[1]), port=int(sys.argv[2]), log_level="critical", access_log=False
    )
