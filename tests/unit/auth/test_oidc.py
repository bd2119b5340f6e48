"""The client of identity providers against a scripted one: signatures, bounds, caches."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hmac
import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from redis.asyncio import Redis

from services.auth.app.provider_ports import ProviderAttempt
from services.auth.domain.providers import ProviderAnswerInvalid, ProviderUnknown, challenge_of
from services.auth.domain.users import UserRole
from services.auth.ports.id_tokens import keys_of
from services.auth.ports.oidc import KEPT_SECONDS, PAUSE_SECONDS
from services.auth.ports.provider_http import BYTES
from services.auth.ports.provider_states import ValkeyAttempts
from services.kit.errors import DependencyDown
from tests.unit.auth.provider import (
    ATTEMPT,
    DISCOVERY,
    EC,
    ISSUER,
    KEYS,
    RSA,
    FakeProvider,
    Seconds,
    claims,
    providers,
    reply,
    signed,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:EdDSA is deprecated"),
    pytest.mark.filterwarnings("ignore:Key size should be"),
]


@pytest.fixture
def fake() -> FakeProvider:
    return FakeProvider()


@pytest.mark.parametrize("algorithm", KEYS)
async def test_believes_a_token_of_each_algorithm(fake: FakeProvider, algorithm: str) -> None:
    fake.tokens = {"id_token": signed(algorithm)}
    profile = await providers(fake).profile(ATTEMPT, "code")
    assert (profile.subject, profile.email) == ("s", "ada@example.test")


async def test_sends_the_browser_with_challenge_nonce_and_state(fake: FakeProvider) -> None:
    url = await providers(fake).authorization_url(ATTEMPT, "state")
    query = {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}
    assert query == {
        "response_type": "code",
        "client_id": "client",
        "redirect_uri": ATTEMPT.redirect_uri,
        "scope": "openid profile email",
        "state": "state",
        "nonce": "nonce",
        "code_challenge": challenge_of(ATTEMPT.verifier),
        "code_challenge_method": "S256",
    }


async def test_trades_the_code_with_verifier_and_secret(fake: FakeProvider) -> None:
    await providers(fake).profile(ATTEMPT, "the code")
    form = parse_qs(fake.seen[-2].content.decode())
    assert (form["code"], form["code_verifier"]) == (["the code"], [ATTEMPT.verifier])
    assert (form["redirect_uri"], form["client_secret"]) == ([ATTEMPT.redirect_uri], ["secret"])
    await providers(fake, client_authentication="basic").profile(ATTEMPT, "code")
    [token] = [each for each in fake.seen[-3:] if each.url.path == "/token"]
    assert token.headers["authorization"].startswith("Basic ")
    assert b"secret" not in token.content


def hmac_signed(secret: bytes) -> str:
    """A token whose secret is something public (the oldest trick with JWTs)."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "rsa"}, claims())]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    seal = base64.urlsafe_b64encode(hmac.digest(secret, text, "sha256")).rstrip(b"=")
    return (text + b"." + seal).decode()


async def test_forged_tokens_are_refused(fake: FakeProvider) -> None:
    other = RSAKey.generate_key(2048, {"kid": "rsa"})
    forged = {
        "another key": signed(key=other),
        "public key as secret": hmac_signed(RSA.as_pem(private=False)),
        "another algorithm's key": signed("ES256", header={"alg": "ES256", "kid": "rsa"}),
        "unknown key": signed(header={"alg": "RS256", "kid": "unknown"}),
        "four parts": signed() + ".x",
        "no token": "no token",
        "long": "a" * 20_000,
    }
    for name, token in forged.items():
        fake.tokens = {"id_token": token}
        with pytest.raises(ProviderAnswerInvalid):
            await providers(fake).profile(ATTEMPT, name)


async def test_an_algorithm_that_the_provider_does_not_use_is_refused(fake: FakeProvider) -> None:
    fake.algorithms = ["RS256"]
    fake.tokens = {"id_token": signed("ES256")}
    with pytest.raises(ProviderAnswerInvalid):
        await providers(fake).profile(ATTEMPT, "code")


async def test_keys_that_cannot_sign_are_not_used() -> None:
    weak = RSAKey.generate_key(1024, auto_kid=True).as_dict(private=False)
    listed = [
        weak,
        {**RSA.as_dict(private=False), "use": "enc"},
        OctKey.generate_key(256).as_dict(private=True),
        EC.as_dict(private=True),
        {"kty": "RSA", "n": 7},
        "no key",
        {},
    ]
    assert keys_of({"keys": listed}) == []
    assert keys_of({"keys": "none"}) == []
    assert [key.kid for key in keys_of({"keys": [EC.as_dict(private=False)]})] == ["ec"]


async def test_fetches_keys_again_when_one_is_unknown_but_not_at_will(fake: FakeProvider) -> None:
    seconds = Seconds()
    oidc = providers(fake, seconds)
    await oidc.profile(ATTEMPT, "code")
    fresh = RSAKey.generate_key(2048, {"kid": "fresh"})
    fake.keys, fake.tokens = [fresh], {"id_token": signed(key=fresh)}
    with pytest.raises(ProviderAnswerInvalid):
        await oidc.profile(ATTEMPT, "too soon after the last look")
    assert fake.asked("/keys") == 1
    seconds.now += PAUSE_SECONDS
    assert (await oidc.profile(ATTEMPT, "code")).subject == "s"
    assert fake.asked("/keys") == 2


async def test_keeps_discovery_for_ten_minutes_for_all(fake: FakeProvider) -> None:
    seconds = Seconds()
    oidc = providers(fake, seconds)
    await asyncio.gather(*(oidc.authorization_url(ATTEMPT, "s") for _ in range(20)))
    assert len(fake.seen) == 1
    seconds.now += KEPT_SECONDS
    await oidc.authorization_url(ATTEMPT, "s")
    assert len(fake.seen) == 2


async def test_a_provider_that_is_down_is_not_hammered(fake: FakeProvider) -> None:
    seconds = Seconds()
    oidc = providers(fake, seconds)
    good = fake.handlers[DISCOVERY]
    fake.answer(DISCOVERY, lambda _: reply(b"private words", 500))
    for _ in range(5):
        with pytest.raises(DependencyDown) as refused:
            await oidc.authorization_url(ATTEMPT, "s")
        assert "private words" not in str(refused.value.metadata)
    assert len(fake.seen) == 1
    fake.answer(DISCOVERY, good)
    seconds.now += PAUSE_SECONDS
    assert await oidc.authorization_url(ATTEMPT, "s")


@pytest.mark.parametrize(
    "response",
    [
        reply(b"", 302, location="https://evil.example/"),
        reply(b"{" + b" " * BYTES + b"}"),
        reply(gzip.compress(b"{}"), content_encoding="gzip"),
        reply(b"[]"),
        reply(b"<html>"),
        reply(b"[" * 100_000),
        reply({"issuer": "https://evil.example"}),
        reply({"issuer": ISSUER, "authorization_endpoint": "javascript:x"}),
        reply({"issuer": ISSUER, "authorization_endpoint": "http://id.example"}),
    ],
    ids=["redirect", "large", "packed", "list", "html", "deep", "issuer", "script", "plain"],
)
async def test_nonsense_is_a_dependency_down(fake: FakeProvider, response: httpx.Response) -> None:
    fake.answer(DISCOVERY, lambda _: response)
    with pytest.raises(DependencyDown):
        await providers(fake).authorization_url(ATTEMPT, "s")
    assert len(fake.seen) == 1


async def test_a_slow_provider_is_given_up(
    fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    monkeypatch.setattr("services.auth.ports.provider_http.SECONDS", 0.05)
    fake.answer(DISCOVERY, lambda _: httpx.Response(200, content=drip()))
    with pytest.raises(DependencyDown):
        await providers(fake).authorization_url(ATTEMPT, "s")


async def test_asks_userinfo_when_the_token_has_no_email(fake: FakeProvider) -> None:
    bare = {"email": None}
    token = jwt.encode(
        {"alg": "RS256", "kid": "rsa"},
        {name: value for name, value in claims().items() if name not in bare},
        RSA,
    )
    fake.tokens = {"id_token": token, "access_token": "access"}
    more = {
        "authorization_endpoint": f"{ISSUER}/authorize?realm=%2Findividu",
        "token_endpoint": f"{ISSUER}/token?realm=%2Findividu",
        "jwks_uri": f"{ISSUER}/keys",
        "userinfo_endpoint": f"{ISSUER}/me",
    }
    told = {"sub": "s", "email": "told@example.test", "email_verified": True}
    fake.answer("/me", lambda _: reply(told))
    oidc = providers(fake, **more)
    assert (await oidc.profile(ATTEMPT, "code")).email == "told@example.test"
    assert fake.seen[-1].headers["authorization"] == "Bearer access"
    assert fake.seen[0].url.query == b"realm=%2Findividu"
    assert fake.asked(DISCOVERY) == 0
    url = await oidc.authorization_url(ATTEMPT, "s")
    assert url.startswith(f"{ISSUER}/authorize?realm=%2Findividu&response_type=code")
    told["sub"] = "somebody else"
    with pytest.raises(ProviderAnswerInvalid):
        await oidc.profile(ATTEMPT, "code")


async def test_a_provider_that_was_taken_out_is_unknown(fake: FakeProvider) -> None:
    gone = ProviderAttempt("gone", "https://site.example/in", "n", "v", None, "")
    with pytest.raises(ProviderUnknown):
        await providers(fake).profile(gone, "code")


async def test_an_attempt_is_taken_once_and_stored_under_a_hash(redis: Redis) -> None:
    attempts = ValkeyAttempts(redis, "test-attempts:")
    attempt = ProviderAttempt("test", "https://s/in", "n", "v", UserRole.CANDIDATE, "")
    await attempts.keep("the state", attempt)
    [key] = [each async for each in redis.scan_iter("test-attempts:*")]
    assert b"the state" not in key
    assert "the state" not in json.dumps((await redis.get(key)).decode())
    assert 590 <= await redis.ttl(key) <= 600
    taken = await asyncio.gather(*(attempts.take("the state") for _ in range(8)))
    assert [each for each in taken if each] == [attempt]


async def test_without_valkey_nothing_is_begun(no_redis: Redis) -> None:
    attempts = ValkeyAttempts(no_redis)
    with pytest.raises(DependencyDown):
        await attempts.keep("state", ATTEMPT)
    with pytest.raises(DependencyDown):
        await attempts.take("state")


async def test_a_code_that_another_provider_sent_goes_nowhere(fake: FakeProvider) -> None:
    assert (await providers(fake).profile(ATTEMPT, "code", ISSUER)).subject == "s"
    asked = fake.asked("/token")
    for other in ("https://evil.example", ISSUER + "/", ISSUER.upper()):
        with pytest.raises(ProviderAnswerInvalid):
            await providers(fake).profile(ATTEMPT, "code", other)
    assert fake.asked("/token") == asked


async def test_a_provider_that_promises_to_name_itself_has_to(fake: FakeProvider) -> None:
    said = {**fake.discovery(), "authorization_response_iss_parameter_supported": True}
    fake.answer(DISCOVERY, lambda _: reply(said))
    with pytest.raises(ProviderAnswerInvalid):
        await providers(fake).profile(ATTEMPT, "code")
    assert fake.asked("/token") == 0
    assert (await providers(fake).profile(ATTEMPT, "code", ISSUER)).subject == "s"
