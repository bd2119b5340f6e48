import pytest
from pydantic import ValidationError

from services.kit.settings import Settings

BASE = {
    "WENEEDS_DATABASE_URL": "postgresql://shared",
    "WENEEDS_TLS_DIR": "tls",
    "WENEEDS_JWKS_FILE": "jwks.json",
}


def test_a_service_reads_its_own_name_first() -> None:
    own = Settings.load("jobs", {**BASE, "WENEEDS_JOBS_DATABASE_URL": "postgresql://own"})
    assert own.database_url == "postgresql://own"
    assert Settings.load("payment", BASE).database_url == "postgresql://shared"


def test_structured_values_are_json() -> None:
    settings = Settings.load("jobs", {**BASE, "WENEEDS_ADDRESSES": '{"auth": "host:1"}'})
    assert settings.addresses == {"auth": "host:1"}


def test_a_missing_value_is_named() -> None:
    with pytest.raises(ValidationError, match="database_url"):
        Settings.load("jobs", {})


FAR = {"WENEEDS_ENVIRONMENT": "production", "WENEEDS_DATABASE_URL": "postgresql://127.0.0.1/x"}


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("database_url", "postgresql://db.internal/weneeds"),
        ("reader_url", "postgresql://10.0.0.7/weneeds"),
        ("nats_url", "nats://nats:4222"),
        ("redis_url", "redis://cache.internal:6379/0"),
    ],
)
def test_production_reaches_no_store_in_plain_text(name: str, url: str) -> None:
    far = {**BASE, **FAR, f"WENEEDS_{name.upper()}": url}
    with pytest.raises(ValidationError, match=f"{name}: production"):
        Settings.load("jobs", far)
    assert Settings.load("jobs", {**far, "WENEEDS_STORES_CA_FILE": "ca.pem"})
    assert Settings.load("jobs", {**far, "WENEEDS_ENVIRONMENT": "local"})


def test_production_may_use_its_own_loopback() -> None:
    assert Settings.load("jobs", {**BASE, **FAR})
