"""Refusals in Stripe's shape: type, code, message, param, and for cards the decline and the intent."""

from typing import Any


class Refusal(Exception):  # noqa: N818  it is an answer, not a failure of ours
    """An error answer. `extra` joins the `error` object."""

    def __init__(self, status: int, kind: str, message: str, **extra: Any) -> None:
        self.status = status
        self.body: dict[str, Any] = {
            "error": {"type": kind, "message": message}
            | {name: value for name, value in extra.items() if value is not None}
        }
        super().__init__(message)


def invalid(
    message: str, param: str | None = None, *, code: str | None = None, status: int = 400
) -> Refusal:
    """A request that Stripe would refuse as invalid."""
    return Refusal(status, "invalid_request_error", message, param=param, code=code)


def missing(kind: str, identifier: str) -> Refusal:
    """No such object."""
    return invalid(f"No such {kind}: '{identifier}'", "id", code="resource_missing", status=404)


def declined(code: str, decline_code: str | None, intent: dict[str, Any] | None) -> Refusal:
    """A card that said no; carries the payment intent, as the real thing does."""
    messages = {
        "authentication_required": "Your card was declined. This transaction requires authentication.",
        "expired_card": "Your card has expired.",
        "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    }
    return Refusal(
        402,
        "card_error",
        messages.get(code, "Your card was declined."),
        code=code,
        decline_code=decline_code,
        payment_intent=intent,
    )
