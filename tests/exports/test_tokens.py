"""The estimate is never below the count of a real tokenizer, and not far above it.

The counts beside the texts were measured with o200k.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.exports import estimate_tokens

MEASURED = [
    ("The payment was declined by the bank.", 8),
    ("TypeError: Cannot read properties of undefined (reading 'total')", 13),
    ("psycopg.errors.DeadlockDetected: deadlock detected", 13),
    ("9f86d081884c7d659a2feaa0c55ad015", 19),
    ("a3bf4f1b-2b0b-4822-d15d-6c15b0f00a08", 28),
    ("2026-11-20T14:05:00.123Z", 15),
    ("https://shop.example/api/v2/cart/4711?step=3&x=%20", 19),
    ("node_modules/react-dom/cjs/react-dom.production.min.js:1234:56", 16),
    ('{"id":"9001","frames":[{"line":42,"code":null}]},', 18),
    ("|---|---|---|---|", 9),
    ("````````````````````", 10),
    ("======== ~~~~ !!!!! ?!?!", 7),
    ("        total = cart.total  # 20 %", 10),
    ("qzxjkvwq", 6),
    ("XQZJKVWBQ", 7),
    ("aGVsbG8gd29ybGQgb2YgdG9rZW5z", 20),
    ("\u5904\u7406\u60a8\u7684\u4ed8\u6b3e\u8bf7\u6c42\u65f6\u53d1\u751f\u9519\u8bef\u3002", 8),
    ("\u9f98\u9750\u9f49\u9f7e", 8),
    (
        "\u304a\u652f\u6255\u3044\u306e\u51e6\u7406\u4e2d\u306b\u30a8\u30e9\u30fc\u304c\u767a\u751f\u3057\u307e\u3057\u305f\u3002",
        15,
    ),
    (
        "\uacb0\uc81c \ucc98\ub9ac \uc911 \uc624\ub958\uac00 \ubc1c\uc0dd\ud588\uc2b5\ub2c8\ub2e4.",
        9,
    ),
    (
        "\u062d\u062f\u062b \u062e\u0637\u0623 \u0623\u062b\u0646\u0627\u0621 \u0645\u0639\u0627\u0644\u062c\u0629 \u0637\u0644\u0628 \u0627\u0644\u062f\u0641\u0639",  # noqa: E501 - one text, one line
        7,
    ),
    (
        "\u05e9\u05d2\u05d9\u05d0\u05d4 \u05d1\u05e2\u05d9\u05d1\u05d5\u05d3 \u05d4\u05ea\u05e9\u05dc\u05d5\u05dd",  # noqa: E501 - one text, one line
        8,
    ),
    (
        "\u041f\u0440\u043e\u0438\u0437\u043e\u0448\u043b\u0430 \u043e\u0448\u0438\u0431\u043a\u0430 \u043f\u0440\u0438 \u043e\u0431\u0440\u0430\u0431\u043e\u0442\u043a\u0435",  # noqa: E501 - one text, one line
        8,
    ),
    ("\xc0\xc9\xce\xd5\xdc \xf1\xe7\xdf\xf8", 9),
    ("\u0e02\u0e49\u0e2d\u0e1c\u0e34\u0e14\u0e1e\u0e25\u0e32\u0e14", 4),
    ("\u092d\u0941\u0917\u0924\u093e\u0928 \u0935\u093f\u092b\u0932", 6),
    (
        "\U0001f600\U0001f44d\U0001f3fd\U0001f1e9\U0001f1ea\u2764\ufe0f\U0001f468\u200d\U0001f469\u200d\U0001f467",
        17,
    ),
    ("\U000e0041\U0001f9ff\U00020bb7", 11),
    ("\t\x0b\x0c\r \n \n", 5),
    ("[U+202E][U+200B]", 11),
]


@pytest.mark.parametrize(("text", "tokens"), MEASURED)
def test_estimate_is_never_below_the_measured_count(text: str, tokens: int) -> None:
    assert estimate_tokens(text) >= tokens


def test_nothing_costs_nothing() -> None:
    assert estimate_tokens("") == 0


@given(st.text(max_size=200))
def test_estimate_is_never_more_than_the_bytes_of_a_text(text: str) -> None:
    assert estimate_tokens(text) <= len(text.encode("utf-8", "surrogatepass")) + 1


@given(st.text(max_size=100), st.text(max_size=100))
def test_more_text_never_costs_less(text: str, more: str) -> None:
    assert estimate_tokens(f"{text}\n\n{more}") >= estimate_tokens(text)
