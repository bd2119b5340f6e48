"""Ports, passwords and the settings of the services."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.kit.settings import Settings
from stack import ports
from stack.ports import PortTaken
from stack.topology import SERVICES, Topology


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_the_second_start_finds_the_first_topology(tmp_path: Path) -> None:
    first = Topology.create(tmp_path, public_port=0)
    assert Topology.create(tmp_path) == first
    assert Topology.load(tmp_path) == first


def test_another_public_port_is_remembered(tmp_path: Path) -> None:
    first = Topology.create(tmp_path, public_port=0)
    other = ports.choose()
    moved = Topology.create(tmp_path, public_port=other)
    assert moved.public_port == other
    assert moved.ports == first.ports
    assert Topology.create(tmp_path).public_port == other


def test_the_first_public_port_is_8080(tmp_path: Path) -> None:
    assert Topology.create(tmp_path).public_port == 8080


def test_no_port_is_given_twice(tmp_path: Path) -> None:
    topology = Topology.create(tmp_path, public_port=0)
    given = [topology.public_port, *topology.ports.values()]
    assert len(set(given)) == len(given)


def test_passwords_differ_and_are_private(tmp_path: Path) -> None:
    one = Topology.create(tmp_path / "one", public_port=0)
    two = Topology.create(tmp_path / "two", public_port=0)
    every = [*one.passwords.values(), *two.passwords.values()]
    assert len(set(every)) == len(every)
    assert (tmp_path / "one" / "topology.json").stat().st_mode & 0o777 == 0o600


def test_a_taken_public_port_is_named_with_the_setting(tmp_path: Path, taken: int) -> None:
    topology = Topology.create(tmp_path, public_port=taken)
    with pytest.raises(PortTaken, match=rf"port {taken} .* PORT=.* --port"):
        topology.on_free_ports()


def test_a_taken_private_port_is_replaced(tmp_path: Path, taken: int) -> None:
    topology = Topology.create(tmp_path, public_port=0)
    file = tmp_path / "topology.json"
    known = json.loads(file.read_text())
    known["ports"]["nats"] = taken
    file.write_text(json.dumps(known))
    moved = Topology.create(tmp_path).on_free_ports()
    assert moved.ports["nats"] != taken
    assert {**moved.ports, "nats": 0} == {**topology.ports, "nats": 0}
    assert Topology.load(tmp_path) == moved


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_reads_its_own_settings(tmp_path: Path, service: str) -> None:
    topology = Topology.create(tmp_path, public_port=0)
    settings = Settings.load(service, topology.environment())
    assert settings.port == topology.ports[service]
    assert settings.database_url == topology.database_url(service)
    assert f"//weneeds_{service}:" in settings.database_url
    assert settings.tls_dir == tmp_path / "tls" / service
    assert settings.addresses == topology.service_addresses
    assert settings.jwks_file == topology.jwks
    others = [topology.passwords[name] for name in SERVICES if name != service]
    assert not any(secret in settings.database_url for secret in others)
