"""Choosing TCP ports on 127.0.0.1."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

# Below the ports that the kernel hands to outgoing connections (32768 and up), so that no client
# socket can sit on a port that one of our servers has to take again after a restart.
_LOWEST = 20_000
_HIGHEST = 31_999
_TRIES = 200
_random = random.SystemRandom()


class PortTaken(Exception):
    """A port that the mesh must have is in use by another program."""

    def __init__(self, port: int, use: str, mend: str) -> None:
        super().__init__(f"port {port} ({use}) is taken by another program; {mend}")
        self.port = port


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose(avoid: Collection[int] = ()) -> int:
    """A free port outside of `avoid`."""
    for _ in range(_TRIES):
        port = _random.randint(_LOWEST, _HIGHEST)
        if port not in avoid and is_free(port):
            return port
    raise OSError(f"no free port between {_LOWEST} and {_HIGHEST}")
