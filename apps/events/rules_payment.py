"""Plain words for money: cards, banks, app stores and the services that take payments."""

from apps.events.rule import CLIENT, ON_SERVER, Deed, Example, Rule, Where, names

LATE = (
    r"(?<!set)(?<!clear)time.?out|timed out|deadline (?:exceeded|has elapsed)|took too long"
    r"|no (?:answer|response|price) within|zeit.berschreitung|d.lai.{0,12}d.pass"
    r"|tiempo.{0,12}agotad"
    r"|did not (?:answer|respond)"
)
DOWN = (
    r"unavailable|bad gateway|connection ?refused|econnrefused|failed to establish|econnreset"
    r"|connection reset|socket hang up|remote end closed|name or service not known"
    r"|connection ?error|our connection to|could not connect to|connection ?exception"
)

PAYMENT = (
    Rule(
        "The payment service's form could not be loaded.",
        Where.BROWSER,
        Example("Error: Failed to load Stripe.js", "javascript"),
        says=r"(?:failed|unable|could not) (?:to )?load.{0,20}(?:stripe|paypal|braintree|adyen"
        r"|klarna"
        r"|square|mollie)|(?:stripe\.js|paypal|klarna).{0,12}failed to load|(?:stripe|paypal"
        r"|braintree|adyencheckout|klarna|mollie) is not defined",
        deed=Deed.PAYING,
    ),
    Rule(
        "There was not enough money on the card or account.",
        Where.SERVICE,
        Example("CardError: Your card has insufficient funds.", "ruby"),
        says=r"insufficient.?(?:funds|balance|credit)|not enough (?:money|credit|balance|funds)"
        r"|balance (?:is )?too low|saldo insuf|solde insuf|fondos insuf|fondi insuf|nicht gedeckt"
        r"|guthaben.{0,20}(?:reicht|nicht|zu )|(?:onvoldoende|utilstr.kkelig) (?:saldo|d.kning)",
        deed=Deed.PAYING,
    ),
    Rule(
        "The customer's card has expired.",
        Where.SERVICE,
        Example("CardException: Your card has expired.", "php"),
        says=r"card (?:has |is )?expired|expired.card",
        deed=Deed.PAYING,
    ),
    Rule(
        "The card details were not right.",
        Where.SERVICE,
        Example("CardError: Your card's security code is incorrect."),
        says=r"incorrect_(?:cvc|number)|invalid_(?:cvc|expiry)"
        r"|security code.{0,20}(?:incorrect|inval)"
        r"|(?:incorrect|invalid).{0,12}(?:cvc|cvv|card number|expiry)"
        r"|card number.{0,20}(?:incorrect|invalid)"
        r"|provided card|expiration (?:year|month|date).{0,12}(?:incorrect|invalid)",
        deed=Deed.PAYING,
    ),
    Rule(
        "The bank asked the customer to confirm the payment, and that did not work.",
        Where.SERVICE,
        Example("CardError: authentication_required: This payment needs 3D Secure", "node"),
        says=r"3d.?s(?:ecure|2)\b|authentication_required|requires_action|strong customer auth"
        r"|authenticate your payment",
        deed=Deed.PAYING,
    ),
    Rule(
        "The payment was declined.",
        Where.SERVICE,
        Example("StripeCardError: Your card was declined.", "node"),
        says=r"(?:payment|card|charge|transaction|capture|instrument|paypal).{0,30}declin"
        r"|declin.{0,30}(?:payment|card|charge)"
        r"|do_not_honor|(?:payment|card|charge|transaction).{0,12} refused"
        r"|zahlung.{0,20}abgelehnt|paiement.{0,20}refus|pago.{0,20}rechazad",
        types=names("PaymentDeclined CardDeclined PaymentDeclinedException CardDeclinedError"),
        deed=Deed.PAYING,
    ),
    Rule(
        "The payment window was closed before the payment was made.",
        Where.APP,
        Example("PlatformException: Canceled, The payment flow has been canceled", "dart"),
        says=r"pay(?:ment|pal|.?sheet).{0,40}cancell?ed|cancell?ed.{0,30}payment"
        r"|purchase (?:was |has been )?cancell?ed|detected popup close"
        r"|pay(?:ment|pal)?.{0,40}(?:popup|window).{0,20}closed",
        deed=Deed.PAYING,
    ),
    Rule(
        "The app store did not complete the purchase.",
        Where.SERVICE,
        Example("SKErrorDomain: Cannot connect to iTunes Store (Code: 2)", "cocoa"),
        says=r"itunes store|storekit|billing ?(?:client|response|service)|in-app purchase"
        r"|play billing|available for purchase|\be_(?:iap|item|billing)_|\bbilling,"
        r"|item_(?:unavailable|already_owned)",
        types=names("SKErrorDomain SKError ASDErrorDomain BillingException"),
        deed=Deed.PAYING,
    ),
    Rule(
        "The amount paid did not match the amount due.",
        Where.SERVICE,
        Example("Callback for donation 5512 says 25.00, we expected 20.00", "php"),
        says=r"(?:amount|callback|paid|charge|donation|payment).{0,60}"
        r"(?:mismatch|we expected|differ|does not match|do not match)",
        deed=Deed.PAYING,
    ),
    Rule(
        "The payment had already been made.",
        Where.SERVICE,
        Example("InvalidRequestError: Charge ch_1 has already been captured."),
        says=r"already (?:been )?(?:paid|captured|charged|refunded)|duplicate (?:charge|payment)",
        deed=Deed.PAYING,
    ),
    Rule(
        "The customer's refund could not be made.",
        Where.SERVICE,
        Example("RefundFailed: refund re_1 was rejected", "ruby"),
        says=r"refund.{0,40}(?:fail|reject|error|not )|(?:failed|unable|could not).{0,20}refund",
        types=names("RefundFailed RefundError RefundException"),
        deed=Deed.PAYING,
    ),
    Rule(
        "The payment form on the page did not work.",
        Where.APP,
        Example("IntegrationError: the specified Element is not mounted", "javascript"),
        says=r"integrationerror|adyencheckout|applepaysession|(?:create|capture) order api"
        r"|onapprove|zoid"
        r"|google ?pay.{0,40}(?:error|fail)|paymentrequest.{0,40}(?:error|fail|show)",
        sides=CLIENT,
        deed=Deed.PAYING,
    ),
    Rule(
        "The payment service did not let our server in.",
        Where.SERVICE,
        Example("Stripe::AuthenticationError: Invalid API Key provided", "ruby"),
        says=r"(?:stripe|paypal|adyen|mollie|payment).{0,60}(?:invalid api key|authenticationerror)"
        r"|invalid api key provided",
        sides=ON_SERVER,
        paying=True,
        statuses=frozenset((401, 403)),
        deed=Deed.PAYING,
    ),
    Rule(
        "The payment was not accepted.",
        Where.SERVICE,
        Example("AxiosError: Request failed with status code 402", "javascript"),
        says=r"payment required|payment_failed|payment was not (?:accepted|approved)",
        statuses=frozenset((402,)),
        deed=Deed.PAYING,
    ),
    Rule(
        "The payment service took too long.",
        Where.SERVICE,
        Example("Error: payment provider timed out", "javascript"),
        says=rf"(?:payment (?:provider|gateway|processor|service)|zahlungs(?:anbieter|dienst)"
        rf"|prestataire de paiement|proveedor de pago).{{0,60}}(?:{LATE})"
        rf"|(?:{LATE}).{{0,60}}(?:payment (?:provider|gateway|processor|service)"
        r"|zahlungs(?:anbieter|dienst)|prestataire de paiement|proveedor de pago)",
        sides=CLIENT,
        deed=Deed.PAYING,
    ),
    Rule(
        "The payment did not go through.",
        Where.SERVICE,
        Example("PaymentError: could not process", "java"),
        says=r"payment.{0,30}(?:fail|error|unsuccess)|(?:failed|unable|could not).{0,30}payment"
        r"|zahlung.{0,20}fehlgeschlagen|paiement.{0,20}chou|pago.{0,20}fall"
        r"|betal(?:n)?ing.{0,20}(?:misslyck|mislyk|mislukt|feil)|pagamento.{0,20}(?:falh|fallit"
        r"|recus)"
        r"|(?:falha|errore?|impossibile|erreur).{0,40}(?:pagamento|pago|paiement)",
        types=names(
            "CardError CardException PaymentError PaymentFailed PaymentException"
            " PaymentFailedException"
        ),
        vague=True,
        deed=Deed.PAYING,
    ),
)

# Asked after the data store's rules: what is slow there may well name the payments it keeps.
PAYMENT_SERVICE = (
    Rule(
        "The payment service did not answer in time.",
        Where.SERVICE,
        Example("ReadTimeout: HTTPSConnectionPool(host='api.stripe.com'): Read timed out."),
        says=LATE,
        sides=ON_SERVER,
        paying=True,
        statuses=frozenset((408, 504)),
        deed=Deed.PAYING,
    ),
    Rule(
        "The payment service was not working.",
        Where.SERVICE,
        Example("*errors.errorString: charge: cardgate: 503 Service Unavailable", "go"),
        says=DOWN,
        sides=ON_SERVER,
        paying=True,
        statuses=frozenset((500, 502, 503)),
        deed=Deed.PAYING,
    ),
    Rule(
        "The payment service did not accept what our server sent.",
        Where.SERVICE,
        Example("Stripe::InvalidRequestError: No such payment_intent: 'pi_1'", "ruby"),
        types=names("InvalidRequestError InvalidRequestException StripeInvalidRequestError"),
        sides=ON_SERVER,
        paying=True,
        statuses=frozenset((400, 404, 409, 422)),
        deed=Deed.PAYING,
    ),
)
