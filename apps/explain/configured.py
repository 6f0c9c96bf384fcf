"""The language model that the environment names, and what asking it may cost."""

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from urllib.parse import urlsplit

from django.conf import settings

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Llm:
    """Where the model is and what it takes. Prices are for a million tokens, in any currency."""

    base_url: str
    api_key: str = field(repr=False)
    model: str
    timeout_s: int = 60
    answer_tokens: int = 1500
    input_price: Decimal = Decimal(0)
    output_price: Decimal = Decimal(0)
    cost_per_day: Decimal = Decimal(0)
    tokens_per_day: int = MILLION
    private_hosts: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The host that is called, with its port if it is not the usual one."""
        return urlsplit(self.base_url).netloc

    @property
    def costs_money(self) -> bool:
        """Whether prices are told at all."""
        return bool(self.input_price or self.output_price)

    def cost(self, tokens_in: int, tokens_out: int) -> int:
        """What so many tokens cost, in millionths of the currency, rounded up."""
        exact = tokens_in * self.input_price + tokens_out * self.output_price
        return int(exact.to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens that the server says a call used."""

    tokens_in: int
    tokens_out: int


def configured() -> Llm | None:
    """The configured model; None where the site has none."""
    llm: Llm | None = settings.LLM
    return llm


def money(millionths: int) -> str:
    """So many millionths of the currency as an amount, rounded up: 0.0132, 5.00."""
    amount = (Decimal(millionths) / MILLION).quantize(Decimal("0.0001"), ROUND_CEILING)
    return f"{amount:f}".removesuffix("00")
