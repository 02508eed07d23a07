"""``POST /v1/moderations``: our own gate, under OpenAI's category names.

The same judgement that keeps ads away from a text. It looks for recall, names topics and not
intentions, and says so in its model's name; its scores are 0 or 1. Topics that only matter to ads,
such as grief or politics, flag nothing here. Images are not looked at and are refused.
"""

import asyncio
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request, Response

from api.access.key_book import KeyBook
from api.http.json_call import read_call
from api.http.reading import refused
from api.http.responses_answer import id_after
from kernel.errors import BadRequest
from kernel.ids import new_id
from language.embedder import Embedder
from language.sensitive_topics import SensitiveTopic, topics_in

MODEL: Final = "tollfree-moderation"
CATEGORIES: Final = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
    "illicit/violent", "self-harm", "self-harm/intent", "self-harm/instructions", "sexual",
    "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
_NAMES: Final = {
    SensitiveTopic.SELF_HARM: "self-harm",
    SensitiveTopic.SEXUAL: "sexual",
    SensitiveTopic.HATE: "hate",
    SensitiveTopic.VIOLENCE: "violence",
    SensitiveTopic.CRIME: "illicit",
}
_MAX_TEXTS: Final = 32


def judgement(text: str, embedder: Embedder | None) -> dict[str, Any]:
    """One result: ``{"flagged": true, "categories": {"violence": true, …}, …}``."""
    vector = embedder.embed(text) if embedder is not None else None
    topics = topics_in(text, vector, model_id=embedder.model_id if embedder else None)
    flagged = {_NAMES[topic] for topic in topics if topic in _NAMES}
    if {SensitiveTopic.MINORS, SensitiveTopic.SEXUAL} <= topics:
        flagged.add("sexual/minors")
    return {
        "flagged": bool(flagged),
        "categories": {name: name in flagged for name in CATEGORIES},
        "category_scores": {name: float(name in flagged) for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
    }


def routes(keys: KeyBook, embedder: Embedder | None) -> APIRouter:
    """The one route; without an embedder only the lexicon votes."""
    router = APIRouter(tags=["moderations"])

    @router.post("/v1/moderations")
    async def create(request: Request) -> Response:
        call = await read_call(request, keys)
        texts = _texts(call.body.get("input"))
        results = [await asyncio.to_thread(judgement, text, embedder) for text in texts]
        body = {"id": id_after("modr", new_id("modr")), "model": MODEL, "results": results}
        return Response(orjson.dumps(body), media_type="application/json")

    return router


def _texts(given: Any) -> list[str]:
    """One text for each result. Parts belong to one input, so they are judged together."""
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list) or not given or len(given) > _MAX_TEXTS:
        raise BadRequest(
            f"`input` must be a text, or a list of 1 to {_MAX_TEXTS} texts.", param="input"
        )
    if all(isinstance(one, str) for one in given):
        return given
    texts = [
        one.get("text") for one in given if isinstance(one, dict) and one.get("type") == "text"
    ]
    if len(texts) != len(given):
        raise refused("input", "may hold text only: images are not looked at here.")
    if not all(isinstance(text, str) for text in texts):
        raise BadRequest("Each text part of `input` needs a `text`.", param="input")
    return ["\n".join(map(str, texts))]
