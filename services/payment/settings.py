"""What the payment service needs to know beside the kit's settings."""

from __future__ import annotations

from services.kit.settings import Settings
from services.payment.domain.invoices import Party

_TEST_KEY = "sk_test_"
# A company that there is not, for machines that bill nobody.
_FICTITIOUS = "WeNeeds Exemple (société fictive)"


class PaymentSettings(Settings):
    """Read from WENEEDS_PAYMENT_<NAME>."""

    # Pages of the site: where the bank sends the owner of a card back to.
    site_url: str = "https://weneeds.fr"
    stripe_api_key: str = ""
    # Where the API is; Stripe's own address when empty. A stand-in elsewhere.
    stripe_api_base: str = ""
    # What signs the webhooks ("whsec_...").
    stripe_webhook_secret: str = ""

    # What a company that is billed per cycle may owe before it is charged within the cycle.
    charge_threshold_euros: int = 50
    # Who bills. Invoices are legal papers: production names its own.
    seller_name: str = _FICTITIOUS
    seller_street: str = "1 rue de l'Exemple"
    seller_postal_code: str = "44000"
    seller_city: str = "Nantes"
    seller_siren: str = ""
    seller_vat_id: str = ""

    def seller(self) -> Party:
        """Return who bills. Raises RuntimeError in production for one that is made up."""
        named = self.seller_name != _FICTITIOUS and self.seller_siren and self.seller_vat_id
        if self.environment == "production" and not named:
            raise RuntimeError("payment needs SELLER_NAME, SELLER_SIREN and SELLER_VAT_ID")
        return Party(
            legal_name=self.seller_name,
            street=self.seller_street,
            postal_code=self.seller_postal_code,
            city=self.seller_city,
            country="FR",
            vat_id=self.seller_vat_id,
            siren=self.seller_siren,
        )

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
