"""What the encoder keeps, cuts and asks the model for; the model runs in the mesh's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.matching.ports.encoder import Usem3


class Model:
    """Stands in for the network: a text's vector is its length."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def encode(self, texts: list[str]) -> list[list[float]]:
        self.batches.append(texts)
        return [[float(len(text))] for text in texts]


@pytest.fixture
async def encoder() -> AsyncIterator[Any]:
    encoder = Usem3()
    encoder._model = Model()
    yield encoder
    await encoder.close()


async def test_vectors_come_in_order_and_each_text_is_encoded_once(encoder: Any) -> None:
    assert await encoder.encode(["a", "bbb", "a"]) == [[1.0], [3.0], [1.0]]
    assert encoder._model.batches == [["a", "bbb"]]


async def test_short_texts_are_kept(encoder: Any) -> None:
    await encoder.encode(["Python", "Docker"])
    await encoder.encode(["Docker", "Kafka"])
    assert encoder._model.batches == [["Python", "Docker"], ["Kafka"]]


async def test_long_texts_are_cut_and_not_kept(encoder: Any) -> None:
    assert await encoder.encode(["x" * 9000]) == [[4000.0]]
    await encoder.encode(["x" * 9000])
    assert len(encoder._model.batches) == 2


async def test_many_texts_go_in_batches(encoder: Any) -> None:
    await encoder.encode([f"t{number}" for number in range(40)])
    assert [len(batch) for batch in encoder._model.batches] == [16, 16, 8]


async def test_nothing_asks_for_nothing(encoder: Any) -> None:
    assert await encoder.encode([]) == []
    assert encoder._model.batches == []
