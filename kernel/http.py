"""The kernel's only web file: request ids, error answers, health.

Middleware is pure ASGI, because the decorator kind wraps every chunk of a stream. Errors leave in
OpenAI's shape with all four members. An unexpected error is logged by class and place and answered
with a 500 that says nothing about it.
"""

from collections.abc import Awaitable, Callable, Mapping

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kernel.errors import BadRequest, NotFound, TollfreeError, error_body, retry_after
from kernel.ids import new_id
from kernel.telemetry import logger

_log = logger(__name__)

Check = Callable[[], Awaitable[None]]


class RequestIds:
    """Give every request an id, ``scope["request_id"]``, and every response ``x-request-id``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_id("req")
        scope["request_id"] = request_id
        header = (b"x-request-id", request_id.encode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        await self._app(scope, receive, send_with_id)


def error_response(error: TollfreeError) -> Response:
    """The answer for an expected error, with `retry-after` where it has one."""
    wait = retry_after(error)
    headers = {} if wait is None else {"retry-after": wait}
    return Response(
        orjson.dumps(error_body(error)),
        status_code=error.status,
        media_type="application/json",
        headers=headers,
    )


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error of `app` in one shape."""

    async def expected(_request: Request, error: Exception) -> Response:
        assert isinstance(error, TollfreeError)
        return error_response(error)

    async def invalid(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        return error_response(
            BadRequest(f"{where or 'body'}: {first['msg']}.", param=where or None)
        )

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return error_response(NotFound("There is nothing at this address."))
        problem = BadRequest(str(error.detail))
        problem.status = error.status_code
        response = error_response(problem)
        response.headers.update(error.headers or {})
        return response

    async def unexpected(request: Request, error: Exception) -> Response:
        _log.error("request_failed", request_id=request.scope.get("request_id"), exc_info=error)
        message = (
            "Something went wrong on our side. Quote the x-request-id header if you report it."
        )
        return error_response(TollfreeError(message))

    app.add_exception_handler(TollfreeError, expected)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(Exception, unexpected)


def install_health(app: FastAPI, checks: Mapping[str, Check]) -> None:
    """``/livez`` says that the process runs, ``/readyz`` that each of `checks` passes."""

    async def livez() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz() -> JSONResponse:
        results: dict[str, str] = {}
        for name, check in checks.items():
            try:
                await check()
            except Exception as error:  # noqa: BLE001  a probe reports, it never fails itself
                results[name] = type(error).__name__
            else:
                results[name] = "ok"
        ready = all(result == "ok" for result in results.values())
        status = "ok" if ready else "unavailable"
        return JSONResponse({"status": status, "checks": results}, 200 if ready else 503)

    app.add_api_route("/livez", livez, include_in_schema=False)
    app.add_api_route("/readyz", readyz, include_in_schema=False)
