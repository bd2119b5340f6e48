import base64
import json
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey
from joserfc.jws import JWSRegistry, serialize_compact

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


def _encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_forged_tokens_under_a_header_that_passed(verifier: TokenVerifier, key: OKPKey) -> None:
    """The header of the first good token is not judged again; the rest of each token is."""
    verifier.verify(_token(key))
    good = _token(key, jti="next")
    head, body, signature = good.split(".")
    other = _encoded({**CLAIMS, "role": "RECRUITER"})
    # The last letter of 64 bytes in base64 leaves four bits unused.
    alias = signature[:-1] + chr(ord(signature[-1]) + 1)
    forgeries = [
        f"{head}.{other}.{signature}",
        f"{head}.{body}.{_foreign().rpartition('.')[2]}",
        f"{head}.{body}.{alias}",
        f"{head}.{body}.{signature}=",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.",
        f"{head}..{signature}",
        f"{head}.{body}.é",
        f"{_encoded({'alg': 'none', 'kid': 'k1'})}.{body}.{signature}",
        f"{_encoded({'alg': 'ES256', 'kid': 'k1'})}.{body}.{signature}",
    ]
    for forged in forgeries:
        with pytest.raises(TokenInvalid):
            verifier.verify(forged)
    assert verifier.verify(good).id == ID


def test_what_is_signed_has_to_be_an_object(verifier: TokenVerifier, key: OKPKey) -> None:
    verifier.verify(_token(key))
    header = {"alg": "EdDSA", "kid": "k1", "typ": "JWT"}
    for payload in (b"[]", b"7", b"{", b"", b"\xff"):
        signed = serialize_compact(header, payload, key, algorithms=["EdDSA"])
        with pytest.raises(TokenInvalid):
            verifier.verify(signed)


def test_a_header_with_more_in_it_is_judged_each_time(verifier: TokenVerifier, key: OKPKey) -> None:
    critical = {"alg": "EdDSA", "kid": "k1", "crit": ["exp"], "exp": 1}
    for _ in range(2):
        signed = serialize_compact(
            critical, json.dumps(CLAIMS), key, registry=_Anything(algorithms=["EdDSA"])
        )
        with pytest.raises(TokenInvalid):
            verifier.verify(signed)


class _Anything(JWSRegistry):
    """Writes any header."""

    def check_header(self, header: dict[str, Any]) -> None:
        """Accept it."""


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
