"""The learnt title adapter, from the package's own file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from services.matching.domain.search.titles import Adapter

TITLES = Path(__file__).parent / "weights" / "titles.npz"


def load_adapter(file: Path = TITLES) -> Adapter:
    """Read an adapter: its version and its weights, in half precision on disk."""
    with np.load(file, allow_pickle=False) as stored:
        return Adapter(str(stored["version"]), stored["weights"].astype(np.float32))


def save_adapter(adapter: Adapter, file: Path = TITLES) -> None:
    """Write an adapter; the same weights give the same bytes."""
    weights = adapter.weights.astype(np.float16)
    np.savez(file, version=np.asarray(adapter.version), weights=weights)
