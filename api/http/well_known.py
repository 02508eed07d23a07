"""Where anybody finds the keys by which our signatures are checked: /.well-known/tollfree.json."""

from typing import Any

from fastapi import APIRouter

from api.chat.attestation import Attestation


def routes(attestation: Attestation) -> APIRouter:
    """The document."""
    router = APIRouter(tags=["well-known"])

    @router.get("/.well-known/tollfree.json", include_in_schema=False)
    async def document() -> dict[str, Any]:
        key = {"id": attestation.key_id, "ed25519": attestation.public_key, "signs": "organic"}
        return {"v": 1, "keys": [key]}

    return router
