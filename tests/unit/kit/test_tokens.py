import base64
import json
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from services.kit.errors import Refused, TokenExpired, TokenInvalid, TokenType
from services.kit.tokens import TokenVerifier

ID = "01a2090a-64c0-7000-830c-acb66bbb8420"
NOW = 1_800_000_000
CLAIMS: dict[str, Any] = {
    "iss": "iss", "aud": "aud", "sub": ID, "sid": ID, "role": "CANDIDATE", "access": "site",
    "iat": NOW, "nbf": NOW, "exp": NOW + 600,
}  # fmt: skip


@pytest.fixture(scope="module")
def key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": "k1"}, private=True)


class Time:
    now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def verifier(tmp_path: Path, key: OKPKey, time: Time) -> TokenVerifier:
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [{**key.as_dict(private=False), "kid": "k1"}]}))
    return TokenVerifier(file, "iss", "aud", time)


def _token(key: OKPKey, **changes: Any) -> str:
    claims = {k: v for k, v in {**CLAIMS, **changes}.items() if v is not None}
    return jwt.encode({"alg": "EdDSA", "kid": "k1"}, claims, key, algorithms=["EdDSA"])


def test_a_good_token_names_its_user(verifier: TokenVerifier, key: OKPKey) -> None:
    user = verifier.verify(_token(key))
    assert (user.id, user.role, user.session_id) == (ID, "CANDIDATE", ID)


def test_a_remembered_token_expires_all_the_same(
    verifier: TokenVerifier, key: OKPKey, time: Time
) -> None:
    token = _token(key)
    verifier.verify(token)
    time.now = NOW + 600.0
    with pytest.raises(TokenExpired):
        verifier.verify(token)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"exp": NOW - 1}, TokenExpired),
        ({"exp": None}, TokenInvalid),
        ({"exp": "never"}, TokenInvalid),
        ({"nbf": NOW + 60}, TokenInvalid),
        ({"iss": "other"}, TokenInvalid),
        ({"aud": "weneeds-admin"}, TokenInvalid),
        ({"aud": ["aud"]}, TokenInvalid),
        ({"access": "admin"}, TokenType),
        ({"access": None}, TokenType),
        ({"sub": "me"}, TokenInvalid),
        ({"sid": None}, TokenInvalid),
        ({"role": "SUPER"}, TokenInvalid),
    ],
)
def test_claims_that_do_not_pass(
    verifier: TokenVerifier, key: OKPKey, changes: dict[str, Any], refusal: type[Refused]
) -> None:
    with pytest.raises(refusal):
        verifier.verify(_token(key, **changes))


def _unsigned() -> str:
    parts = ({"alg": "none"}, CLAIMS)
    encoded = [
        base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts
    ]
    return ".".join([*encoded, ""])


def _foreign() -> str:
    return _token(OKPKey.generate_key("Ed25519", {"kid": "k1"}, private=True))


def _symmetric(key: OKPKey) -> str:
    public = OctKey.import_key(str(key.as_dict(private=False)["x"]))
    return jwt.encode({"alg": "HS256", "kid": "k1"}, CLAIMS, public, algorithms=["HS256"])


def test_forged_tokens(verifier: TokenVerifier, key: OKPKey) -> None:
    good = _token(key)
    head, body, signature = good.split(".")
    tampered = f"{head}.{body[:-2]}AA.{signature}"
    for forged in (_unsigned(), _foreign(), _symmetric(key), tampered, "", "a.b.c", good * 20):
        with pytest.raises(TokenInvalid):
            verifier.verify(forged)


def test_a_remembered_token_of_a_retired_key_is_refused(
    verifier: TokenVerifier, key: OKPKey, time: Time, tmp_path: Path
) -> None:
    token = _token(key)
    verifier.verify(token)
    other = OKPKey.generate_key("Ed25519", {"kid": "k2"}, private=True)
    _publish(tmp_path, {**other.as_dict(private=False), "kid": "k2"})
    time.now += 1.9
    assert verifier.verify(token).id == ID
    time.now += 0.1
    with pytest.raises(TokenInvalid):
        verifier.verify(token)


def test_a_broken_key_file_leaves_the_keys(
    verifier: TokenVerifier, key: OKPKey, time: Time, tmp_path: Path
) -> None:
    token = _token(key)
    verifier.verify(token)
    (tmp_path / "jwks.json").write_text("{")
    time.now += 3
    assert verifier.verify(_token(key, jti="another")).id == ID
    other = OKPKey.generate_key("Ed25519", {"kid": "k2"}, private=True)
    _publish(tmp_path, {**other.as_dict(private=False), "kid": "k2"})
    time.now += 3
    with pytest.raises(TokenInvalid):
        verifier.verify(token)


def _publish(folder: Path, *keys: Any) -> None:
    (folder / "jwks.json").write_text(json.dumps({"keys": keys}))
