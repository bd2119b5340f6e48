"""Which cards payment runs with: test cards and stand-ins end where production begins."""

from __future__ import annotations

from typing import Any

import pytest

from services.payment.settings import PaymentSettings


def _settings(**values: Any) -> PaymentSettings:
    whole = {"stripe_api_key": "sk_live_fictif", "stripe_webhook_secret": "whsec_fictif"}
    return PaymentSettings.model_construct(**{**whole, **values})


@pytest.mark.parametrize(
    "values",
    [
        {"stripe_api_key": "sk_test_fictif"},
        {"stripe_api_base": "http://127.0.0.1:12111"},
    ],
)
def test_test_cards_do_not_exist_in_production(values: dict[str, str]) -> None:
    _settings(environment="local", **values).check_processor()
    with pytest.raises(RuntimeError, match="production"):
        _settings(environment="production", **values).check_processor()


def test_a_live_key_is_for_production() -> None:
    _settings(environment="production").check_processor()


@pytest.mark.parametrize("name", ["stripe_api_key", "stripe_webhook_secret"])
def test_nothing_is_charged_without_a_key_and_a_secret(name: str) -> None:
    with pytest.raises(RuntimeError):
        _settings(environment="local", **{name: ""}).check_processor()
