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
