"""Inner products of one vector with many: whole bytes for the scan, floats for what counts.

A scan over bytes reads a quarter of the memory. Each row has its own scale, so the error of an
inner product of unit vectors of 512 numbers stays near 0.001; what is shown is computed exactly.
"""

from __future__ import annotations

import numkong
import numpy as np

from services.matching.domain.search.arrays import Bytes, Floats, Slots

_FEW = 4096
"""Up to here an exact product costs no more than the way to it."""
_TOP = 127


class Vectors:
    """Rows of length 1, exact and as bytes. Never changes."""

    def __init__(self, rows: Floats) -> None:
        self.exact: Floats = np.ascontiguousarray(rows, np.float32)
        self._bytes, self._scales = _as_bytes(self.exact)

    def __len__(self) -> int:
        return len(self.exact)

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return self.exact.nbytes + self._bytes.nbytes + self._scales.nbytes

    def scan(self, query: Floats, slots: Slots | None = None) -> Floats:
        """Return the products with all rows, or with those of `slots`, to about 0.001."""
        count = len(self.exact) if slots is None else len(slots)
        if count <= _FEW:
            return self.products(query, slots)
        asked, scale = _as_bytes(query[None, :])
        rows = self._bytes if slots is None else self._bytes[slots]
        scales = self._scales if slots is None else self._scales[slots]
        sums = np.asarray(numkong.cdist(asked, rows, "dot"))[0]
        return np.asarray(sums * (scales * scale[0]), np.float32)

    def products(self, query: Floats, slots: Slots | None = None) -> Floats:
        """Return the exact products.

        Row by row, so that a row's product is the same whatever stands beside it.
        """
        rows = self.exact if slots is None else self.exact[slots]
        return np.asarray(np.einsum("ij,j->i", rows, query), np.float32)


def _as_bytes(rows: Floats) -> tuple[Bytes, Floats]:
    """Each row in whole numbers of -127..127 and what one of them is worth."""
    scales = (np.abs(rows).max(axis=1, initial=1e-9) / _TOP).astype(np.float32)
    return np.rint(rows / scales[:, None]).astype(np.int8), scales
