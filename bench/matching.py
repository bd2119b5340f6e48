"""The search in memory: vectors, hybrid, filters, recall, throughput and memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np

from bench.figures import Figure, Target, quantile
from bench.people import JOB, PROFILE, People
from bench.scene import Scene
from services.matching.domain.fusion import BALANCED, CLASSIC, RankingProfile
from services.matching.domain.scoring.brief import read_job
from services.matching.domain.scoring.score import score_for
from services.matching.domain.search.collection import Collection
from services.matching.domain.search.entry import Sought
from services.matching.domain.search.facets import Filter
from services.matching.domain.search.search import Request, search
from services.matching.domain.search.view import View
from services.matching.ports.encoder import Usem3

_GROUP = "matching"
_PORTION = 5_000
_SHOWN = 50
_QUICK_ROUNDS = 3
_QUERIES = 40
_SCORES = 300
_TODAY = date(2026, 11, 23)
_ALL, _TENTH, _FEW = Filter(), Filter(city="Lyon"), Filter(city="Annecy")
_VECTOR: dict[int, Target | None] = {10_000: None, 100_000: Target(5.0), 1_000_000: Target(50.0)}
_VECTOR_TENTH = {100_000: Target(3.0)}
_HYBRID = {100_000: Target(25.0)}


async def matching(scene: Scene) -> list[Figure]:
    """10,000 entries, and 100,000 unless it is to be quick; then the encoder and the score."""
    sizes = (10_000,) if scene.amount.rounds <= _QUICK_ROUNDS else (10_000, 100_000)
    return [*_sizes(scene, sizes), *_scores(), *await _encoder()]


async def matching_million(scene: Scene) -> list[Figure]:
    """A million entries: minutes, and 4 GB of memory."""
    return _sizes(scene, (1_000_000,))


def _sizes(scene: Scene, sizes: tuple[int, ...]) -> list[Figure]:
    people, collection = People(), Collection()
    found: list[Figure] = []
    tick = scene.steps("search in memory", max(sizes) // _PORTION + len(sizes))
    spent = 0.0
    for size in sizes:
        while len(collection) < size:
            portion = people.entries(_PORTION)
            started = time.process_time()
            collection.put(portion, people.names)
            spent += time.process_time() - started
            tick()
        found += _of_size(size, people, collection)
        tick()
    found.append(Figure(_GROUP, "entries laid out", len(collection) / spent, "/s of CPU"))
    memory = collection.size / 2**20
    found.append(Figure(_GROUP, f"memory of {len(collection):,} entries", memory, "MiB"))
    return found


@dataclass(frozen=True)
class _Times:
    """Milliseconds of each search: of its thread, and by the clock."""

    cpu: list[float]
    wall: list[float]


def _of_size(size: int, people: People, collection: Collection) -> list[Figure]:
    asked = [people.job() for _ in range(_QUERIES)]
    name = f"{size:,}"
    found = [
        _vectors(collection, asked, _ALL, f"{name}: vectors", _VECTOR[size]),
        _vectors(
            collection, asked, _TENTH, f"{name}: vectors, 10 % filter", _VECTOR_TENTH.get(size)
        ),
        _vectors(collection, asked, _FEW, f"{name}: vectors, 1.5 % filter", None),
        _recall(collection, asked, _ALL, f"{name}: recall@50"),
        _recall(collection, asked, _TENTH, f"{name}: recall@50, 10 % filter"),
        _recall(collection, asked, _FEW, f"{name}: recall@50, 1.5 % filter"),
    ]
    for profile in (CLASSIC, BALANCED):
        for wanted, said in ((_ALL, ""), (_TENTH, ", 10 % filter"), (_FEW, ", 1.5 % filter")):
            target = _HYBRID.get(size) if profile is CLASSIC and not said else None
            run = partial(_hybrid, collection, people, profile, wanted)
            times = _timed(run, asked)
            found.append(_figure(f"{name}: {profile} hybrid{said}", times, target))
    return found


def _hybrid(
    collection: Collection, people: People, profile: RankingProfile, wanted: Filter, one: Sought
) -> None:
    search(collection, Request(one, profile, people.names, wanted))


def _vectors(
    collection: Collection, asked: list[Sought], wanted: Filter, what: str, target: Target | None
) -> Figure:
    """The vector part: filter, scan, the exact products of the best, the page's order."""

    def run(one: Sought) -> None:
        _best(View(collection, wanted), one)

    return _figure(what, _timed(run, asked), target)


def _best(view: View, one: Sought) -> list[int]:
    vector = one.vector
    if vector is None:
        return []
    rough = view.scan(vector)
    count = min(200, len(rough))
    near = np.argpartition(rough, -count)[-count:].astype(np.int32)
    exact = view.products(vector, near)
    return [int(place) for place in near[np.argsort(-exact)[:_SHOWN]]]


def _recall(collection: Collection, asked: list[Sought], wanted: Filter, what: str) -> Figure:
    """The share of the exact fifty nearest that the vector part finds."""
    view = View(collection, wanted)
    every = np.arange(view.total, dtype=np.int32)
    shares: list[float] = []
    for one in asked[:10]:
        if one.vector is None:
            continue
        exact = view.products(one.vector, every)
        best = set(np.argsort(-exact, kind="stable")[:_SHOWN].tolist())
        shares.append(len(best & set(_best(view, one))) / len(best))
    return Figure(_GROUP, what, float(np.mean(shares)), "", Target(0.9995, at_most=False))


def _scores() -> list[Figure]:
    brief = read_job(JOB)
    score_for(brief, PROFILE, _TODAY)
    started = time.process_time()
    for _ in range(_SCORES):
        score_for(brief, PROFILE, _TODAY)
    each = _SCORES / (time.process_time() - started)
    return [Figure(_GROUP, "scores", each, "/s of CPU", Target(5_000, at_most=False))]


async def _encoder() -> list[Figure]:
    encoder = Usem3()
    await encoder.encode(["Le modèle se charge."])
    text = "Développeuse Python : services web, bases de données et tests automatisés. " * 8
    try:
        cold = [await _once(encoder, f"{at} {text}") for at in range(5)]
        await encoder.encode(["Développeuse Python"])
        cached = [await _once(encoder, "Développeuse Python") for _ in range(50)]
        started = time.process_time()
        await encoder.encode([f"Métier fictif {at}" for at in range(256)])
        each = 256 / (time.process_time() - started)
    finally:
        await encoder.close()
    return [
        Figure(_GROUP, "query embedded, cold", quantile(cold, 0.5), "ms"),
        Figure(_GROUP, "query embedded, cached", quantile(cached, 0.5), "ms"),
        Figure(_GROUP, "titles embedded in batches", each, "/s of CPU"),
    ]


async def _once(encoder: Usem3, text: str) -> float:
    started = time.perf_counter()
    await encoder.encode([text])
    return (time.perf_counter() - started) * 1000


def _timed(run: Callable[[Sought], object], asked: list[Sought]) -> _Times:
    run(asked[0])
    cpu: list[float] = []
    wall: list[float] = []
    for one in asked:
        started, busy = time.perf_counter(), time.thread_time()
        run(one)
        cpu.append((time.thread_time() - busy) * 1000)
        wall.append((time.perf_counter() - started) * 1000)
    return _Times(cpu, wall)


def _figure(what: str, times: _Times, target: Target | None) -> Figure:
    """CPU decides: it is the wall clock of a quiet machine, and the same on a busy one."""
    beside = (
        f"CPU p99 {quantile(times.cpu, 0.99):.1f} ms,"
        f" wall p50 {quantile(times.wall, 0.5):.1f}, p99 {quantile(times.wall, 0.99):.1f} ms"
    )
    return Figure(_GROUP, f"{what}, p50", quantile(times.cpu, 0.5), "ms CPU", target, beside)
