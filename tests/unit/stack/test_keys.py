"""The keys that sign access tokens."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet, OKPKey

from stack import keys

# joserfc warns that RFC 9864 renames EdDSA; the gateway knows the old name only.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")


def _public(jwks: Path) -> KeySet:
    return KeySet.import_key_set(json.loads(jwks.read_text()))


def _token(path: Path) -> str:
    key = OKPKey.import_key(path.read_bytes())
    header = {"alg": "EdDSA", "kid": path.stem}
    return jwt.encode(header, {"sub": "someone"}, key, algorithms=["EdDSA"])


def test_the_key_set_verifies_what_the_key_signed(tmp_path: Path) -> None:
    keys.ensure(tmp_path / "site", tmp_path / "jwks.json")
    (path,) = (tmp_path / "site").glob("*.pem")
    token = jwt.decode(_token(path), _public(tmp_path / "jwks.json"), algorithms=["EdDSA"])
    assert token.claims == {"sub": "someone"}
    assert path.stem == OKPKey.import_key(path.read_bytes()).thumbprint()


def test_another_key_is_not_believed(tmp_path: Path) -> None:
    keys.ensure(tmp_path / "site", tmp_path / "jwks.json")
    (ours,) = (tmp_path / "site").glob("*.pem")
    keys.add(tmp_path / "forged")
    (forged,) = (tmp_path / "forged").glob("*.pem")
    forged = forged.rename(tmp_path / "forged" / ours.name)
    with pytest.raises(BadSignatureError):
        jwt.decode(_token(forged), _public(tmp_path / "jwks.json"), algorithms=["EdDSA"])


def test_no_private_half_is_published(tmp_path: Path) -> None:
    keys.ensure(tmp_path / "site", tmp_path / "jwks.json")
    (key,) = json.loads((tmp_path / "jwks.json").read_text())["keys"]
    assert set(key) == {"kty", "crv", "x", "kid", "use", "alg"}


def test_a_second_key_joins_the_first(tmp_path: Path) -> None:
    site, jwks = tmp_path / "site", tmp_path / "jwks.json"
    keys.ensure(site, jwks)
    added = keys.add(site)
    keys.ensure(site, jwks)
    published = {key["kid"] for key in json.loads(jwks.read_text())["keys"]}
    assert published == {path.stem for path in site.glob("*.pem")}
    assert added in published
    assert len(published) == 2
    assert {path.stat().st_mode & 0o777 for path in site.iterdir()} == {0o600}


def test_a_secret_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "factor.secret"
    keys.ensure_secret(file)
    made = file.read_bytes()
    keys.ensure_secret(file)
    assert (file.read_bytes(), len(made)) == (made, 32)
    assert file.stat().st_mode & 0o077 == 0


def test_a_rotated_key_is_published_at_once(tmp_path: Path) -> None:
    site, jwks = tmp_path / "site", tmp_path / "jwks.json"
    keys.ensure(site, jwks)
    added = keys.rotate(site, jwks)
    assert added in _published(jwks)
    assert len(_published(jwks)) == 2


def test_a_key_retires_when_its_last_token_has_expired(tmp_path: Path) -> None:
    site, jwks = tmp_path / "site", tmp_path / "jwks.json"
    keys.ensure(site, jwks)
    (first,) = _published(jwks)
    second = keys.rotate(site, jwks)
    _age(site / f"{first}.pem", 3000)
    _age(site / f"{second}.pem", 4000)
    assert keys.retire(site, jwks, 4000 + keys.RETIRED_AFTER_SECONDS) == []
    assert _published(jwks) == {first, second}
    assert keys.retire(site, jwks, 4001 + keys.RETIRED_AFTER_SECONDS) == [first]
    assert _published(jwks) == {second}


def test_the_newest_key_never_retires(tmp_path: Path) -> None:
    site, jwks = tmp_path / "site", tmp_path / "jwks.json"
    keys.ensure(site, jwks)
    assert keys.retire(site, jwks, 1e12) == []
    assert len(_published(jwks)) == 1


def test_an_unchanged_key_set_is_left_alone(tmp_path: Path) -> None:
    site, jwks = tmp_path / "site", tmp_path / "jwks.json"
    keys.ensure(site, jwks)
    _age(jwks, 1000)
    keys.ensure(site, jwks)
    assert jwks.stat().st_mtime == 1000


def _published(jwks: Path) -> set[str]:
    return {key["kid"] for key in json.loads(jwks.read_text())["keys"]}


def _age(path: Path, written_at: float) -> None:
    os.utime(path, (written_at, written_at))
