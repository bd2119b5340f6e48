"""`python -m evaluation.learn`: learn the title adapter from the names of occupations.

Names of one concept, in any language, should come together and concepts stay apart: linear
discriminant analysis. With S_w the scatter of names around their concept and S_b that of the
concepts, shrunk towards a sphere by `SHRINKAGE` of the mean variance:

    T = S_b + S_w + SHRINKAGE * trace(S_b + S_w) / d * I,   M = T^-1/2 S_b T^-1/2 = U diag(e) U'
    weights = T^-1/2 U diag(e), the directions of the largest e

A concept counts once in each language, so that many synonyms do not outweigh a translation. No
label of a set, no query and no judgement is used; the same names give the same weights.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.cache import Matrix
from evaluation.places import STATE, NoSets, eval_dir
from evaluation.texts import Texts
from services.matching.domain.search.titles import Adapter
from services.matching.ports.adapter import TITLES, save_adapter
from services.matching.ports.occupations import Names, occupation_names

SHRINKAGE = 0.3
DIRECTIONS = 256
_METHOD = "lda-1"

Square = NDArray[np.float64]


def main() -> None:
    """Learn and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.learn", description=__doc__)
    parser.add_argument("--output", type=Path, default=TITLES)
    output = parser.parse_args().output
    try:
        names = occupation_names(eval_dir() / "esco")
    except (NoSets, FileNotFoundError) as missing:
        sys.exit(str(missing))
    vectors = Texts(STATE).vectors(names.names)
    adapter = learn(names, vectors)
    save_adapter(adapter, output)
    print(f"{len(names.names)} names -> {adapter.weights.shape}, version {adapter.version}")


def learn(names: Names, vectors: Matrix) -> Adapter:
    """Return the adapter for names and their vectors."""
    rows = vectors.astype(np.float64)
    concepts = np.asarray(names.concepts)
    centres = _centres(rows, concepts, names.languages)
    within = _within(rows, concepts, centres)
    apart = centres - centres.mean(axis=0)
    between = apart.T @ apart / len(apart)
    weights = _discriminant(within, between)
    told = hashlib.sha256("\n".join(names.names).encode()).hexdigest()[:8]
    return Adapter(f"{_METHOD}-{told}", weights.astype(np.float32))


def _discriminant(within: Square, between: Square) -> Square:
    total = within + between
    size = len(total)
    total = total + SHRINKAGE * np.trace(total) / size * np.eye(size)
    values, vectors = np.linalg.eigh(total)
    whiten = vectors @ np.diag(values**-0.5) @ vectors.T
    shares, directions = np.linalg.eigh(whiten @ between @ whiten)
    largest = np.argsort(-shares)[:DIRECTIONS]
    return np.asarray(whiten @ directions[:, largest] * np.maximum(shares[largest], 0))


def _centres(rows: Square, concepts: NDArray[np.int64], languages: list[str]) -> Square:
    """The middle of each concept: the mean over languages of the mean of its names."""
    count = int(concepts.max()) + 1
    total, told = np.zeros((count, rows.shape[1])), np.zeros(count)
    spoken = np.asarray(languages)
    for language in sorted(set(languages)):
        here = spoken == language
        sums = np.zeros_like(total)
        np.add.at(sums, concepts[here], rows[here])
        names = np.bincount(concepts[here], minlength=count)
        total[names > 0] += sums[names > 0] / names[names > 0, None]
        told += names > 0
    return np.asarray(total / np.maximum(told, 1)[:, None])


def _within(rows: Square, concepts: NDArray[np.int64], centres: Square) -> Square:
    weights = 1 / np.bincount(concepts)[concepts]
    away = rows - centres[concepts]
    return np.asarray((away * weights[:, None]).T @ away / weights.sum())


if __name__ == "__main__":
    main()
