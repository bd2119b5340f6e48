"""Vectors that were computed before: an encoder is slow, and the texts of a set do not change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Encode = Callable[[list[str]], Matrix]
Told = Callable[[int, int], None]
"""Told how many texts of how many are done."""

_KEY = 20
_BATCH = 64


class Cache:
    """A file of keys and a file of vectors that only grow; what was cut off by a crash is ignored.

    The key is the hash of a text; a folder belongs to one encoder and one cut of the text.
    """

    def __init__(self, folder: Path, dimensions: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._keys, self._vectors = folder / "keys", folder / "vectors"
        self._dimensions = dimensions
        self._at = self._read()

    def vectors(self, texts: Sequence[str], encode: Encode, told: Told | None = None) -> Matrix:
        """Return one row a text, in order; encode what is not known yet, longest texts last."""
        keys = [_key(text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._at}
        if missing:
            self._add(sorted(missing.items(), key=lambda pair: len(pair[1])), encode, told)
        stored = np.memmap(self._vectors, np.float32, "r").reshape(-1, self._dimensions)
        return np.asarray(stored[[self._at[key] for key in keys]])

    def _add(self, missing: list[tuple[bytes, str]], encode: Encode, told: Told | None) -> None:
        with self._keys.open("ab") as keys, self._vectors.open("ab") as vectors:
            for start in range(0, len(missing), _BATCH):
                batch = missing[start : start + _BATCH]
                rows = encode([text for _, text in batch])
                vectors.write(np.ascontiguousarray(rows, np.float32).tobytes())
                vectors.flush()
                keys.write(b"".join(key for key, _ in batch))
                keys.flush()
                for key, _ in batch:
                    self._at[key] = len(self._at)
                if told is not None:
                    told(min(start + _BATCH, len(missing)), len(missing))

    def _read(self) -> dict[bytes, int]:
        """Read the keys; cut both files to what both hold."""
        width = self._dimensions * 4
        for file in (self._keys, self._vectors):
            file.touch()
        count = min(self._keys.stat().st_size // _KEY, self._vectors.stat().st_size // width)
        _cut(self._keys, count * _KEY)
        _cut(self._vectors, count * width)
        keys = self._keys.read_bytes()
        return {keys[at : at + _KEY]: at // _KEY for at in range(0, len(keys), _KEY)}


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:_KEY]


def _cut(file: Path, size: int) -> None:
    if file.stat().st_size > size:
        with file.open("r+b") as opened:
            opened.truncate(size)
