"""gRPC-web as a browser speaks it: HTTP/1.1, frames of five bytes and a body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import grpc
import httpx
from google.protobuf.message import Message

from bench.wire import grpc_web_frame
from services.kit.contract import Method

HEADERS = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
_HEAD_BYTES = 5
# The flag of the frame that holds the trailers instead of a message.
_TRAILERS = 0x80


async def over_web(
    http: httpx.AsyncClient,
    method: Method,
    request: Message,
    headers: Mapping[str, str] | None = None,
) -> tuple[Message | None, dict[str, str]]:
    """Call a method; return the first message and the trailers.

    A stream is left once its first frame is there: then there are no trailers
    but those that came instead of a message.
    """
    asked = http.build_request(
        "POST",
        method.path,
        headers={**HEADERS, **(headers or {})},
        content=grpc_web_frame(request),
    )
    answer = await http.send(asked, stream=True)
    try:
        return await _read(answer, method)
    finally:
        await answer.aclose()


async def _read(answer: httpx.Response, method: Method) -> tuple[Message | None, dict[str, str]]:
    assert answer.status_code == 200, answer.status_code
    assert answer.headers["content-type"] == HEADERS["content-type"], answer.headers
    # An error of which nothing else is known stands in the head alone.
    if "grpc-status" in answer.headers:
        return None, dict(answer.headers)
    body = b""
    async for chunk in answer.aiter_bytes():
        body += chunk
        if method.streaming and any(_frames(body)):
            break
    frames = dict(_frames(body))
    message = method.response.FromString(frames[0]) if 0 in frames else None
    trailers = _trailers(frames.get(_TRAILERS, b""))
    assert "grpc-status" in trailers or (method.streaming and message is not None), body
    return message, trailers


def _frames(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The frames that have come in full, by flag."""
    while len(body) >= _HEAD_BYTES:
        length = int.from_bytes(body[1:_HEAD_BYTES], "big")
        if len(body) < _HEAD_BYTES + length:
            return
        yield body[0], body[_HEAD_BYTES : _HEAD_BYTES + length]
        body = body[_HEAD_BYTES + length :]


def _trailers(frame: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in frame.decode().split("\r\n") if line)
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def failed(trailers: Mapping[str, str]) -> bool:
    """Whether the trailers tell of a failure. A stream that goes on has none yet."""
    return trailers.get("grpc-status", "0") != str(grpc.StatusCode.OK.value[0])
