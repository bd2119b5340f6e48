"""The vocabulary of occupations: its names are embedded once, off every request's path."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from services.kit.db import Reader
from services.kit.work import UnitsOfWork
from services.matching.app.ports import Encoder
from services.matching.app.stores import IndexStore, Reads
from services.matching.domain.search.arrays import Floats
from services.matching.domain.search.collection import Model
from services.matching.domain.search.titles import Adapter, Vocabulary

log = logging.getLogger(__name__)

_AT_ONCE = 256


class Names(Protocol):
    """Plain names, ordered by concept; columns of the same length."""

    @property
    def names(self) -> list[str]:
        """The names."""

    @property
    def concepts(self) -> list[int]:
        """The concept of each name, as a number that never falls."""


class Renewable(Protocol):
    """An engine that can compare titles by another model."""

    async def use(self, reads: Reads, model: Model) -> None:
        """Compare by it from now on."""


class Occupations:
    """Reads the vocabulary, embeds what was never embedded, and has the engine use it."""

    def __init__(
        self,
        work: UnitsOfWork,
        reader: Reader,
        store: IndexStore,
        encoder: Encoder,
        engine: Renewable,
        adapter: Adapter,
        read: Callable[[], Names],
    ) -> None:
        self._work = work
        self._reader = reader
        self._store = store
        self._encoder = encoder
        self._engine = engine
        self._adapter = adapter
        self._read = read

    async def load(self) -> None:
        """Make the vocabulary ready. Until then titles are compared with each other alone."""
        told = await asyncio.to_thread(self._read)
        if not told.names:
            log.warning("the vocabulary names no occupations: it was built without ESCO")
            return
        rows: list[Floats] = []
        for start in range(0, len(told.names), _AT_ONCE):
            rows.append(await self._adapted(told.names[start : start + _AT_ONCE]))
        meanings = np.concatenate(rows)
        vocabulary = await asyncio.to_thread(Vocabulary, told.names, told.concepts, meanings)
        await self._engine.use(self._reader, Model(self._adapter, vocabulary))
        log.info("the vocabulary is in use", extra={"names": len(told.names)})

    async def _adapted(self, names: Sequence[str]) -> Floats:
        known = await self._store.names(self._reader, list(dict.fromkeys(names)))
        missing = [name for name in dict.fromkeys(names) if name not in known]
        if missing:
            vectors = await self._encoder.encode(missing)
            found = dict(zip(missing, vectors, strict=True))
            async with self._work() as work:
                await self._store.put_names(work, found)
            known |= {name: np.asarray(vector, np.float32) for name, vector in found.items()}
        return self._adapter(np.stack([known[name] for name in names]))
