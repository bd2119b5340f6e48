"""How identity providers are configured, and what is known of the common ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from services.auth.domain.id_tokens import ALGORITHMS, TENANT, Algorithm
from services.auth.domain.providers import ClaimNames

_MICROSOFT = "https://login.microsoftonline.com/"
# The endpoints of Microsoft that serve many tenants: each signs with its own issuer.
_SHARED_TENANTS = ("common", "organizations", "consumers")

PRESETS: dict[str, dict[str, Any]] = {
    "google": {"title": "Google", "issuer": "https://accounts.google.com"},
    # LinkedIn repeats no nonce, and refuses PKCE unless it switched it on for the application.
    "linkedin": {
        "title": "LinkedIn",
        "issuer": "https://www.linkedin.com/oauth",
        "nonce": False,
        "pkce": False,
    },
    # Microsoft vouches for an e-mail with `xms_edov` alone: `email` is what a tenant likes.
    "microsoft": {
        "title": "Microsoft",
        "issuer": f"{_MICROSOFT}common/v2.0",
        "claims": {"email_verified": "xms_edov"},
    },
    "generic": {},
}


def _claim_names(value: object) -> object:
    return ClaimNames(**value) if isinstance(value, dict) else value


class ProviderConfig(BaseModel):
    """One identity provider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    preset: Literal["google", "linkedin", "microsoft", "generic"] = "generic"
    # For the button.
    title: str = Field(min_length=1, max_length=80)
    # What id_tokens say of their issuer, and where the discovery document is looked for.
    issuer: str
    # What id_tokens say, where it differs from `issuer`; "{tenantid}" stands for their `tid`.
    token_issuer: str = ""
    # All three or none: with them no discovery document is asked for.
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    jwks_uri: str = ""
    # Asked for the e-mail when the id_token has none.
    userinfo_endpoint: str = ""
    # Without discovery: what the provider signs with.
    algorithms: tuple[Algorithm, ...] = ALGORITHMS
    client_id: str = Field(min_length=1)
    # One of the two; neither for a public client.
    client_secret: SecretStr = SecretStr("")
    client_secret_file: Path | None = None
    client_authentication: Literal["post", "basic"] = "post"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    claims: Annotated[ClaimNames, BeforeValidator(_claim_names)] = ClaimNames()
    # Whether the provider repeats a nonce and takes a PKCE challenge.
    nonce: bool = True
    pkce: bool = True

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        preset = PRESETS.get(value.get("preset", "generic"), {})
        return {**preset, **value}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        explicit = (self.authorization_endpoint, self.token_endpoint, self.jwks_uri)
        if any(explicit) and not all(explicit):
            raise ValueError("authorization_endpoint, token_endpoint and jwks_uri go together")
        if self.client_secret.get_secret_value() and self.client_secret_file:
            raise ValueError("client_secret or client_secret_file, not both")
        if not self.secret and not self.pkce:
            raise ValueError("a public client needs PKCE")
        return self

    @property
    def secret(self) -> str:
        """The client's secret; "" for a public client. Raises OSError."""
        if self.client_secret_file is None:
            return self.client_secret.get_secret_value()
        return self.client_secret_file.read_text().strip()

    @property
    def expected_issuer(self) -> str:
        """What id_tokens and the discovery document name as issuer; may hold TENANT."""
        tenant = self.issuer.removeprefix(_MICROSOFT).removesuffix("/v2.0")
        if self.token_issuer:
            return self.token_issuer
        if self.issuer.startswith(_MICROSOFT) and tenant in _SHARED_TENANTS:
            return f"{_MICROSOFT}{TENANT}/v2.0"
        return self.issuer

    @property
    def discovers(self) -> bool:
        """Whether the endpoints come from the provider's discovery document."""
        return not self.authorization_endpoint
