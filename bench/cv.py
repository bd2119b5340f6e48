"""Reading a CV of two pages: in the child process, with everything around it, and bare."""

from __future__ import annotations

import time
from dataclasses import replace

from weneeds.jobs.v1.candidate_pb2 import Profile

from bench.figures import Figure, Target, quantile
from bench.scene import Scene
from services.matching.ports.documents.reading import read
from services.matching.ports.documents.sandbox import Sandbox
from stack import samples
from stack.samples import cvs

_GROUP = "cv"
_LAYOUTS = range(len(cvs.LAYOUTS))


def two_pages(layout: int) -> bytes:
    """Return a CV that fills two pages: the positions of several samples in one."""
    people = samples.candidates()
    first = people[0]
    profile = Profile()
    profile.CopyFrom(first.profile)
    for other in people[1:12]:
        profile.experiences.extend(other.profile.experiences)
        sample = replace(first, profile=profile)
        content = cvs.pdf(sample, layout)
        if read(content).pages == 2:
            return content
    raise ValueError("the samples are too short for two pages")


async def cv(scene: Scene) -> list[Figure]:
    """Time from the bytes of a file to its facts, six layouts in turn."""
    contents = [two_pages(layout) for layout in _LAYOUTS]
    count = max(4, scene.amount.rounds * 4)
    tick = scene.steps("CVs of two pages", count * len(contents))
    sandbox = Sandbox()
    walls: list[float] = []
    cpu: list[float] = []
    try:
        await sandbox.read(contents[0])
        for number in range(count * len(contents)):
            content = contents[number % len(contents)]
            began = time.perf_counter()
            await sandbox.read(content)
            walls.append(1000 * (time.perf_counter() - began))
            used = time.process_time()
            read(content)
            cpu.append(1000 * (time.process_time() - used))
            tick()
    finally:
        await sandbox.close()
    wall = quantile(walls, 0.5)
    return [
        Figure(_GROUP, "two-page PDF, own process, p50", wall, "ms", Target(50)),
        Figure(_GROUP, "two-page PDF, own process, p99", quantile(walls, 0.99), "ms"),
        Figure(_GROUP, "two-page PDF, CPU of reading", quantile(cpu, 0.5), "ms"),
    ]
