"""What the command line says when there is little to say."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stack import cli
from stack.cli.common import app
from stack.runfile import Lock, RunFile
from stack.topology import Topology

_runner = CliRunner()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WENEEDS_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def running(state: Path) -> Iterator[Topology]:
    """A state folder that looks like one of a running mesh."""
    topology = Topology.create(state, public_port=0)
    lock = Lock(state)
    lock.acquire()
    RunFile(4711, topology.gateway, time.time()).save(state)
    yield topology
    lock.release()


def test_every_command_explains_itself() -> None:
    commands = ("up", "down", "status", "logs", "demo", "doctor", "migrate", "clean", "openapi")
    for command in (*commands, "events", "ledger", "policy"):
        answer = _runner.invoke(app, [command, "--help"])
        assert answer.exit_code == 0
        assert "Usage:" in answer.output


def test_status_of_nothing_fails_and_says_how_to_start() -> None:
    answer = _runner.invoke(app, ["status"])
    assert answer.exit_code == 1
    assert "make up" in answer.output


def test_status_for_scripts() -> None:
    answer = _runner.invoke(app, ["status", "--json"])
    assert json.loads(answer.output) == {
        "up": False,
        "running": False,
        "gateway": "",
        "rows": [],
        "memory_bytes": 0,
    }


def test_dead_programs_are_shown_as_down(running: Topology) -> None:
    answer = _runner.invoke(app, ["status", "--json"])
    assert answer.exit_code == 1
    report = json.loads(answer.output)
    assert report["running"]
    assert {row["health"] for row in report["rows"]} == {"down"}


def test_a_second_start_is_refused_and_changes_nothing(
    running: Topology, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["weneeds", "up", "--port", "1"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    said = capsys.readouterr().out
    assert "already running (process 4711" in said
    assert "Traceback" not in said
    assert Topology.load(running.state) == running


def test_a_running_mesh_is_not_removed(running: Topology) -> None:
    answer = _runner.invoke(app, ["clean"])
    assert answer.exit_code == 1
    assert "make down" in answer.output
    assert running.state.exists()


def test_only_state_folders_are_removed(state: Path) -> None:
    state.mkdir()
    (state / "thesis.txt").write_text("years of work")
    answer = _runner.invoke(app, ["clean"])
    assert answer.exit_code == 1
    assert (state / "thesis.txt").exists()


def test_clean_removes_the_state(state: Path) -> None:
    Topology.create(state, public_port=0)
    assert _runner.invoke(app, ["clean"]).exit_code == 0
    assert not state.exists()


def test_logs_name_what_there_is(state: Path) -> None:
    (state / "logs").mkdir(parents=True)
    (state / "logs" / "nats.log").write_text("one\ntwo\nthree\n")
    (state / "logs" / "jobs.log").write_text("four\n")
    assert _runner.invoke(app, ["logs", "nats", "-n", "2"]).output == "two\nthree\n"
    both = _runner.invoke(app, ["logs"]).output
    assert "jobs       four" in both
    wrong = _runner.invoke(app, ["logs", "nasts"])
    assert wrong.exit_code == 1
    assert "jobs, nats" in wrong.output


def test_the_policy_names_each_method() -> None:
    answer = _runner.invoke(app, ["policy"], env={"COLUMNS": "300"})
    assert answer.exit_code == 0
    assert "MoveApplication" in answer.output


def test_the_ledger_of_no_mesh() -> None:
    answer = _runner.invoke(app, ["ledger", "verify"])
    assert answer.exit_code == 1
    assert "make up" in answer.output
