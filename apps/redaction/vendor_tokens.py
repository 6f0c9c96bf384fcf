"""The forms of vendors' tokens, by the vendors' documentation and public rules for scanners.

A pattern is searched only in a text that contains its prefix or hint.
"""

import re
from collections.abc import Iterator

from apps.redaction.shapes import bounded_start

_HEX32 = r"[0-9a-fA-F]{32}"
_UUID = r"[0-9A-Za-z]{8}(?:-[0-9A-Za-z]{4}){3}-[0-9A-Za-z]{12}"

# The prefix of a token, and the pattern of its rest.
_TOKENS: tuple[tuple[str, str], ...] = (
    # Clouds
    ("AKIA", r"[A-Z0-9]{16}"),
    ("ASIA", r"[A-Z0-9]{16}"),
    ("ABIA", r"[A-Z0-9]{16}"),
    ("ACCA", r"[A-Z0-9]{16}"),
    ("A3T", r"[A-Z0-9]{17}"),
    ("bedrock-api-key-", r"[\w+/=-]{20,2000}"),
    ("da2-", r"[a-z0-9]{18,66}"),
    ("amzn.mws", rf"\.{_UUID}"),
    ("ABSK", r"[A-Za-z0-9+/]{100,200}={0,2}"),
    ("AIza", r"[\w-]{30,40}"),
    ("ya29.", r"[\w./-]{16,2000}"),
    ("GOCSPX-", r"[\w-]{20,40}"),
    ("1//0", r"[\w-]{20,200}"),
    ("LTAI", r"[A-Za-z0-9]{12,30}"),
    ("SCW", r"[A-Z0-9]{17}"),
    ("akab-", r"[a-z0-9]{16}-[a-z0-9]{16}"),
    ("v1.0-", r"[a-f0-9]{24}-[a-f0-9]{146}"),
    ("sha256~", r"[\w-]{35,83}"),
    ("napi_", r"[a-z0-9]{60,70}"),
    ("AKID", r"[A-Za-z0-9]{32}"),
    ("do", r"[opr]_v1_[a-f0-9]{32,64}"),
    ("00D", r"[A-Za-z0-9]{12}![\w.]{80,120}"),
    ("HRKU-", r"[\w-]{30,80}"),
    ("dapi", r"[a-f0-9]{32}(?:-\d)?"),
    ("pscale_", r"\w{2,5}_[\w=.-]{20,80}"),
    ("tskey-", r"[\w-]{16,100}"),
    ("sbp_", r"[a-z0-9]{32,80}"),
    ("sb_secret_", r"[\w-]{16,80}"),
    ("nfp_", r"\w{36,46}"),
    ("rnd_", r"\w{24,40}"),
    ("fm", r"[12][ar]?_[\w+/=-]{40,2000}"),
    ("fo1_", r"[\w-]{30,60}"),
    ("hvs.", r"[\w-]{20,200}"),
    ("hvb.", r"[\w-]{20,500}"),
    ("hvr.", r"[\w-]{20,200}"),
    ("s.", r"(?<!\.s\.)(?=[A-Za-z]{0,23}\d)[A-Za-z0-9]{24}(?![\w.])"),
    ("tk-us-", r"[\w-]{40,88}"),
    ("4b1d", r"[A-Za-z0-9]{38}"),
    ("cfk_", r"[A-Za-z0-9]{40,88}"),
    ("rh-api-", _UUID),
    ("dp.", r"(?:pt|st|ct|sa|scim|audit)\.[\w.-]{30,100}"),
    ("pul-", r"[a-z0-9]{32,80}"),
    ("vercel_blob_rw_", r"[A-Za-z0-9]{8,32}_[A-Za-z0-9]{20,60}"),
    ("mdb_sa_sk_", r"\w{32,60}"),
    ("AstraCS:", r"[\w-]{16,40}(?::[a-f0-9]{40,80})?"),
    ("zpka_", r"[a-z0-9]{32}_[a-z0-9]{8}"),
    # Code and packages
    ("gh", r"[pousr]_\w{20,255}"),
    ("github_pat_", r"\w{20,255}"),
    ("gl", r"(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct|oas)-[\w.=-]{16,100}"),
    ("GR1348941", r"[\w-]{20}"),
    ("npm_", r"[A-Za-z0-9]{30,64}"),
    ("pypi-", r"[\w-]{16,1000}"),
    ("rubygems_", r"[a-z0-9]{32,64}"),
    ("oy2", r"[a-z0-9]{43}"),
    ("cio", r"[A-Za-z0-9]{32}"),
    ("cmVmd", r"[A-Za-z0-9]{59}"),
    ("sgp_", r"(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40,64}"),
    ("slk_", r"[a-f0-9]{56,104}"),
    ("odt_", r"[A-Za-z0-9]{24,72}"),
    ("oa2-client-id_", r"[\w-]{24,72}"),
    ("bb", r"_(?:pr|ma)_[a-f0-9]{30}"),
    ("BB", r"(?:DC|FF)-[\w+/@-]{30,50}"),
    ("CLOJARS_", r"[a-z0-9]{52,100}"),
    ("dckr_", r"(?:pat|oat)_[\w-]{20,80}"),
    ("ATATT3", r"[\w=-]{30,300}"),
    ("ATCTT3", r"[\w=-]{30,300}"),
    ("ATBB", r"[A-Za-z0-9]{28,40}"),
    ("AKC", r"(?=[A-Za-z]{0,69}\d)[A-Za-z0-9]{10,80}"),
    ("sq", r"[apu]_[a-f0-9]{40}"),
    ("bkua_", r"[a-z0-9]{32,80}"),
    ("CCIPAT_", r"\w{20,80}"),
    ("lin_", r"(?:api|oauth)_\w{30,70}"),
    ("PMAK-", r"[A-Za-z0-9-]{50,70}"),
    ("fig", r"[dopru]{1,2}_[\w=-]{30,60}"),
    ("secret_", r"[A-Za-z0-9]{32,60}"),
    ("ntn_", r"[A-Za-z0-9]{32,60}"),
    ("pat", r"[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("pat.", r"[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}"),
    ("sat.", r"[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}"),
    ("A3-", r"[A-Z0-9]{6}-[A-Z0-9]{6,11}(?:-[A-Z0-9]{5}){3,4}"),
    ("API-", r"[A-Z0-9]{25,32}"),
    ("ico-", r"[A-Za-z0-9]{24,72}"),
    ("fio-u-", r"[\w=-]{56,104}"),
    ("s-s4t2", r"(?:ud|af)-[a-fA-F0-9]{64}"),
    ("thog-", r"(?:key|secret)-[a-f0-9]{16,32}"),
    ("snyk_", r"[su]at\.[\w.-]{20,120}"),
    ("endr+", r"[A-Za-z0-9-]{16,60}"),
    ("vtwn_", r"[\w-]{20,80}"),
    ("unkey_", r"(?=[A-Za-z]{0,60}\d)[A-Za-z0-9]{20,60}"),
    ("crsr_", r"(?=[A-Za-z]{0,80}\d)[A-Za-z0-9]{32,80}"),
    ("waka_", _UUID),
    ("rootly_", r"[a-f0-9]{56,104}"),
    ("AGE-SECRET-KEY-1", r"[A-Z0-9]{58}"),
    ("triage_", r"[\w-]{24,100}"),
    # Monitoring
    ("sntry", r"[aius]_[\w=+/.-]{20,400}"),
    ("glc_", r"[\w+/=-]{32,400}"),
    ("glsa_", r"\w{36,60}"),
    ("NR", r"(?:AK|JS|BR|II|IQ|AA|RA)-[\w-]{19,42}"),
    ("nr", r"(?:ak|js|br|ii|iq|aa|ra)-[\w-]{19,42}"),
    ("hc", r"[abc][a-z]{2}_[a-z0-9]{58}"),
    ("dt0", r"[a-zA-Z]\d{2}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}"),
    ("ph", r"[cx]_\w{32,60}"),
    ("xa", rf"[ap]t-{_UUID}"),
    # Machine learning
    ("sk-", r"[\w-]{16,300}"),
    ("hf_", r"[A-Za-z0-9]{30,40}"),
    ("api_org_", r"[A-Za-z0-9]{30,40}"),
    ("gsk_", r"[A-Za-z0-9]{40,60}"),
    ("r8_", r"[\w-]{30,40}"),
    ("pplx-", r"[A-Za-z0-9]{40,60}"),
    ("xai-", r"\w{60,100}"),
    ("pcsk_", r"\w{40,100}"),
    ("nvapi-", r"[\w-]{60,70}"),
    ("jina_", r"[A-Za-z0-9]{52,100}"),
    ("tvly-", r"[\w-]{32,60}"),
    ("fc-", r"[a-f0-9]{32}"),
    ("fw_", r"[A-Za-z0-9]{20,40}"),
    ("salad_cloud_", r"\w{10,245}"),
    ("tgp_v1_", r"[\w-]{40,60}"),
    ("wandb_v1_", r"\w{40,100}"),
    ("e2b_", r"[a-f0-9]{40}"),
    ("csk-", r"[a-z0-9]{48}"),
    ("lsv2_", r"(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
    # Payments
    ("sk_", r"(?:(?:live|test|prod)_[\w-]{10,250}|[a-f0-9]{40,64})"),
    ("pk_", r"(?:(?:live|test|prod)_[\w-]{10,250}|(?:[A-Za-z0-9]{6}_)?[0-9a-f]{34})"),
    ("rk_", r"(?:live|test|prod)_[\w-]{10,250}"),
    ("live_", r"[\w=-]{35,40}"),
    ("duffel_", r"(?:live|test)_[\w=-]{35,83}"),
    ("ramp_", r"(?:id|sec)_[A-Za-z0-9]{40,48}"),
    ("APP_USR-", r"[\w-]{30,120}"),
    ("polar_", r"(?:oat|pat|whs|at_[uo]|rt_[uo])_\w{32,60}"),
    ("sqco_", r"[A-Za-z0-9]{51,99}"),
    ("rzp_", r"(?:live|test)_\w{10,250}"),
    ("shippo_", r"(?:live|test)_\w{10,250}"),
    ("whsec_", r"[\w+/=-]{16,100}"),
    ("sq0", r"[a-z]{2,3}-[\w-]{20,60}"),
    ("sandbox-sq0", r"[a-z]{2,3}-[\w-]{20,60}"),
    ("EAAA", r"[\w-]{22,64}"),
    ("FLW", r"(?:SECK|PUBK)(?:_TEST)?-[a-zA-Z0-9]{12,40}(?:-X)?"),
    ("access_token$", r"(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}"),
    ("access-", rf"(?:sandbox|development|production)-{_UUID}"),
    ("shp", r"(?:at|ca|pa|ss|ua|rt)_[a-fA-F0-9]{32}"),
    ("EZ", r"[AT]K[A-Za-z0-9]{54}"),
    # Messaging and identity
    ("bot", r"\d{8,10}:A[\w-]{32,36}"),
    ("xox", r"[a-z](?:\S?xox[a-z])?-[\w.-]{8,250}"),
    ("xapp-", r"\d-[\w-]{10,250}"),
    ("SG.", r"[\w=.-]{40,100}"),
    ("SK", rf"{_HEX32}"),
    ("AC", rf"{_HEX32}(?::{_HEX32})?"),
    ("key-", r"[0-9a-zA-Z]{24,72}"),
    ("xkeysib-", r"[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    ("xsmtpsib-", r"[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    ("mlsn.", r"[a-f0-9]{56,104}"),
    ("re_", r"[A-Za-z0-9]{8}_[A-Za-z0-9]{24}"),
    ("pub-c-", r"[a-z0-9-]{30,40}"),
    ("sub-c-", r"[a-z0-9-]{30,40}"),
    ("API_KEY", r"[0-9A-Z]{32}"),
    ("api_", r"(?=[A-Za-z.]{0,44}\d)[A-Za-z0-9.]{45}"),
    ("sec-c-", r"[\w=-]{40,60}"),
    ("dG9r", r"[\w=-]{40,80}"),
    ("aio_", r"[A-Za-z0-9]{20,68}"),
    ("px-", rf"(?:api|dep)-{_UUID}"),
    ("p8e-", r"[A-Za-z0-9-]{24,72}"),
    ("pat-", rf"(?:eu|na)1-{_UUID}"),
    ("sm_", r"(?:aat|pat|sat)_[A-Za-z0-9]{16}"),
    ("shltm_", r"[\w-]{32,80}"),
    ("t1.", r"[\w-]{1,200}={0,2}\.[\w-]{86}"),
    ("y0_", r"[\w-]{50,64}"),
    ("mfa.", r"[\w-]{60,100}"),
    ("EAA", r"[A-Za-z0-9]{50,300}"),
    ("IGQV", r"[\w-]{50,300}"),
    ("AAAA", r"[A-Za-z0-9_-]{7}:[\w-]{100,200}"),
    ("ops_eyJ", r"[\w+/=-]{40,2000}"),
    ("pnu_", r"[A-Za-z0-9]{28,76}"),
    ("rdme_", r"[a-z0-9]{60,80}"),
    ("tfp_", r"[\w.=-]{40,70}"),
    ("CFPAT-", r"[\w-]{40,50}"),
    ("sl.", r"[\w=-]{60,2000}"),
    ("AQVN", r"[\w-]{30,50}"),
)
# A hint in the text, the first character of the token, and the pattern of its rest.
_WITHOUT_PREFIX: tuple[tuple[str, str, str], ...] = (
    ("Q~", r"[\w.~-]", r"[\w.~-]{2}\dQ~[\w.~-]{31,34}"),  # Azure: an application's secret
    ("==", r"[A-Za-z0-9+/]", r"[A-Za-z0-9+/]{85}=="),  # Azure: a storage account's key
    (".atlasv1.", r"[A-Za-z0-9]", r"[A-Za-z0-9]{13}\.atlasv1\.[\w=-]{60,70}"),  # Terraform
    ("-us", r"[0-9a-f]", r"[0-9a-f]{31}-us\d{1,2}"),  # Mailchimp
    ("-", r"[0-9a-f]", r"[0-9a-f]{31}-[0-9a-f]{8}-[0-9a-f]{8}(?![\w-])"),  # Mailgun
    (":A", r"\d", r"\d{7,9}:A[\w-]{32,36}"),  # Telegram, also after `bot`
    (".", r"[MNO]", r"[\w-]{22,28}\.[\w-]{6}\.[\w-]{27,40}"),  # Discord
    ("AZDO", r"[A-Za-z0-9]", r"[A-Za-z0-9]{75}AZDO[A-Za-z0-9]{4}"),  # Azure DevOps
    ("NRAL", r"[0-9a-f]", r"[0-9A-Za-z]{31,41}NRAL"),  # New Relic
    ("JQQJ9", r"[A-Za-z0-9]", r"[A-Za-z0-9]{51}JQQJ9[A-Za-z0-9]{27}"),  # Azure DevOps
    (".ey", r"e", r"y[A-Za-z0-9]{17,4000}\.ey[\w/-]{17,4000}(?:\.[\w/-]{10,4000})?"),  # RFC 7519
    ("_mmk", r"[A-Za-z0-9]", r"[A-Za-z0-9]{5}_[A-Za-z0-9]{29}_mmk"),  # MaxMind
    ("|", r"\d", r"\d{14,15}\|[\w-]{27,40}"),  # Facebook
    ("_secret_", r"[a-z]", r"[a-z]{1,5}_\w{14,40}_secret_\w{20,40}"),  # Stripe: a client's secret
    (".acc", r"[aes]", r"[a-z]{1,8}_\w{5,30}\.\w{4,6}\.acc[_-][\w-]{10,32}\.[\w+/=-]{30,120}"),
    ("AAAAAAAAAAAAAAAAAAA", r"A", r"A{18,21}[A-Za-z0-9%]{40,200}"),  # X
    # A token of any vendor, by a word such as "live" or "secret" in its prefix.
    (
        "_",
        r"[A-Za-z]",
        r"[A-Za-z]{1,11}_(?:(?:live|test|prod|secret|token|key|pat|api|sk|sess|access)_){1,3}"
        r"(?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{16,200}(?![\w-])",
    ),
    # A token of any vendor, by its length and mixed characters.
    *(
        (
            mark,
            r"[A-Za-z]",
            rf"[A-Za-z]{{0,11}}{mark}(?=[A-Za-z]{{0,60}}\d)(?=[a-z0-9]{{0,60}}[A-Z])"
            r"(?=[A-Z0-9]{0,60}[a-z])[A-Za-z0-9]{36,200}(?![\w-])",
        )
        for mark in ("_", "-")
    ),
)


# Only long runs of characters can be tokens, and only from the start of a word, so that the
# patterns that begin with the word's first two characters are all that must be tried.
_LONG_RUN = re.compile(r"[\w.~+/=:$|!-]{14,4000}+")
_START = re.compile(bounded_start("[A-Za-z0-9]", unless_after="A-Za-z0-9_-"))
_MAX_LENGTH_OF_WORDS, _MAX_LENGTH_OF_IDS = 24, 500
_DIGIT = re.compile(r"[0-9]")

PREFIXED = {
    start: re.compile(
        "|".join(re.escape(prefix) + rest for prefix, rest in _TOKENS if prefix.startswith(start))
    )
    for start in {prefix[:2] for prefix, _rest in _TOKENS}
}
WITHOUT_PREFIX = tuple(
    (hint, re.compile(bounded_start(first, unless_after="A-Za-z0-9_-", ahead=rest) + rest))
    for hint, first, rest in _WITHOUT_PREFIX
)


def long_runs(text: str) -> list[re.Match[str]]:
    """Return the runs with a digit, only capitals, or a long word."""
    return [run for run in _LONG_RUN.finditer(text) if _can_be_token(run.group())]


def _can_be_token(run: str) -> bool:
    if _DIGIT.search(run) or run.isupper():
        return True
    return _MAX_LENGTH_OF_WORDS < len(run) < _MAX_LENGTH_OF_IDS and "/" not in run


def tokens_with_prefix(text: str, runs: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    """Yield the positions of the tokens of known vendors in these runs, in order."""
    done = 0
    for run in runs:
        for first in _START.finditer(text, *run.span()):
            start = first.start()
            pattern = PREFIXED.get(text[start : start + 2]) if start >= done else None
            token = pattern.match(text, start) if pattern else None
            if token:
                done = token.end()
                yield start, done
