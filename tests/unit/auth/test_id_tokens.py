"""What an id_token must say, and what a provider's word makes of a person."""

from __future__ import annotations

import math
from typing import Any

import pytest

from services.auth.domain.id_tokens import (
    AGE_SECONDS,
    LEEWAY_SECONDS,
    Expected,
    believed,
    check_access_token_hash,
    check_id_token,
)
from services.auth.domain.providers import (
    ClaimNames,
    LastSignInMethod,
    ProviderAnswerInvalid,
    challenge_of,
    check_unlink,
    first_name_of,
    locale_or,
    profile_of,
)

NOW = 1_700_000_000.0
TENANT_ID = "9188040d-6c67-4c5b-b112-36a304b66dad"
EXPECTED = Expected("https://id.example", "client", "nonce", NOW)
GOOD = {
    "iss": "https://id.example",
    "aud": "client",
    "sub": "person-1",
    "exp": NOW + 300,
    "iat": NOW,
    "nonce": "nonce",
}


def test_a_good_token_names_its_subject() -> None:
    assert check_id_token(GOOD, EXPECTED) == "person-1"
    assert check_id_token({**GOOD, "aud": ["client"], "azp": "client"}, EXPECTED) == "person-1"
    several = {**GOOD, "aud": ["client", "other"], "azp": "client", "nbf": NOW}
    assert check_id_token(several, EXPECTED) == "person-1"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://id.example/"},
        {"aud": "Client"},
        {"aud": []},
        {"aud": ["client", "other"]},
        {"aud": {"client": 1}},
        {"azp": "other"},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "a\nb"},
        {"sub": "é"},
        {"sub": 7},
        {"exp": NOW - LEEWAY_SECONDS},
        {"exp": str(NOW + 300)},
        {"exp": True},
        {"exp": math.nan},
        {"iat": NOW + LEEWAY_SECONDS},
        {"iat": NOW - AGE_SECONDS - LEEWAY_SECONDS},
        {"nbf": NOW + LEEWAY_SECONDS},
        {"nonce": "Nonce"},
        {"nonce": ["nonce"]},
        {"nonce": "\ud800"},
    ],
    ids=str,
)
def test_a_claim_that_does_not_fit_refuses_the_token(claims: dict[str, Any]) -> None:
    with pytest.raises(ProviderAnswerInvalid):
        check_id_token({**GOOD, **claims}, EXPECTED)


@pytest.mark.parametrize("missing", GOOD)
def test_every_claim_is_needed(missing: str) -> None:
    with pytest.raises(ProviderAnswerInvalid):
        check_id_token({k: v for k, v in GOOD.items() if k != missing}, EXPECTED)


def test_a_provider_without_nonces_is_not_asked_for_one() -> None:
    bare = {name: value for name, value in GOOD.items() if name != "nonce"}
    assert check_id_token(bare, Expected("https://id.example", "client", None, NOW)) == "person-1"


def test_an_issuer_of_many_tenants_is_the_one_of_the_tokens_tenant() -> None:
    expected = Expected("https://id.example/{tenantid}/v2.0", "client", "nonce", NOW)
    good = {**GOOD, "iss": f"https://id.example/{TENANT_ID}/v2.0", "tid": TENANT_ID}
    assert check_id_token(good, expected) == "person-1"
    for tenant in (None, "", "../evil", TENANT_ID.replace("9", "8")):
        with pytest.raises(ProviderAnswerInvalid):
            check_id_token({**good, "tid": tenant}, expected)
    with pytest.raises(ProviderAnswerInvalid):
        check_id_token({**good, "iss": "https://id.example/{tenantid}/v2.0"}, expected)


def test_the_access_token_is_the_one_that_the_id_token_names() -> None:
    # From OpenID Connect Core 1.0, appendix A.
    token, said = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "77QmUPtjPfzWtF2AnpK9RQ"
    check_access_token_hash({"at_hash": said}, token, "RS256")
    check_access_token_hash({}, token, "RS256")
    for wrong, algorithm in ((token + "x", "RS256"), (token, "EdDSA"), ("", "ES256")):
        with pytest.raises(ProviderAnswerInvalid):
            check_access_token_hash({"at_hash": said}, wrong, algorithm)


def test_only_some_algorithms_are_believed() -> None:
    assert believed(["none", "HS256", "ES256", "RS256", "PS256"]) == ["RS256", "ES256"]
    assert believed(None) == []
    assert believed("RS256") == []


def test_the_challenge_is_that_of_rfc_7636() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def profile(**claims: object) -> Any:
    return profile_of("s", claims, ClaimNames())


def test_reads_a_profile() -> None:
    read = profile(
        email=" Ada@Example.test ",
        email_verified=True,
        given_name="Ada ",
        family_name="Test",
        locale="en-GB",
    )
    assert (read.email, read.email_verified) == ("ada@example.test", True)
    assert (read.first_name, read.last_name, read.locale) == ("Ada", "Test", "en")


def test_reads_the_dialects_of_providers() -> None:
    names = ClaimNames(email_verified="xms_edov")
    assert profile_of("s", {"xms_edov": "1"}, names).email_verified
    assert not profile_of("s", {"email_verified": True}, names).email_verified
    assert profile(locale={"country": "FR", "language": "fr"}).locale == "fr"
    assert profile(name="Ada Marie Test").last_name == "Marie Test"


@pytest.mark.parametrize("value", [None, False, "false", "yes", 2, 1.0, [True], {}])
def test_an_email_is_not_proved_by_just_any_value(value: object) -> None:
    assert not profile(email="a@example.test", email_verified=value).email_verified


@pytest.mark.parametrize(
    "value", [None, 7, "", "no address", "a@b@c", "a\0@example.test", "\ud800"]
)
def test_what_is_no_email_is_left_out(value: object) -> None:
    assert profile(email=value).email == ""


def test_odd_names_are_made_fit() -> None:
    read = profile(given_name="A\0\x1bda\n Lo", family_name="x" * 200, email="ada@example.test")
    assert read.first_name == "Ada Lo"
    assert len(read.last_name) == 80
    assert first_name_of(profile(email="ada@example.test")) == "ada"
    assert profile(given_name=["Ada"], family_name=None).first_name == ""


def test_the_language_of_a_new_account() -> None:
    assert locale_or(profile(locale="en"), "fr") == "en"
    assert locale_or(profile(locale="de"), "en") == "en"
    assert locale_or(profile(), "") == "fr"


def test_the_last_way_to_sign_in_stays() -> None:
    with pytest.raises(LastSignInMethod):
        check_unlink("a", ["a"], has_password=False)
    check_unlink("a", ["a"], has_password=True)
    check_unlink("a", ["a", "b"], has_password=False)
    check_unlink("not there", ["a"], has_password=False)
