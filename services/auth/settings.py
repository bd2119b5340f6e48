"""Configuration of the auth service, beside the kit's."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from services.auth.ports.provider_config import ProviderConfig
from services.kit.settings import Settings


class AuthSettings(Settings):
    """What the auth service needs to sign tokens and keep sessions."""

    # Private Ed25519 keys, one `<kid>.pem` (PKCS 8) each; the newest signs.
    signing_keys_dir: Path
    # At least 32 random bytes that seal refresh tokens. Replacing the file's
    # content signs everyone out at their next refresh.
    refresh_secret_file: Path
    # As `signing_keys_dir`, for the access tokens of staff.
    admin_signing_keys_dir: Path
    # At least 32 random bytes that seal the secrets of second factors. Losing
    # them loses every authenticator app.
    factor_secret_file: Path
    # Where people use the platform: the links of mails lead there.
    site_url: str = Field(default="http://localhost:8080", pattern="^https?://[^#?\\s]+$")
    # The domain that passkeys are bound to, what browsers call it, and the pages
    # that may use them. Another domain makes all passkeys useless.
    passkey_rp_id: str = "localhost"
    passkey_rp_name: str = "WeNeeds"
    passkey_origins: list[str] = Field(default=["http://localhost:8080"], min_length=1)
    # How long an access token is good. Verifiers accept it without asking.
    access_token_seconds: int = Field(default=600, ge=60, le=900)
    # How often the folder of signing keys is looked at.
    signing_keys_reload_seconds: float = Field(default=5.0, gt=0)
    # Identity providers (see the README), and where they may send browsers back.
    providers: tuple[ProviderConfig, ...] = ()
    provider_redirects: tuple[str, ...] = ()
