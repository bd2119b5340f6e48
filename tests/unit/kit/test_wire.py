"""What goes to NATS and comes from it, byte by byte."""

from __future__ import annotations

import pytest

from services.kit.wire import Incoming, command, command_with


def incoming(head: bytes = b"", reply: str = "") -> Incoming:
    return Incoming("events.offer.closed", reply, b"", head)


def test_a_command_says_how_long_its_payload_is() -> None:
    assert command("a.b", b"\r\nxy") == b"PUB a.b  4\r\n\r\nxy\r\n"
    assert command("a.b", b"", "c") == b"PUB a.b c 0\r\n\r\n"


def test_sizes_count_bytes_and_not_characters() -> None:
    head = "NATS/1.0\r\nname: Zoé\r\n\r\n".encode()
    sent = command_with({"name": "Zoé"}, "a.b", b"12345", "c")
    assert sent == b"HPUB a.b c %d %d\r\n%b12345\r\n" % (len(head), len(head) + 5, head)


@pytest.mark.parametrize("value", ["a\r\nevil: b", "a\nevil: b", "a\r\n\r\nPUB c  0"])
def test_a_value_cannot_bring_headers_of_its_own(value: str) -> None:
    sent = command_with({"name": value, "last": "x"}, "a.b", b"", "")
    head = sent.partition(b"\r\n")[2].removesuffix(b"\r\n")
    assert sorted(incoming(head).headers) == ["last", "name"]


def test_what_was_encoded_is_read_again() -> None:
    headers = {"traceparent": "00-1-2-01", "tracestate": "a=b:c", "name": "Zoé", "empty": ""}
    sent = command_with(headers, "a.b", b"", "")
    head = sent.partition(b"\r\n")[2].removesuffix(b"\r\n")
    assert incoming(head).headers == headers


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"NATS/1.0 404 No Messages\r\n\r\n", ("404", "No Messages")),
        (b"NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 3\r\n\r\n",
         ("408", "Request Timeout")),
        (b"NATS/1.0 503\r\n\r\n", ("503", "")),
        (b"NATS/1.0\r\nname: value\r\n\r\n", ("", "")),
        (b"", ("", "")),
    ],
)  # fmt: skip
def test_the_status_line(head: bytes, status: tuple[str, str]) -> None:
    assert incoming(head).status == status


def test_broken_headers_are_left_out() -> None:
    assert incoming(b"NATS/1.0\r\nno colon\r\na:b\r\nc: \xff\r\n\r\n").headers == {
        "a": "b",
        "c": "\ufffd",
    }
    assert incoming().headers == {}


@pytest.mark.parametrize(
    "reply",
    [
        "$JS.ACK.EVENTS.jobs-people.3.100.5.1700000000000000000.7",
        "$JS.ACK.hub.ACCOUNT.EVENTS.jobs-people.3.100.5.1700000000000000000.7.token",
    ],
)
def test_how_often_a_message_was_delivered(reply: str) -> None:
    assert incoming(reply=reply).tries == 3
