"""The arithmetic and the small clients of the bench. Nothing here is timed."""

from __future__ import annotations

import asyncio
import os
import time
from io import StringIO

import pytest
from google.protobuf.struct_pb2 import Struct
from rich.console import Console

from bench.figures import Figure, Round, Summary, Target, median_ratio, quantile, show
from bench.load import Contestant, interleaved
from bench.processes import cpu_seconds, proportional_mib
from bench.report import show_all, table
from bench.servers.effects import effect_due
from bench.wire import BadAnswer, HttpConnections, grpc_web_frame
from bench.yardstick import slowness
from services.kit.contract import event_of

_CHUNKS = b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"


def _round(cpu: float) -> Round:
    return Round(cpu=cpu, p50=1000, p99=2000, per_second=10)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2.0), (0.99, 4.0), (0.25, 1.0), (0.0, 1.0)])
def test_quantile_is_the_nearest_rank(share: float, expected: float) -> None:
    assert quantile([4.0, 1.0, 3.0, 2.0], share) == expected


def test_no_values_have_no_quantile() -> None:
    with pytest.raises(ValueError, match="no values"):
        quantile([], 0.5)


def test_a_ratio_compares_rounds_that_saw_the_same_weather() -> None:
    ours = [_round(1), _round(10), _round(2)]
    theirs = [_round(3), _round(30), _round(2)]
    assert median_ratio(ours, theirs) == 3


def test_a_summary_takes_medians() -> None:
    assert Summary.of([_round(5), _round(100), _round(6)]).cpu == 6


def test_targets_bound_from_above_and_from_below() -> None:
    assert Figure("g", "w", 5.1, "ms", Target(5)).missed
    assert not Figure("g", "w", 5.0, "ms", Target(5)).missed
    assert Figure("g", "w", 2.9, "x", Target(3, at_most=False)).missed
    assert not Figure("g", "w", 100, "ms").missed


def test_numbers_have_the_digits_that_matter() -> None:
    assert [show(v, u) for v, u in ((0.8, "ms"), (12_345.6, "/s"), (1.296, "x"))] == [
        "0.80 ms",
        "12,346 /s",
        "1.30x",
    ]


def test_the_table_marks_what_was_missed() -> None:
    console = Console(width=200, record=True, file=StringIO(), force_terminal=True)
    console.print(table([Figure("g", "slow", 9, "ms", Target(5)), Figure("g", "free", 1, "ms")]))
    text = console.export_text(styles=True)
    assert "\x1b[31m9.00 ms" in text
    assert "≤ 5.00 ms" in text


def test_cpu_time_of_a_process_counts_its_work() -> None:
    before, own = cpu_seconds(os.getpid()), time.process_time()
    sum(range(1_000_000))
    assert cpu_seconds(os.getpid()) - before == pytest.approx(time.process_time() - own, abs=0.02)


def test_this_process_has_memory() -> None:
    assert proportional_mib(os.getpid()) > 1


async def test_contestants_take_turns_in_changing_order() -> None:
    order: list[str] = []

    def contestant(name: str) -> Contestant:
        async def call() -> bytes:
            order.append(name)
            return b""

        return Contestant(call, os.getpid())

    ticks: list[int] = []
    found = await interleaved(
        {name: contestant(name) for name in "abc"}, 3, 1, 1, lambda: ticks.append(1)
    )
    assert "".join(order) == "abc" + "abc" + "bca" + "cab"
    assert {name: len(rounds) for name, rounds in found.items()} == {"a": 3, "b": 3, "c": 3}
    assert len(ticks) == 12


def test_the_measured_event_belongs_to_the_contract_of_events() -> None:
    event = event_of(effect_due().DESCRIPTOR)
    assert (event.subject, event.key) == ("bench.effect.due", "aggregate_id")


def test_a_grpc_web_frame_has_flags_and_length() -> None:
    body = Struct(fields={}).SerializeToString()
    assert grpc_web_frame(Struct()) == b"\0\0\0\0" + bytes([len(body)]) + body


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            b"abc",
        ),
    ],
)
async def test_http_answers_are_read_whole(answer: bytes, body: bytes) -> None:
    async with await _server(answer) as server, HttpConnections(_port(server)) as http:
        call = http.request("GET", "/", {})
        assert [await call(), await call()] == [body, body]


async def test_an_error_is_no_figure() -> None:
    answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
    async with await _server(answer) as server, HttpConnections(_port(server)) as http:
        with pytest.raises(BadAnswer, match="503"):
            await http.request("GET", "/", {})()


async def _server(answer: bytes) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer)
        except asyncio.IncompleteReadError:
            writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


def test_a_slow_machine_excuses_times_and_rates_and_nothing_else() -> None:
    at_least = Target(1000, at_most=False)
    assert not Figure("g", "w", 9, "ms", Target(5)).missed_at(2)
    assert Figure("g", "w", 11, "ms", Target(5)).missed_at(2)
    assert not Figure("g", "w", 600, "/s", at_least).missed_at(2)
    assert Figure("g", "w", 400, "/s", at_least).missed_at(2)
    assert Figure("g", "w", 1.4, "x", Target(1.3)).missed_at(2)
    assert Figure("g", "w", 500, "MiB", Target(400)).missed_at(2)


def test_the_report_tells_the_machine_from_the_work() -> None:
    slow = Figure("g", "slow", 9, "ms", Target(5))
    lost = Figure("g", "lost", 90, "ms", Target(5))
    console = Console(width=200, record=True, file=StringIO())
    show_all(console, [slow, lost], (0, 0), slowness=2)
    text = console.export_text()
    assert "2.0 times slower" in text
    assert "g: slow (4.50 ms)" in text
    assert "Missed: g: lost (45.0 ms)" in text


def test_slowness_is_that_of_the_yardstick_and_never_below_one() -> None:
    assert slowness([Figure("machine", "w", 300, "µs")]) == 2
    assert slowness([Figure("machine", "w", 75, "µs")]) == 1
    assert slowness([]) == 1
