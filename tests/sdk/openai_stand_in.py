"""An OpenAI endpoint in this process that always gives the same answer, for clients of any make."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

ANSWER = "Look at the heel first.\n\nThen try the shoe on in the evening, when feet are largest."
CALL = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
SHARED = {"id": "chatcmpl-1", "created": 1, "model": "m"}


class OpenAIStandIn:
    """Between ``with`` and the end of its block; `bodies` are what it was asked."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.bodies = self.bodies  # type: ignore[attr-defined]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.bodies.append(body)  # type: ignore[attr-defined]
        text = '{"shoe": "Scree"}' if body.get("response_format") else ANSWER
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        reason = "stop"
        if body.get("tools"):
            message |= {"content": None, "tool_calls": [CALL]}
            reason = "tool_calls"
        content = _stream(message, reason) if body.get("stream") else _plain(message, reason)
        kind = "text/event-stream" if body.get("stream") else "application/json"
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        pass


def _plain(message: dict[str, Any], reason: str) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
    counts = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    whole = SHARED | {"object": "chat.completion", "choices": [choice], "usage": counts}
    return json.dumps(whole).encode()


def _stream(message: dict[str, Any], reason: str) -> bytes:
    text = message["content"] or ""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": text[at : at + 7]} for at in range(0, len(text), 7)]
    if message.get("tool_calls"):
        deltas.append({"tool_calls": [{"index": 0, **CALL}]})
    events = [_event(delta, None) for delta in deltas] + [_event({}, reason)]
    return b"".join(events) + b"data: [DONE]\n\n"


def _event(delta: dict[str, Any], reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason, "logprobs": None}
    chunk = SHARED | {"object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
