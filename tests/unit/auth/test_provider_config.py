"""How identity providers are configured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from services.auth.ports.oidc import OidcProviders
from services.auth.ports.provider_config import ProviderConfig
from services.auth.ports.provider_http import ProviderHttp
from services.kit.clock import FakeClock
from tests.unit.auth.provider import ISSUER, NOW, FakeProvider, config


def test_presets_fill_in_what_is_known_of_a_provider() -> None:
    keys = {"client_id": "c", "client_secret": "s"}
    google = ProviderConfig(name="google", preset="google", **keys)
    assert (google.title, google.expected_issuer) == ("Google", "https://accounts.google.com")
    microsoft = ProviderConfig(name="microsoft", preset="microsoft", **keys)
    assert microsoft.expected_issuer == "https://login.microsoftonline.com/{tenantid}/v2.0"
    assert microsoft.claims.email_verified == "xms_edov"
    tenant = "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"
    own = ProviderConfig(name="microsoft", preset="microsoft", issuer=tenant, **keys)
    assert own.expected_issuer == tenant
    linkedin = ProviderConfig(name="linkedin", preset="linkedin", **keys)
    assert not linkedin.nonce
    assert not linkedin.pkce


def test_the_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from the file\n")
    assert config(client_secret="", client_secret_file=file).secret == "from the file"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "No Name"},
        {"unknown": 1},
        {"client_secret_file": "/there/too"},
        {"token_endpoint": f"{ISSUER}/token"},
        {"client_secret": "", "pkce": False},
        {"algorithms": ["HS256"]},
        {"preset": "nobody"},
    ],
    ids=str,
)
def test_a_wrong_configuration_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**wrong)


def test_addresses_are_https_or_this_very_machine_outside_production() -> None:
    fake = httpx.MockTransport(FakeProvider())
    local, production = (ProviderHttp(plain=plain, transport=fake) for plain in (True, False))
    assert local.permits("http://127.0.0.1:8000/x")
    assert not production.permits("http://127.0.0.1:8000/x")
    assert production.permits("https://id.example/authorize?realm=%2F")
    for address in (
        "http://id.example",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "https://user:word@id.example",
        "https://id.example/#fragment",
        "https://id.example:port/",
        "https://",
        "//id.example",
        "file:///etc/passwd",
        "",
    ):
        assert not local.permits(address), address
    with pytest.raises(ValueError, match="no https address"):
        OidcProviders([config(issuer="http://id.example")], local, FakeClock(NOW))
    with pytest.raises(ValueError, match="same name"):
        OidcProviders([config(), config()], local, FakeClock(NOW))
