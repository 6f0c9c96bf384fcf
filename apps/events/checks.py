"""Whether a number is what its digits claim: check sums, prefixes and ranges of the standards."""

import ipaddress

# Length by first digits, of the brands' published ranges (ISO/IEC 7812 issuer numbers). 17 and 18
# digits are allowed to some, but are other people's ids far more often than cards.
_BRANDS: tuple[tuple[int, int, int, tuple[int, ...]], ...] = (
    (4, 4, 1, (13, 16, 19)),  # Visa
    (51, 55, 2, (16,)),  # Mastercard
    (2221, 2720, 4, (16,)),  # Mastercard
    (34, 34, 2, (15,)),  # American Express
    (37, 37, 2, (15,)),  # American Express
    (300, 305, 3, (14, 16)),  # Diners Club
    (309, 309, 3, (14, 16)),  # Diners Club
    (36, 36, 2, (14, 16, 19)),  # Diners Club
    (38, 39, 2, (14, 16)),  # Diners Club
    (3528, 3589, 4, (16, 19)),  # JCB
    (1800, 1800, 4, (15,)),  # JCB
    (2131, 2131, 4, (15,)),  # JCB
    (60, 60, 2, (16, 19)),  # Discover, RuPay
    (644, 659, 3, (16, 19)),  # Discover, RuPay, Verve, Troy
    (62, 62, 2, (14, 15, 16, 19)),  # UnionPay
    (81, 82, 2, (16, 19)),  # UnionPay, RuPay
    (2200, 2204, 4, (16, 19)),  # Mir
    (9792, 9792, 4, (16,)),  # Troy
    (8600, 8600, 4, (16,)),  # Uzcard
    (9860, 9860, 4, (16,)),  # Humo
    (50, 50, 2, (13, 14, 15, 16, 19)),  # Maestro
    (56, 69, 2, (13, 14, 15, 16, 19)),  # Maestro
)

# How long an account number of each country is (SWIFT's registry of ISO 13616).
IBAN_LENGTHS = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ DZ ES MD PK RO SA SE SK TN VG",
    25: "AO LY PT ST",
    26: "IR IS TR",
    27: "BI BF CM DJ FR GR IT MC MR SM MG CI ML",
    28: "AL AZ BJ BY CY DO GT HN HU LB NI PL SN SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}


def passes_luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1."""
    numbers = [int(digit) for digit in digits]
    doubled = [sum(divmod(number * 2, 10)) for number in numbers[-2::-2]]
    return (sum(numbers[-1::-2]) + sum(doubled)) % 10 == 0


def is_card_number(digits: str) -> bool:
    """Whether the digits are a payment card's: a brand's first digits and length, Luhn's check."""
    if not 13 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    of_brand = any(
        low <= int(digits[:width]) <= high and len(digits) in lengths
        for low, high, width, lengths in _BRANDS
    )
    return of_brand and passes_luhn(digits)


def is_iban(text: str) -> bool:
    """The check of ISO 13616: country first, its length, remainder 1 of division by 97."""
    letters = "".join(letter for letter in text if letter.isalnum()).upper()
    if not letters.isascii() or letters[:2] not in IBAN_LENGTHS.get(len(letters), "").split():
        return False
    turned = letters[4:] + letters[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def is_social_security_number(digits: str) -> bool:
    """The ranges that the Social Security Administration gives out, and the IRS's ITINs."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return len(digits) == 9 and area not in ("000", "666") and group != "00" and serial != "0000"


def is_ip_address(text: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address that can point at somebody."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or text == "255.255.255.255")


def is_mac_address(text: str) -> bool:
    """Whether the text is a device's address, and not everybody's or nobody's (IEEE 802)."""
    digits = {letter.lower() for letter in text if letter.isalnum()}
    return digits not in ({"0"}, {"f"})
