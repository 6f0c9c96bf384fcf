"""Reading the language model that explains results from the environment; without one it is off."""

import re

from apps.explain.client import Llm
from triage_site import env

_NEEDED = ("LLM_BASE_URL", "LLM_API_KEY", "LLM_MODEL")


def read_llm(private_hosts: tuple[str, ...]) -> Llm | None:
    """The configured model; None when there is none. Stops the start when it is half told."""
    told = [name for name in _NEEDED if env.text(name)]
    if not told:
        return None
    missing = [name for name in _NEEDED if name not in told]
    if missing:
        env.stop(
            f"{told[0]} is set but {missing[0]} is not. A model needs an address, a key, and "
            "a name. If your own server needs no key, use any word."
        )
    return Llm(
        base_url=env.service_address("LLM_BASE_URL", "https://api.openai.com/v1"),
        api_key=_key(),
        model=_model(),
        timeout_s=env.whole_number("LLM_TIMEOUT_S", 60, least=5, most=600),
        answer_tokens=env.whole_number("LLM_MAX_ANSWER_TOKENS", 1500, least=100, most=16000),
        input_price=env.amount("LLM_INPUT_PRICE", "0"),
        output_price=env.amount("LLM_OUTPUT_PRICE", "0"),
        cost_per_day=env.amount("LLM_COST_PER_DAY", "5"),
        tokens_per_day=env.whole_number(
            "LLM_TOKENS_PER_DAY", 1_000_000, least=1000, most=10_000_000_000
        ),
        private_hosts=private_hosts,
    )


def _key() -> str:
    key = env.text("LLM_API_KEY")
    if not re.fullmatch(r"[!-~]+", key):
        env.stop(
            "LLM_API_KEY contains a space, a line break, or another character that a key "
            "can't have. "
            "Please copy it again."
        )
    return key


def _model() -> str:
    model = env.text("LLM_MODEL")
    if not re.fullmatch(r"[!-~]{1,100}", model):
        env.stop("LLM_MODEL must be the model's name as its provider writes it, without spaces.")
    return model
