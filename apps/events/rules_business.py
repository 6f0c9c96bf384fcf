"""Plain words for what a business itself does not allow: stock, prices, dates, plans, checks."""

from apps.events.rule import Example, Rule, Side, Where
from apps.events.rules_access import RAN_OUT

_ANY = frozenset(Side)
_UNFIT = (
    r"(?:invalid|not valid|wrong|unknown|incorrect|malformed|rejected|fail|not (?:be )?(?:verif"
    r"|accept)"
    r"|ung.ltig|falsch|no v.lid|invalide|non valid|nieprawid)"
)

BUSINESS = (
    Rule(
        "A coupon or discount was not accepted.",
        Where.SERVER,
        Example("VoucherError: voucher has expired", "php"),
        says=r"(?:coupon|voucher|promo(?:tion)?s?\b|promo.?code|discount|gift.?card|gutschein"
        r"|rabatt"
        r"|cup[o.]n\b|bon cadeau|code promo|buono sconto|kod rabatowy|kortingscode).{0,60}"
        rf"(?:{_UNFIT}|{RAN_OUT}|not (?:appl|found|elig|activ|exist|allow|combin|start|for )"
        rf"|already"
        r"|redeem|used|no longer|inactive|eingel.st|exhausted|limit)"
        rf"|(?:invalid|expired|unknown|bad).{{0,6}}(?:coupon|voucher|promo|discount|gift)",
    ),
    Rule(
        "There was not enough of a product in stock.",
        Where.SERVER,
        Example("Stock of SKU HS-30 is 2 below the 6 reserved pieces"),
        says=r"out.?of.?stock|sold.?out|(?:insufficient|not.?enough|negative).?(?:stock|inventory)"
        r"|\bstock\b.{0,60}(?:below|insuf|negative|reserved|exceed|not enough)|ausverkauft"
        r"|agotad[oa]\b.{0,20}(?:stock|art)|nicht (?:mehr )?(?:auf lager|vorr.tig|lieferbar)"
        r"|bestand.{0,30}(?:nicht|zu (?:klein|gering|niedrig)|fehl|unter)|rupture de stock"
        r"|sin (?:stock|existencias)|esaurit|non disponibil.{0,20}magazzin|brak .{0,60}magazyn"
        r"|brak (?:produktu|towaru)|niet op voorraad|onvoldoende voorraad|slut i lager"
        r"|\u5728\u5eab\u4e0d\u8db3|\u5e93\u5b58\u4e0d\u8db3|p. lager|fora de estoque|esgotad"
        r"|sem estoque|only \d{1,5} (?:left|available|in stock)"
        r"|inventory.{0,30}(?:insuf|not enough|short)",
    ),
    Rule(
        "The current plan does not cover this.",
        Where.SERVER,
        Example("SeatQuotaExceededException: all seats are in use", "node"),
        says=r"(?<!driving )(?<!driver )\blicen[cs]e(?! ?plate).{0,60}(?:exceed|limit|in use"
        r"|used up|seats?\b"
        rf"|not (?:cover|include)|{RAN_OUT})|lizenz.{{0,60}}(?:ung.ltig|ersch.pft|{RAN_OUT})"
        r"|licen[cs]e ?(?:expired|limit|exceeded)|seat.{0,4}(?:quota|limit)|seats\b.{0,20}in use"
        r"|\b(?:subscription|plan|trial|tier)\b.{0,24}(?:expired|ended|lapsed|inactive"
        r"|does not (?:include|allow|cover)|upgrade)|subscription required"
        r"|upgrade (?:your|the) (?:plan|subscription)|trial ?expired|plan ?limit",
    ),
    Rule(
        "The price or offer had changed.",
        Where.SERVER,
        Example("PriceChanged: cart price is old"),
        says=r"price ?(?:has |have )?(?:changed|mismatch|outdated|no longer)|(?:fare|quote|offer"
        r"|angebot"
        rf"|preis)\w{{0,2}}\b.{{0,40}}(?:has changed|no longer valid|{RAN_OUT})|quote ?expired"
        r"|offer ?expired|fare ?(?:changed|expired)|price.{0,30}(?:differs?|changed)",
    ),
    Rule(
        "The order was below the smallest amount we accept.",
        Where.SERVER,
        Example("MinimumOrderValueNotReached: 25.00"),
        says=r"min(?:imum)? ?(?:order|amount|basket|purchase).{0,30}(?:not ?(?:met|reached)|below"
        r"|low)"
        r"|(?:below|lower than|less than) the minimum|mindestbestell",
    ),
    Rule(
        "The age check did not go through.",
        Where.SERVER,
        Example("AgeVerificationFailed: no"),
        says=r"\bage ?(?:verif|check|restrict)|under ?age\b|\bminimum age|too young|underage",
    ),
    Rule(
        "The check of the customer's identity did not go through.",
        Where.SERVER,
        Example("KycError: no"),
        says=r"\bkyc|identity (?:check|document|verification|proof).{0,30}(?:fail|reject|not )"
        r"|identification failed"
        r"|video.?ident|post.?ident|document ?verification.{0,30}(?:fail|reject)",
    ),
    Rule(
        "The bank account was not accepted.",
        Where.SERVER,
        Example("InvalidIBAN: DE12"),
        says=rf"\biban\b.{{0,40}}(?:{_UNFIT}|check)|(?:invalid|bad|wrong) ?(?:iban|bic"
        rf"|bank account)"
        rf"|(?:account|routing) number.{{0,20}}{_UNFIT}|sepa.{{0,20}}mandate.{{0,40}}"
        rf"(?:{_UNFIT}|not|missing|revoked|{RAN_OUT})",
    ),
    Rule(
        "The tax number was not accepted.",
        Where.SERVER,
        Example("TaxIdInvalid: wrong tax id"),
        says=rf"(?:\bvat.?(?:id|number)|\btax.?(?:id|number)|ust-?id\w{{0,4}}|steuernummer"
        rf"|codice fiscale"
        rf"|partita iva|\bnif\b|\bvies\b).{{0,40}}{_UNFIT}|invalid.?(?:vat|tax).?(?:id|number)",
    ),
    Rule(
        "We found no way to ship it to that place.",
        Where.SERVER,
        Example("ShippingRateError: no rates for this place"),
        says=r"no (?:shipping|delivery|carriers?)\b.{0,30}(?:for|avail|found)|shippingrate"
        r"|(?:does not|cannot) (?:ship|deliver) to|shipping (?:method|rate|option|zone)s?.{0,30}"
        r"(?:not|unavail)|undeliverable|not deliverable",
    ),
    Rule(
        "The time that was chosen was already taken.",
        Where.SERVER,
        Example("AppointmentOverlap: busy"),
        says=r"(?:appointment|booking|slot|shift|reservation|event|termin).{0,20}(?:overlap"
        r"|.berschneid)"
        r"|overlapping (?:appointment|booking|shift|event)|double.?book|doppelbuch"
        r"|schedul\w{0,4} ?conflict",
    ),
    Rule(
        "It was too late or too early for that step.",
        Where.SERVER,
        Example("BookingClosed: the booking deadline has passed"),
        says=r"(?:deadline|cut.?off|closing date|grace period|return period).{0,20}(?:passed"
        r"|is over)"
        rf"|too (?:late|early) (?:to|for) (?:book|cancel|order|chang|return|check|regist|apply"
        rf"|deliver)|\bfrist.{{0,20}}{RAN_OUT}|(?:booking|order|cancel\w{1, 6}|change"
        rf"|return)s? (?:is |are )?no longer (?:possible|allowed)"
        r"|closed for (?:booking|order|registr)|outside (?:of )?(?:the )?(?:opening|business|office"
        r"|service|delivery|working) hours|(?:shop|store|restaurant"
        r"|branch) is (?:currently )?closed"
        r"|nicht mehr m.glich|registration (?:is )?closed",
    ),
    Rule(
        "The same thing was sent twice.",
        Where.SERVER,
        Example("DuplicateSubmission: form"),
        says=r"duplicate ?(?:submission|request|order|transaction|message|delivery)\b"
        r"|(?:already|bereits) ?(?:submitted|abgeschickt|gesendet)|idempotency"
        r"",
        sides=_ANY,
    ),
    Rule(
        "That feature is turned off.",
        Where.SERVER,
        Example("FeatureDisabled: no"),
        says=r"feature(?!s).{0,40}(?:disabled|not enabled|switched off|turned off)"
        r"|module is disabled",
    ),
    Rule(
        "A condition for that step was not met.",
        Where.SERVER,
        Example("InsufficientYearsException: 2 years, minimum 5 for this", "node"),
        says=r"insufficient(?!resource|memory|priv|perm|auth|scope|disk)[a-z]{3,40}(?:exception"
        r"|error)"
        r"|not ?eligible|ineligible|does not qualify|(?:requirement|condition|precondition"
        r"|criteria)s? "
        r"?(?:are |is )?not ?(?:met|fulfilled|satisfied)",
        vague=True,
    ),
)
