"""Every error that we expect, as one tree.

    TollfreeError
    ├── BadRequest 400            the caller can mend it; `param` names what
    ├── Unauthenticated 401       no key, or one that we do not know
    ├── InsufficientFunds 402     raised by the ledger, shown to advertisers
    ├── Forbidden 403             known, but not allowed
    ├── NotFound 404
    ├── Conflict 409
    ├── PayloadTooLarge 413
    ├── QuotaExceeded 429         says when to come back
    ├── UpstreamFailed 502        the model's provider failed
    ├── Unavailable 503           ours, and passing
    └── SettingsInvalid           at start-up only; never reaches a caller

A class fixes code, status and type; an instance carries its data as attributes and a message
that says what was wrong and what to do. Expected outcomes never become a 500, and messages never
quote a conversation.
"""


class TollfreeError(Exception):
    """The root: `code` for programs, `status` for HTTP, `message` for people.

    `retry_after_seconds` is when the same request may work, where that can be known.
    """

    code: str = "internal_error"
    status: int = 500
    type: str = "api_error"
    retry_after_seconds: float | None = None

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        self.message = message
        self.param = param
        if code is not None:
            self.code = code
        super().__init__(message)


class BadRequest(TollfreeError):
    code, status, type = "invalid_request", 400, "invalid_request_error"


class Unauthenticated(TollfreeError):
    code, status, type = "invalid_api_key", 401, "authentication_error"


class InsufficientFunds(TollfreeError):
    code, status, type = "insufficient_funds", 402, "billing_error"


class Forbidden(TollfreeError):
    code, status, type = "forbidden", 403, "permission_error"


class NotFound(TollfreeError):
    code, status, type = "not_found", 404, "invalid_request_error"


class Conflict(TollfreeError):
    code, status, type = "conflict", 409, "invalid_request_error"


class PayloadTooLarge(TollfreeError):
    code, status, type = "payload_too_large", 413, "invalid_request_error"


class QuotaExceeded(TollfreeError):
    code, status, type = "rate_limit_exceeded", 429, "rate_limit_error"

    def __init__(
        self, message: str, *, retry_after_seconds: float, code: str | None = None
    ) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message, code=code)


class UpstreamFailed(TollfreeError):
    code, status, type = "upstream_failed", 502, "api_error"


class Unavailable(TollfreeError):
    code, status, type = "unavailable", 503, "api_error"
    retry_after_seconds = 1.0


class SettingsInvalid(TollfreeError):
    code = "settings_invalid"


def retry_after(error: TollfreeError) -> str | None:
    """The value of the header `retry-after`, where there is one."""
    seconds = error.retry_after_seconds
    return None if seconds is None else str(max(1, round(seconds)))


def error_body(error: TollfreeError) -> dict[str, dict[str, str | None]]:
    """The error in OpenAI's shape, all four members present."""
    return {
        "error": {
            "message": error.message,
            "type": error.type,
            "param": error.param,
            "code": error.code,
        }
    }
