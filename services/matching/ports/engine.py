"""The scoring function's fingerprint."""

from __future__ import annotations

import hashlib
from pathlib import Path

from services.matching.domain import scoring


def engine_hash() -> str:
    """SHA-256, in hex, over the names and the bytes of the scoring function's source files."""
    digest = hashlib.sha256()
    folder = Path(next(iter(scoring.__path__)))
    for file in sorted(folder.glob("*.py")):
        content = file.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{file.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
