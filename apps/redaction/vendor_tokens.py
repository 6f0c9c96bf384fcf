"""The forms of vendors' tokens, by the vendors' documentation and public rules for scanners.

A pattern is searched only in a text that contains its prefix or hint.
"""

import re

from apps.redaction.shapes import bounded_start

_HEX32 = r"[0-9a-fA-F]{32}"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

# The prefix of a token, and the pattern of its rest.
_TOKENS: tuple[tuple[str, str], ...] = (
    # Clouds
    ("AKIA", r"[A-Z0-9]{16}"),
    ("ASIA", r"[A-Z0-9]{16}"),
    ("ABIA", r"[A-Z0-9]{16}"),
    ("ACCA", r"[A-Z0-9]{16}"),
    ("amzn.mws", rf"\.{_UUID}"),
    ("ABSK", r"[A-Za-z0-9+/]{100,200}={0,2}"),
    ("AIza", r"[\w-]{30,40}"),
    ("ya29.", r"[\w./-]{16,2000}"),
    ("GOCSPX-", r"[\w-]{20,40}"),
    ("1//0", r"[\w-]{20,200}"),
    ("LTAI", r"[A-Za-z0-9]{12,30}"),
    ("AKID", r"[A-Za-z0-9]{32}"),
    ("do", r"[opr]_v1_[a-f0-9]{32,64}"),
    ("HRKU-", r"[\w-]{30,80}"),
    ("dapi", r"[a-f0-9]{32}(?:-\d)?"),
    ("pscale_", r"\w{2,5}_[\w.-]{20,80}"),
    ("tskey-", r"[\w-]{16,100}"),
    ("sbp_", r"[a-f0-9]{40}"),
    ("sb_secret_", r"[\w-]{16,80}"),
    ("nfp_", r"\w{36,46}"),
    ("rnd_", r"\w{24,40}"),
    ("fm", r"[12][ar]?_[\w+/=-]{40,2000}"),
    ("fo1_", r"[\w-]{30,60}"),
    ("hvs.", r"[\w-]{20,200}"),
    ("hvb.", r"[\w-]{20,400}"),
    ("dp.", r"(?:pt|st|ct|sa|scim|audit)\.[\w.-]{30,100}"),
    ("pul-", r"[a-f0-9]{40}"),
    # Code and packages
    ("gh", r"[pousr]_\w{20,255}"),
    ("github_pat_", r"\w{20,255}"),
    ("gl", r"(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct|oas)-[\w.-]{16,100}"),
    ("GR1348941", r"[\w-]{20}"),
    ("npm_", r"[A-Za-z0-9]{30,64}"),
    ("pypi-", r"[\w-]{16,1000}"),
    ("rubygems_", r"[a-f0-9]{32,64}"),
    ("oy2", r"[a-z0-9]{43}"),
    ("CLOJARS_", r"[a-z0-9]{60}"),
    ("dckr_", r"(?:pat|oat)_[\w-]{20,80}"),
    ("ATATT3", r"[\w=-]{30,300}"),
    ("ATCTT3", r"[\w=-]{30,300}"),
    ("ATBB", r"[A-Za-z0-9]{28,40}"),
    ("AKCp", r"[A-Za-z0-9]{60,80}"),
    ("sq", r"[apu]_[a-f0-9]{40}"),
    ("bkua_", r"[a-z0-9]{40}"),
    ("CCIPAT_", r"\w{20,80}"),
    ("lin_api_", r"\w{30,60}"),
    ("PMAK-", r"[a-f0-9]{24}-[a-f0-9]{34}"),
    ("figd_", r"[\w-]{30,60}"),
    ("figo_", r"[\w-]{30,60}"),
    ("secret_", r"[A-Za-z0-9]{32,60}"),
    ("ntn_", r"[A-Za-z0-9]{32,60}"),
    ("pat", r"[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("AGE-SECRET-KEY-1", r"[A-Z0-9]{58}"),
    ("triage_", r"[\w-]{24,100}"),
    # Monitoring
    ("sntry", r"[aius]_[\w=+/.-]{20,400}"),
    ("glc_", r"[A-Za-z0-9+/]{32,400}={0,2}"),
    ("glsa_", r"[A-Za-z0-9]{32}_[a-f0-9]{8}"),
    ("NRAK-", r"[A-Z0-9]{27}"),
    ("NRJS-", r"[a-f0-9]{19}"),
    ("NRII-", r"[\w-]{32}"),
    ("dt0", r"[a-zA-Z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("ph", r"[cx]_[A-Za-z0-9]{32,60}"),
    ("phx_", r"[A-Za-z0-9]{32,60}"),
    # Machine learning
    ("sk-", r"[\w-]{16,300}"),
    ("hf_", r"[A-Za-z0-9]{30,40}"),
    ("api_org_", r"[A-Za-z0-9]{30,40}"),
    ("gsk_", r"[A-Za-z0-9]{40,60}"),
    ("r8_", r"[A-Za-z0-9]{30,40}"),
    ("pplx-", r"[A-Za-z0-9]{40,60}"),
    ("xai-", r"[A-Za-z0-9]{60,100}"),
    ("pcsk_", r"\w{40,100}"),
    ("lsv2_", r"(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}"),
    # Payments
    ("sk_", r"(?:live|test)_\w{10,250}"),
    ("pk_", r"(?:live|test)_\w{10,250}"),
    ("rk_", r"(?:live|test)_\w{10,250}"),
    ("rzp_", r"(?:live|test)_\w{10,250}"),
    ("shippo_", r"(?:live|test)_\w{10,250}"),
    ("whsec_", r"[\w+/=-]{16,100}"),
    ("sq0", r"[a-z]{3}-[\w-]{20,60}"),
    ("EAAA", r"[\w-]{56,64}"),
    ("FLW", r"(?:SECK|PUBK)(?:_TEST)?-[a-zA-Z0-9]{12,40}(?:-X)?"),
    ("access_token$", r"(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}"),
    ("access-", rf"(?:sandbox|development|production)-{_UUID}"),
    ("shp", r"(?:at|ca|pa|ss|ua|rt)_[a-fA-F0-9]{32}"),
    ("EZ", r"[AT]K[A-Za-z0-9]{54}"),
    # Messaging and identity
    ("bot", r"\d{8,10}:A[\w-]{32,36}"),
    ("xox", r"[a-z](?:\.xox[a-z])?-[\w.-]{10,250}"),
    ("xapp-", r"\d-[\w-]{20,250}"),
    ("SG.", r"[\w-]{16,32}\.[\w-]{16,64}"),
    ("SK", rf"{_HEX32}"),
    ("AC", rf"{_HEX32}(?::{_HEX32})?"),
    ("key-", r"[0-9a-zA-Z]{32}"),
    ("xkeysib-", r"[a-f0-9]{64}-[A-Za-z0-9]{16}"),
    ("mfa.", r"[\w-]{60,100}"),
    ("EAA", r"[A-Za-z0-9]{50,300}"),
    ("IGQV", r"[\w-]{50,300}"),
    ("AAAA", r"[A-Za-z0-9_-]{7}:[\w-]{100,200}"),
    ("ops_eyJ", r"[\w-]{40,2000}"),
    ("pnu_", r"[A-Za-z0-9]{36}"),
    ("rdme_", r"[a-z0-9]{60,80}"),
    ("tfp_", r"[\w.=-]{40,70}"),
    ("CFPAT-", r"[\w-]{40,50}"),
    ("sl.", r"[\w-]{60,2000}"),
    ("AQVN", r"[\w-]{30,50}"),
)
# A hint in the text, the first character of the token, and the pattern of its rest.
_WITHOUT_PREFIX: tuple[tuple[str, str, str], ...] = (
    ("Q~", r"[\w.~-]", r"[\w.~-]{2}[78]Q~[\w.~-]{31,34}"),  # Azure: an application's secret
    ("==", r"[A-Za-z0-9+/]", r"[A-Za-z0-9+/]{85}=="),  # Azure: a storage account's key
    (".atlasv1.", r"[A-Za-z0-9]", r"[A-Za-z0-9]{13}\.atlasv1\.[\w=-]{60,70}"),  # Terraform
    ("-us", r"[0-9a-f]", r"[0-9a-f]{31}-us\d{1,2}"),  # Mailchimp
    ("-", r"[0-9a-f]", r"[0-9a-f]{31}-[0-9a-f]{8}-[0-9a-f]{8}(?![\w-])"),  # Mailgun
    (":A", r"\d", r"\d{7,9}:A[\w-]{32,36}"),  # Telegram, also after `bot`
    (".", r"[MNO]", r"[\w-]{22,28}\.[\w-]{6}\.[\w-]{27,40}"),  # Discord
    ("AAAAAAAAAAAAAAAAAAA", r"A", r"A{18,21}[A-Za-z0-9%]{40,200}"),  # X
    # A token of any vendor, by a word such as "live" or "secret" in its prefix.
    (
        "_",
        r"[A-Za-z]",
        r"[A-Za-z]{1,11}_(?:(?:live|test|prod|secret|token|key|pat|api|sk|sess|access)_){1,3}"
        r"(?=[A-Za-z]{0,40}\d)[A-Za-z0-9]{16,200}(?![\w-])",
    ),
)


VENDOR_TOKENS = (
    *(
        (prefix, re.compile(bounded_start(re.escape(prefix), unless_after="A-Za-z0-9_-") + rest))
        for prefix, rest in _TOKENS
    ),
    *(
        (hint, re.compile(bounded_start(first, unless_after="A-Za-z0-9_-", ahead=rest) + rest))
        for hint, first, rest in _WITHOUT_PREFIX
    ),
)
