"""The number of tokens is that of a real tokenizer."""

from hypothesis import given
from hypothesis import strategies as st

from apps.exports.tokens import estimate_tokens, tokens_within
from tests.exports.tokenizer import count

TEXTS = [
    "The payment was declined by the bank.",
    "TypeError: Cannot read properties of undefined (reading 'total')",
    "psycopg.errors.DeadlockDetected: deadlock detected",
    "9f86d081884c7d659a2feaa0c55ad015",
    "a3bf4f1b-2b0b-4822-d15d-6c15b0f00a08",
    "2026-11-20T14:05:00.123Z",
    "https://shop.example/api/v2/cart/4711?step=3&x=%20",
    "node_modules/react-dom/cjs/react-dom.production.min.js:1234:56",
    '{"id":"9001","frames":[{"line":42,"code":null}]},',
    "|---|---|---|---|",
    "````````````````````",
    "======== ~~~~ !!!!! ?!?!",
    "        total = cart.total  # 20 %",
    "qzxjkvwq",
    "XQZJKVWBQ",
    "aGVsbG8gd29ybGQgb2YgdG9rZW5z",
    "\u5904\u7406\u60a8\u7684\u4ed8\u6b3e\u8bf7\u6c42\u65f6\u53d1\u751f\u9519\u8bef\u3002",
    "\u9f98\u9750\u9f49\u9f7e",
    "\u304a\u652f\u6255\u3044\u306e\u51e6\u7406\u4e2d\u306b\u30a8\u30e9\u30fc\u304c\u767a\u751f\u3057\u307e\u3057\u305f\u3002",
    "\uacb0\uc81c \ucc98\ub9ac \uc911 \uc624\ub958\uac00 \ubc1c\uc0dd\ud588\uc2b5\ub2c8\ub2e4.",
    "\u062d\u062f\u062b \u062e\u0637\u0623 \u0623\u062b\u0646\u0627\u0621 \u0645\u0639\u0627\u0644\u062c\u0629 \u0637\u0644\u0628 \u0627\u0644\u062f\u0641\u0639",  # noqa: E501 - one text, one line
    "\u05e9\u05d2\u05d9\u05d0\u05d4 \u05d1\u05e2\u05d9\u05d1\u05d5\u05d3 \u05d4\u05ea\u05e9\u05dc\u05d5\u05dd",  # noqa: E501 - one text, one line
    "\u041f\u0440\u043e\u0438\u0437\u043e\u0448\u043b\u0430 \u043e\u0448\u0438\u0431\u043a\u0430 \u043f\u0440\u0438 \u043e\u0431\u0440\u0430\u0431\u043e\u0442\u043a\u0435",  # noqa: E501 - one text, one line
    "\xc0\xc9\xce\xd5\xdc \xf1\xe7\xdf\xf8",
    "\u0e02\u0e49\u0e2d\u0e1c\u0e34\u0e14\u0e1e\u0e25\u0e32\u0e14",
    "\u092d\u0941\u0917\u0924\u093e\u0928 \u0935\u093f\u092b\u0932",
    "\U0001f600\U0001f44d\U0001f3fd\U0001f1e9\U0001f1ea\u2764\ufe0f\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U000e0041\U0001f9ff\U00020bb7",
    "\t\x0b\x0c\r \n \n",
    "[U+202E][U+200B]",
    "x" * 250,
    "ab" * 120,
    "-" * 250,
    " " * 250,
    "\u0e01" * 80,
    "\u2019mboleng" * 20,
    " %%\u0e39\u0e25",
    "\xad\u0301's",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0NzExIn0.dBjftJeZ4CVP",
    'Traceback (most recent call last):\n  File "/srv/app/shop/views.py", line 88, in pay\n    raise PaymentDeclined(code)',  # noqa: E501 - one text, one line
    'java.lang.NullPointerException: Cannot invoke "Cart.total()" because "cart" is null\n\tat com.acme.shop.Checkout.pay(Checkout.java:42)',  # noqa: E501 - one text, one line
    "at async Checkout.<anonymous> (webpack-internal:///./src/pages/checkout.tsx:17:23)",
    "goroutine 17 [running]:\nmain.(*Server).pay(0xc0000b6000, {0x7f3c, 0x2})\n\t/go/src/shop/main.go:88 +0x1d4",  # noqa: E501 - one text, one line
    "System.InvalidOperationException: Sequence contains no elements\n   at System.Linq.Enumerable.First[T](IEnumerable`1 source) in C:\\src\\Pay.cs:line 12",  # noqa: E501 - one text, one line
    "PHP Fatal error:  Uncaught TypeError: pay(): Argument #1 ($cart) must be of type Cart, null given in /var/www/pay.php:17\n#0 {main}",  # noqa: E501 - one text, one line
    "app/models/cart.rb:31:in `total': undefined method `price' for nil:NilClass (NoMethodError)",
    "thread 'main' panicked at src/cart.rs:12:9: called `Option::unwrap()` on a `None` value\n   0: std::panicking::begin_panic::<&str>",  # noqa: E501 - one text, one line
    "Fatal error: Unexpectedly found nil while unwrapping an Optional value: file Shop/Cart.swift, line 21",  # noqa: E501 - one text, one line
    "kotlin.UninitializedPropertyAccessException: lateinit property cart has not been initialized\n\tat shop.CartKt$pay$1.invokeSuspend(Cart.kt:9)",  # noqa: E501 - one text, one line
    "** (FunctionClauseError) no function clause matching in Shop.Cart.total/1\n    (shop 0.1.0) lib/shop/cart.ex:14: Shop.Cart.total(nil)",  # noqa: E501 - one text, one line
    "#0  0x00007ffff7a42428 in __GI_raise (sig=sig@entry=6) at ../sysdeps/unix/sysv/linux/raise.c:54",  # noqa: E501 - one text, one line
    "#0      CartState.total (package:shop/cart.dart:33:7)\n<asynchronous suspension>",
    '!function(e,t){"object"==typeof exports?module.exports=t():e.x=t()}(this,function(){return n=e[r]||(e[r]={i:r,l:!1})});',  # noqa: E501 - one text, one line
    "SELECT c.id, SUM(i.price) FROM cart c LEFT JOIN item i ON i.cart_id = c.id WHERE c.user_id = $1 GROUP BY 1;",  # noqa: E501 - one text, one line
    "| Name | Count |\n| :--- | ----: |\n| `pay` | 12 |\n| **cart** | 3 |",
    '<event id="9001" level="error"><title>Card declined &amp; retried</title></event>\n',
]


def test_number_is_that_of_the_tokenizer() -> None:
    for text in TEXTS:
        assert estimate_tokens(text) == count(text), text


def test_long_word_is_counted_slightly_too_high() -> None:
    for word in ("x7" * 9000, "\u0448" * 9000, "\u9f98" * 9000, "Ab" * 9000):
        assert count(word) <= estimate_tokens(word) <= 1.03 * count(word), word[:2]


def test_tokens_within_a_limit_are_counted() -> None:
    for text in (*TEXTS, " ".join(TEXTS) * 20, "word " * 9000, "-" * 20_000):
        tokens = estimate_tokens(text)
        for limit, expected in ((10 * tokens, tokens), (tokens, tokens), (tokens - 1, None)):
            assert tokens_within(text, limit) == expected, (text[:40], limit)
        assert tokens_within(text, 0) is None, text[:40]


def test_empty_text_has_no_tokens() -> None:
    assert estimate_tokens("") == 0


@given(st.text(max_size=200))
def test_estimate_never_exceeds_the_bytes(text: str) -> None:
    assert estimate_tokens(text) <= len(text.encode("utf-8", "surrogatepass")) + 1


@given(st.text(max_size=100), st.text(max_size=100))
def test_longer_text_never_has_fewer_tokens(text: str, more: str) -> None:
    assert estimate_tokens(f"{text}\n\n{more}") >= estimate_tokens(text)
