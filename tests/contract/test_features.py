"""Uses of features are counted: which methods say so, and that the chain counts what succeeds."""

from __future__ import annotations

from typing import Any

import pytest
from google.rpc import status_pb2
from weneeds.matching.v1 import ranking_service_pb2 as pb
from weneeds.options.v1.policy_pb2 import FEATURE_AI_MATCHING_USED

from services.kit.chain import edge
from services.kit.chain.edge import Edge
from services.kit.clock import SystemClock
from services.kit.ids import Uuid7Ids
from tests.support.contract import METHODS

MATCHED_BY = {"RankCandidates", "RankProspects", "RankJobs", "ScoreApplication"}


def test_every_method_that_ranks_or_scores_counts_as_matching() -> None:
    counted = {m.name for m in METHODS if m.policy.feature == FEATURE_AI_MATCHING_USED}
    assert counted == MATCHED_BY


class Context:
    """What a call brings, and how it is refused."""

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return ()

    def time_remaining(self) -> None:
        return None

    def peer_identities(self) -> None:
        return None

    async def abort(self, *_: Any, **__: Any) -> None:
        raise InterruptedError


class Texts:
    """Answers every failure with a status of its own."""

    def status(self, *_: Any) -> Any:
        return status_pb2.Status(code=13)


@pytest.mark.parametrize("name", sorted(MATCHED_BY))
async def test_a_call_is_counted_once_when_it_succeeds(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uses: list[tuple[int, dict[str, str]]] = []

    class Counter:
        def add(self, count: int, attributes: dict[str, str]) -> None:
            uses.append((count, attributes))

    async def denied(*_: Any) -> None:
        raise AssertionError

    async def answer(*_: Any) -> Any:
        return pb.RankJobsResponse()

    async def fail(*_: Any) -> Any:
        raise ValueError

    monkeypatch.setattr(edge, "feature_uses", Counter())
    (method,) = [m for m in METHODS if m.name == name]
    problems: Any = Texts()
    chain = Edge(problems, Uuid7Ids(SystemClock()), denied)
    await chain.unary(method, [], answer)(b"", Context())
    with pytest.raises(InterruptedError):
        await chain.unary(method, [], fail)(b"", Context())
    assert uses == [(1, {"feature": "AI_MATCHING_USED"})]
