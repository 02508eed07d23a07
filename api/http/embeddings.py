"""``POST /v1/embeddings`` from the embedder on this machine.

Vectors are of unit length, as floats or as base64 of little-endian 32-bit floats. A text that is
longer than the model can read is read in pieces, whose mean is returned. Texts are embedded on one
thread beside the event loop and kept nowhere. Token arrays and other dimensions are refused.
"""

import asyncio
import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
import orjson
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray

from api.access.key_book import KeyBook
from api.http.json_call import read_call
from api.http.reading import refused
from kernel.errors import BadRequest, NotFound
from language.embedder import Embedder
from language.vector import unit

_MAX_TEXTS: Final = 256
_MAX_CHARACTERS: Final = 200_000
# About 200 tokens of English: well within what the model reads at once.
_PIECE: Final = 800
_CHARACTERS_PER_TOKEN: Final = 4
_Vector = NDArray[np.float32]


class Embeddings:
    """The local model under its own name, on a thread of its own."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embeddings")
        self.model = embedder.model_id.split("/")[0]

    async def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body of the answer. Raises BadRequest or NotFound."""
        self._check(body)
        texts = _texts(body.get("input"))
        as_base64 = _encoding(body.get("encoding_format")) == "base64"
        loop = asyncio.get_running_loop()
        vectors = await loop.run_in_executor(self._thread, self._embed_all, texts)
        tokens = sum(max(1, len(text) // _CHARACTERS_PER_TOKEN) for text in texts)
        return {
            "object": "list",
            "data": [
                {
                    "object": "embedding",
                    "index": index,
                    "embedding": _base64(vector) if as_base64 else vector.tolist(),
                }
                for index, vector in enumerate(vectors)
            ],
            "model": self.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }

    def close(self) -> None:
        """Finish the text in hand and no other."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _check(self, body: dict[str, Any]) -> None:
        name, size = body.get("model"), self._embedder.dimensions
        if not isinstance(name, str) or not name:
            raise BadRequest(f"`model` is missing. Send {self.model}.", param="model")
        if name not in {self.model, self._embedder.model_id}:
            raise NotFound(
                f"There is no such embedding model here. Available: {self.model}.",
                param="model",
                code="model_not_found",
            )
        if body.get("dimensions") not in (None, size):
            raise refused("dimensions", f"cannot be chosen: {self.model} has {size}. Leave it out.")

    def _embed_all(self, texts: list[str]) -> list[_Vector]:
        return [self._embed(text) for text in texts]

    def _embed(self, text: str) -> _Vector:
        pieces = _pieces(text)
        if len(pieces) == 1:
            return self._embedder.embed(text)
        weighted = [self._embedder.embed(piece) * np.float32(len(piece)) for piece in pieces]
        return unit(np.sum(weighted, axis=0, dtype=np.float32))


def routes(embeddings: Embeddings, keys: KeyBook) -> APIRouter:
    """The one route."""
    router = APIRouter(tags=["embeddings"])

    @router.post("/v1/embeddings")
    async def create(request: Request) -> Response:
        call = await read_call(request, keys)
        body = await embeddings.answer(call.body)
        return Response(orjson.dumps(body), media_type="application/json")

    return router


def _texts(given: Any) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts:
        raise BadRequest("`input` must be a text or a list of texts.", param="input")
    if any(isinstance(one, int | list) for one in texts):
        raise refused("input", "must be text: token arrays belong to another model's tokenizer.")
    if not all(isinstance(one, str) and one for one in texts):
        raise BadRequest("`input` may hold no empty text and nothing but texts.", param="input")
    if len(texts) > _MAX_TEXTS or sum(map(len, texts)) > _MAX_CHARACTERS:
        raise BadRequest(
            f"`input` may hold at most {_MAX_TEXTS} texts and {_MAX_CHARACTERS:,} characters. "
            "Send several requests.",
            param="input",
        )
    return texts


def _encoding(given: Any) -> str:
    if given not in (None, "float", "base64"):
        raise BadRequest("`encoding_format` must be float or base64.", param="encoding_format")
    return given or "float"


def _pieces(text: str) -> list[str]:
    """The text cut at white space where possible."""
    pieces, start = [], 0
    while len(text) - start > _PIECE:
        end = max(text.rfind(mark, start + _PIECE // 2, start + _PIECE) for mark in " \n\t")
        end = end if end > start else start + _PIECE
        pieces.append(text[start:end])
        start = end
    return [*pieces, text[start:]]


def _base64(vector: _Vector) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()
