"""Ads in the streamed answers of a FastAPI or Starlette application.

    @app.post("/chat")
    async def chat(messages: list[dict], ads: AsyncTollfree = Depends(network)) -> Response:
        return streaming_response(ads, messages, my_model(messages))

where ``network = Network()`` makes one `AsyncTollfree` for the application when it is first asked.
"""

from collections.abc import AsyncIterable, Iterable
from typing import Any

from tollfree_sdk.async_network import AsyncTollfree


class Network:
    """A dependency that gives everybody the same `AsyncTollfree`; `close` it at shutdown."""

    def __init__(self, **made_with: Any) -> None:
        self._made_with = made_with
        self._network: AsyncTollfree | None = None

    async def __call__(self) -> AsyncTollfree:
        if self._network is None:
            self._network = AsyncTollfree(**self._made_with)
        return self._network

    async def close(self) -> None:
        """Let the connections go."""
        if self._network is not None:
            await self._network.close()


def streaming_response(
    ads: AsyncTollfree,
    messages: Iterable[Any],
    pieces: AsyncIterable[str],
    *,
    media_type: str = "text/markdown",
    **options: Any,
) -> Any:
    """A Starlette StreamingResponse of `pieces` with an ad; the match starts now."""
    from starlette.responses import StreamingResponse

    stream = ads.ads.stream(messages=messages, **options)
    return StreamingResponse(stream.around(pieces), media_type=media_type)
