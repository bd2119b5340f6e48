"""What the payment service needs to know beside the kit's settings."""

from __future__ import annotations

from services.kit.settings import Settings

_TEST_KEY = "sk_test_"


class PaymentSettings(Settings):
    """Read from WENEEDS_PAYMENT_<NAME>."""

    # Pages of the site: where the bank sends the owner of a card back to.
    site_url: str = "https://weneeds.fr"
    stripe_api_key: str = ""
    # Where the API is; Stripe's own address when empty. A stand-in elsewhere.
    stripe_api_base: str = ""
    # What signs the webhooks ("whsec_...").
    stripe_webhook_secret: str = ""

    @property
    def test_cards(self) -> bool:
        """Whether no real card can be charged."""
        return self.stripe_api_key.startswith(_TEST_KEY)

    def check_processor(self) -> None:
        """Raise RuntimeError unless cards can be charged, in production for real."""
        if not self.stripe_api_key or not self.stripe_webhook_secret:
            raise RuntimeError("payment needs STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET")
        if self.environment != "production":
            return
        if self.test_cards or self.stripe_api_base:
            raise RuntimeError("payment does not run in production with test cards or a stand-in")
