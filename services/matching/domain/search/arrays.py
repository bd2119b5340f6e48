"""Names for the arrays that the search works on."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Bytes: TypeAlias = NDArray[np.int8]
Slots: TypeAlias = NDArray[np.int32]
Wholes: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


VECTOR_SIZE = 512
"""Numbers that the encoder makes of a text."""


def unit(rows: Floats) -> Floats:
    """Each row at length 1; a row of nothing stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, np.float32(1e-9)), np.float32)
