"""The vocabulary file that `weneeds vocabulary build` makes, or the service's own vocabulary."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from services.matching.domain.gazetteer import Gazetteer, read_gazetteer
from services.matching.domain.vocabulary import Builtin

_LARGEST = 256 * 1024 * 1024


def load_vocabulary(file: Path | None) -> Builtin | Gazetteer:
    """Read the file; the service's own vocabulary where none is configured.

    Raises OSError and ValueError: a file that is configured and cannot be read stops the start.
    """
    return Builtin() if file is None else read_gazetteer(vocabulary_value(file))


def vocabulary_value(file: Path) -> dict[str, Any]:
    """Return the plain values of a vocabulary's file; raise OSError and ValueError."""
    with gzip.open(file, "rb") as stream:
        value = json.loads(stream.read(_LARGEST))
    if not isinstance(value, dict):
        raise ValueError("not a vocabulary")
    return value


def save_vocabulary(file: Path, value: dict[str, Any]) -> None:
    """Write a vocabulary; the same vocabulary gives the same bytes."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(data, compresslevel=9, mtime=0))
