"""The keys that sign access tokens."""

from __future__ import annotations

import json
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
