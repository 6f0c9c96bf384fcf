"""The configured language model, what it costs, and what a call has used."""

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from urllib.parse import urlsplit

from django.conf import settings

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Llm:
    """Settings of the model. Prices are per million tokens, in any currency."""

    base_url: str
    api_key: str = field(repr=False)
    model: str
    timeout_s: int = 120
    answer_tokens: int = 1500
    input_price: Decimal = Decimal(0)
    output_price: Decimal = Decimal(0)
    cost_per_day: Decimal = Decimal(0)
    tokens_per_day: int = MILLION
    private_hosts: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Return the host, with its port unless it's the default."""
        return urlsplit(self.base_url).netloc

    @property
    def costs_money(self) -> bool:
        """Return whether prices are configured."""
        return bool(self.input_price or self.output_price)

    @property
    def most_per_day(self) -> int:
        """Return the day's budget in millionths of the currency."""
        return int(self.cost_per_day * MILLION)

    def cost(self, tokens_in: int, tokens_out: int) -> int:
        """Return the cost in millionths of the currency, rounded up."""
        exact = tokens_in * self.input_price + tokens_out * self.output_price
        return int(exact.to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class Usage:
    """Token usage of a call, as reported by the server."""

    tokens_in: int
    tokens_out: int


def configured_llm() -> Llm | None:
    """Return the configured model, if there is one."""
    llm: Llm | None = settings.LLM
    return llm


def format_money(millionths: int) -> str:
    """Format millionths of the currency, rounded up to 4 places: 0.0132, 5.00."""
    amount = (Decimal(millionths) / MILLION).quantize(Decimal("0.0001"), ROUND_CEILING)
    return f"{amount:f}".removesuffix("00")
