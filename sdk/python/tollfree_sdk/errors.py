"""What can go wrong between a service and the ad network.

    AdNetworkError
    ├── AdNetworkTimeout        no answer in time
    ├── AdNetworkUnreachable    no connection, or it broke
    ├── AdNetworkRefused        an HTTP error; carries `status` and `code`
    └── AdNetworkGarbled        an answer that does not speak the contract

None of them reaches a caller unless the client was made ``strict``: a turn without an ad is a
result with a reason. Messages never quote a conversation or a key.
"""

import json

from tollfree_sdk.contract import NoFill


class AdNetworkError(Exception):
    """The root; `reason` is what a turn without an ad reports for it."""

    reason: NoFill = NoFill.ERROR


class AdNetworkTimeout(AdNetworkError):
    reason = NoFill.TIMEOUT


class AdNetworkUnreachable(AdNetworkError):
    reason = NoFill.UNAVAILABLE


class AdNetworkGarbled(AdNetworkError):
    reason = NoFill.ERROR


class AdNetworkRefused(AdNetworkError):
    """The network answered with an error: a wrong key is 401, a busy network 429 or 503."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code
        self.reason = NoFill.UNAVAILABLE if status == 429 or status >= 500 else NoFill.ERROR
        super().__init__(f"The ad network answered {status} ({code}). {_advice(status)}")


def error_code(content: bytes) -> str:
    """The code in an error's body, for messages; "unknown" where there is none."""
    try:
        return str(json.loads(content)["error"]["code"])[:60]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "unknown"


def _advice(status: int) -> str:
    if status in (401, 403):
        return "Check the key: it starts with tf_pub_ and belongs to this network."
    if status == 429 or status >= 500:
        return "This passes; answers go out without an ad meanwhile."
    return "The request was refused; check that SDK and network versions fit."
