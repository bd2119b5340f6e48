"""A stand-in for language models: it speaks the protocols of OpenAI, Mistral and Anthropic."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request: where it went, with which key, and its body."""

    path: str
    key: str
    body: dict[str, Any]

    def texts(self) -> list[tuple[str, str]]:
        """Role and text of each message, the system's first."""
        system = self.body.get("system")
        first = [("system", system)] if system else []
        return [
            *first,
            *((message["role"], _text(message["content"])) for message in self.body["messages"]),
        ]


@dataclass
class StandIn:
    """Answers in turn; the last answer goes on. A number is an HTTP status."""

    url: str
    answers: Sequence[str | int]
    asked: list[Asked] = field(default_factory=list)

    def next(self) -> str | int:
        """The answer to the request that was noted last."""
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


@contextmanager
def stand_in(*answers: str | int) -> Iterator[StandIn]:
    """A server on a free port."""
    script = StandIn("", answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
            script.asked.append(Asked(self.path, self.headers.get("x-api-key") or bearer, body))
            answer = script.next()
            if isinstance(answer, int):
                self._send(answer, {"error": {"message": "scripted", "type": "scripted"}})
            elif self.path.endswith("/messages"):
                self._send(200, _anthropic(body["model"], answer))
            else:
                self._send(200, _openai(body["model"], answer))

        def _send(self, status: int, value: dict[str, Any]) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _openai(model: str, text: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 40, "completion_tokens": 10, "total_tokens": 50},
    }


def _anthropic(model: str, text: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 40, "output_tokens": 10},
    }


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)
