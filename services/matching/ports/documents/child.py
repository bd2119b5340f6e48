"""The process that forks a child for each file: `python -m ...documents.child FD`.

It loads the libraries once and never sees a file itself. For each pair of pipes that comes over
its socket it forks; the child takes their places as standard input and output, locks itself down,
reads one file, writes one JSON object and ends.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import struct
import sys
from typing import Any

from services.matching.domain.parsing.codec import reading_to_json
from services.matching.ports.documents import docx, odt, pdf, plain
from services.matching.ports.documents.kinds import MAX_BYTES
from services.matching.ports.documents.lockdown import (
    die_with_parent,
    leave_network,
    lock_down,
)
from services.matching.ports.documents.reading import read
from services.matching.ports.documents.refusals import TOO_LARGE, UNREADABLE, FileRefused

_FIRST = b"Jeanne Exemple\nIng\xe9nieure\nExp\xe9rience\nIng\xe9nieure, Soci\xe9t\xe9  mars 2020\n"
_CHUNK = 1 << 20


def main() -> None:
    """Fork until the socket is closed."""
    die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    network = ["net_namespace"] if leave_network() else []
    control = socket.socket(fileno=int(sys.argv[1]))
    _warm()
    control.sendall(struct.pack("<i", os.getpid()))
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if not message:
            return
        if len(descriptors) != 2:  # noqa: PLR2004
            continue
        child = os.fork()
        if child == 0:
            control.close()
            _one(descriptors[0], descriptors[1], network)
        for descriptor in descriptors:
            os.close(descriptor)
        control.sendall(struct.pack("<i", child))


def _warm() -> None:
    """Load what a file would load, since no child can open a module any more."""
    for encoding in ("utf-8-sig", "utf-16", "cp1252", "latin-1", "cp437"):
        "a".encode(encoding)
    read(_FIRST)
    _ = (docx.read_docx, odt.read_odt, plain.read_text)
    pdf.warm()
    gc.collect()
    gc.freeze()


def _one(source: int, target: int, network: list[str]) -> None:
    """Read one file and end."""
    os.dup2(source, 0)
    os.dup2(target, 1)
    os.closerange(3, 256)
    held = [*network, *lock_down()]
    answer: dict[str, Any]
    try:
        answer = {"reading": reading_to_json(read(_all()))}
    except FileRefused as refused:
        answer = {"refused": refused.reason, "detail": refused.detail[:60]}
    except (MemoryError, RecursionError):
        answer = {"refused": TOO_LARGE, "detail": "memory"}
    except Exception as error:  # whatever a hostile file provokes, it is the file's fault
        answer = {"refused": UNREADABLE, "detail": type(error).__name__}
    answer["held"] = held
    _write(json.dumps(answer, ensure_ascii=True).encode())
    os._exit(0)


def _all() -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := os.read(0, _CHUNK):
        size += len(chunk)
        if size > MAX_BYTES:
            raise FileRefused(TOO_LARGE)
        parts.append(chunk)
    return b"".join(parts)


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    main()
