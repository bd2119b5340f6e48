"""Access tokens and refresh tokens."""

from __future__ import annotations

import base64
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from services.auth.app.ports import AccessGrant
from services.auth.domain.users import UserRole
from services.auth.ports.refresh_tokens import RefreshSecretTooShort, SealedRefreshTokens
from services.auth.ports.tokens import SETTLED, SignedTokens, SigningKeyMissing
from services.kit.errors import TokenExpired, TokenInvalid
from services.kit.tokens import TokenVerifier
from tests.unit.auth.conftest import AUDIENCE, ISSUER, add_key

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

USER = "01890000-0000-7000-8000-000000000001"
SESSION = "01890000-0000-7000-8000-000000000002"
GRANT = AccessGrant(USER, SESSION, UserRole.CANDIDATE, "jti-1")
AT = datetime(2026, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)
MINUTES = timedelta(minutes=10)


def signer(keys_dir: Path, now: float | None = None) -> SignedTokens:
    return SignedTokens(keys_dir, ISSUER, AUDIENCE, MINUTES, now=lambda: now or time.time())


def public_keys(keys_dir: Path) -> KeySet:
    keys = [
        {**OKPKey.import_key(path.read_bytes()).as_dict(private=False), "kid": path.stem}
        for path in keys_dir.glob("*.pem")
    ]
    return KeySet.import_key_set({"keys": keys})


def unsigned(claims: dict[str, object]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims)]
    encoded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, ""])


def test_says_who_and_for_how_long(keys_dir: Path) -> None:
    token = signer(keys_dir).sign(GRANT, AT)
    decoded = jwt.decode(token.text, public_keys(keys_dir), algorithms=["EdDSA"])
    issued = 1767268800
    assert decoded.header == {"typ": "JWT", "alg": "EdDSA", "kid": "first"}
    assert decoded.claims == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": USER,
        "sid": SESSION,
        "role": "CANDIDATE",
        "access": "site",
        "iat": issued,
        "nbf": issued,
        "exp": issued + 600,
        "jti": "jti-1",
    }
    assert token.expires_at == datetime.fromtimestamp(issued + 600, UTC)


def test_the_same_grant_at_the_same_time_is_the_same_token(keys_dir: Path) -> None:
    assert signer(keys_dir).sign(GRANT, AT) == signer(keys_dir).sign(GRANT, AT)


def test_the_kit_verifies_it(keys_dir: Path, tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(public_keys(keys_dir).as_dict(private=False)))
    now = AT.timestamp()
    verifier = TokenVerifier(jwks, ISSUER, AUDIENCE, now=lambda: now)
    text = signer(keys_dir).sign(GRANT, AT).text
    user = verifier.verify(text)
    assert (user.id, user.session_id, user.role) == (USER, SESSION, "CANDIDATE")

    claims = jwt.decode(text, public_keys(keys_dir), algorithms=["EdDSA"]).claims
    for forged in (unsigned(claims), text[:-8] + "AAAAAAAA", text.replace(".", ".e", 1)):
        with pytest.raises(TokenInvalid):
            verifier.verify(forged)
    with pytest.raises(TokenExpired):
        verifier.verify(signer(keys_dir).sign(GRANT, AT - MINUTES).text)


def test_another_key_does_not_verify_it(keys_dir: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    add_key(other, "first")
    with pytest.raises(JoseError):
        jwt.decode(signer(keys_dir).sign(GRANT, AT).text, public_keys(other), algorithms=["EdDSA"])


def test_a_new_key_signs_once_it_has_settled(keys_dir: Path) -> None:
    os.utime(keys_dir / "first.pem", (1000, 1000))
    moment = [1001.0]
    tokens = SignedTokens(keys_dir, ISSUER, AUDIENCE, MINUTES, now=lambda: moment[0])
    add_key(keys_dir, "second")
    os.utime(keys_dir / "second.pem", (2000, 2000))
    moment[0] = 2000 + SETTLED.total_seconds() - 1
    tokens.reload()
    assert tokens.key_id == "first"
    moment[0] += 1
    tokens.reload()
    assert tokens.key_id == "second"


def test_goes_on_signing_while_the_folder_is_unreadable(keys_dir: Path) -> None:
    tokens = signer(keys_dir)
    for path in keys_dir.glob("*.pem"):
        path.write_text("not a key")
    tokens.reload()
    assert tokens.key_id == "first"
    assert tokens.sign(GRANT, AT).text


@pytest.mark.parametrize("content", [None, b"not a key", "x25519", "public"])
def test_does_not_start_without_a_signing_key(tmp_path: Path, content: bytes | str | None) -> None:
    if content == "public":
        content = OKPKey.generate_key("Ed25519").as_pem(private=False)
    elif content == "x25519":
        content = OKPKey.generate_key("X25519").as_pem(private=True)
    if isinstance(content, bytes):
        (tmp_path / "a.pem").write_bytes(content)
    with pytest.raises(SigningKeyMissing):
        signer(tmp_path)


REFRESH = SealedRefreshTokens(b"s" * 32)


def test_a_refresh_token_is_read_back() -> None:
    token = REFRESH.first(SESSION)
    assert REFRESH.parse(token.text) == token
    assert token.session_id == SESSION
    assert 20 <= len(token.text) <= 200


def test_its_successor_is_always_the_same_and_needs_the_secret() -> None:
    token = REFRESH.first(SESSION)
    successor = REFRESH.successor(token)
    assert successor == REFRESH.successor(token)
    assert REFRESH.parse(successor.text) == successor
    assert successor.session_id == SESSION
    assert successor.digest != token.digest
    assert SealedRefreshTokens(b"t" * 32).successor(token).text != successor.text


def test_two_sessions_begin_with_different_tokens() -> None:
    assert REFRESH.first(SESSION).text != REFRESH.first(SESSION).text


def test_a_token_of_another_secret_is_nobodys() -> None:
    assert SealedRefreshTokens(b"t" * 32).parse(REFRESH.first(SESSION).text) is None


@given(st.integers(min_value=0, max_value=85), st.characters())
def test_a_changed_token_is_nobodys(position: int, character: str) -> None:
    text = REFRESH.first(SESSION).text
    changed = text[:position] + character + text[position + 1 :]
    assert (REFRESH.parse(changed) is None) == (changed != text)


@given(st.text(max_size=200))
def test_any_other_text_is_nobodys(text: str) -> None:
    assert REFRESH.parse(text) is None


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(RefreshSecretTooShort):
        SealedRefreshTokens(b"s" * 31)
