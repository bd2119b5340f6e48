"""One mesh a state folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stack import runfile
from stack.runfile import AlreadyRunning, Lock, ProcessRecord, RunFile


def test_a_second_start_says_who_runs_and_how_to_stop_it(tmp_path: Path) -> None:
    first = Lock(tmp_path)
    first.acquire()
    RunFile(4711, "127.0.0.1:8080", time.time()).save(tmp_path)
    with pytest.raises(AlreadyRunning, match=r"process 4711, http://127\.0\.0\.1:8080.*make down"):
        Lock(tmp_path).acquire()
    first.release()
    again = Lock(tmp_path)
    again.acquire()
    assert again.is_held
    again.release()


def test_the_run_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    lock = Lock(tmp_path)
    lock.acquire()
    record = ProcessRecord(pid=12, started=3.5, hosts=["auth", "jobs"], restarts=2)
    run = RunFile(1, "127.0.0.1:1", 2.5, {"services": record})
    run.save(tmp_path)
    assert runfile.read(tmp_path) == run
    lock.release()


def test_a_run_file_without_its_process_is_no_running_mesh(tmp_path: Path) -> None:
    RunFile(4711, "127.0.0.1:8080", time.time()).save(tmp_path)
    assert runfile.read(tmp_path) is None


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    hold = (
        "import sys, pathlib; from stack.runfile import Lock;"
        "lock = Lock(pathlib.Path(sys.argv[1])); lock.acquire(); print('held', flush=True);"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", hold, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert runfile.is_locked(tmp_path)
        holder.kill()
        holder.wait()
    assert not runfile.is_locked(tmp_path)


def test_what_a_killed_mesh_left_is_told_from_a_reused_number(tmp_path: Path) -> None:
    now = time.time()
    started = ProcessRecord(os.getpid(), now - 10_000, ["jobs"])
    RunFile(1, "127.0.0.1:1", now, {"jobs": started}).save(tmp_path)
    assert runfile.read_stale(tmp_path) == []
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as left:
        record = ProcessRecord(left.pid, time.time(), ["jobs"])
        RunFile(1, "127.0.0.1:1", now, {"jobs": record}).save(tmp_path)
        assert runfile.read_stale(tmp_path) == [left.pid]
        left.kill()
        left.wait()
    assert runfile.read_stale(tmp_path) == []
