"""Plain words for what does not get through: to other services, and from the customer to us."""

from apps.events.rules.rule import CLIENT, ON_SERVER, Deed, Example, Rule, Side, Where, names

# Plain words for money: cards, banks, app stores and the services that take payments.

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


_BROWSER = frozenset((Side.BROWSER,))
_DEVICE = frozenset((Side.DEVICE,))
_TRUST = (
    r"certificate.{0,30}(?:verif|expired|unknown|invalid|trust|chain|revoked|path|mismatch)"
    r"|(?:verify|ssl|peer|leaf|server|bad).{0,20}certificate|certificateverify|certpath"
    r"|chain validation|pkix|\bssl|\btls\b|self.signed|unable to verify the first|x509"
    r"|err_cert|err_ssl|trust anchor|cleartext|code: -120[0-6]\b|\bhandshake"
)

NETWORK = (
    Rule(
        "The customer's device was offline.",
        Where.NETWORK,
        Example("NSURLErrorDomain: The Internet connection appears to be offline.", "cocoa"),
        says=r"internet connection|internet_disconnected|no internet|network is unreachable|-1009\b"
        r"|unable to resolve host|failed host lookup|not connected to the internet|-1003\b"
        r"|client is offline|ns_error_net_offline|\(offline\)|name_not_resolved"
        r"|no address associated|resolve destination host",
        types=names("UnknownHostException NoConnectivityException NoNetworkException"),
        sides=CLIENT,
    ),
    Rule(
        "The customer's connection was lost along the way.",
        Where.NETWORK,
        Example("NSURLErrorDomain: The network connection was lost. (Code: -1005)", "cocoa"),
        says=r"connection was lost|-1005\b|err_network_changed"
        r"|connection.{0,8}(?:abort|reset|closed)"
        r"|broken pipe|econnreset|unexpected end of stream|socket is not connected"
        r"|err_connection_(?:reset|closed)|connection lost|forcibly closed",
        types=names("EOFException StreamResetException"),
        sides=CLIENT,
    ),
    Rule(
        "The customer's device could not make a safe connection.",
        Where.NETWORK,
        Example("SSLHandshakeException: Trust anchor not found", "android"),
        says=_TRUST,
        sides=CLIENT,
    ),
    Rule(
        "A call that only counts visits was blocked by the customer's browser.",
        Where.BROWSER,
        Example("TypeError: Failed to fetch (collect.stats.example)", "javascript"),
        says=r"(?:fetch|failed|error).{0,20}\(.{0,40}"
        r"(?:\bstat|analytic|track|collect|pixel|\bads?\b|metric|\btags?\b).{0,60}\)",
        sides=_BROWSER,
        slight=True,
    ),
    Rule(
        "A step was called off, most often because the customer had moved on.",
        Where.BROWSER,
        Example("AbortError: The user aborted a request.", "javascript"),
        says=r"user aborted|request aborted|signal is aborted|operation was aborted|code: -999\b"
        r"|cancell?ed by (?:the )?user|navigation (?:was )?(?:cancell?ed|aborted)"
        r"|aborted a request|^typeerror: cancell?ed$|aborted without reason|fetch is aborted",
        types=names(
            "AbortError CanceledError CancelledError CancellationException JobCancellationException"
        ),
        sides=CLIENT,
        slight=True,
    ),
    Rule(
        "Our server took too long to answer.",
        Where.SERVER,
        Example("AxiosError: Request failed with status code 504", "javascript"),
        says=r"gateway time-?out",
        statuses=frozenset((504, 524)),
        sides=CLIENT,
    ),
    Rule(
        "The customer's connection was slow, or our server did not answer in time.",
        Where.NETWORK,
        Example("AxiosError: timeout of 10000ms exceeded", "javascript"),
        says=rf"^(?!.{{0,120}}timeout \(\w\)).{{0,400}}(?:{LATE}|econnaborted|-1001\b"
        rf"|err_timed_out)",
        sides=CLIENT,
        statuses=frozenset((408,)),
    ),
    Rule(
        "The customer's browser could not reach our server.",
        Where.NETWORK,
        Example("TypeError: NetworkError when attempting to fetch resource.", "javascript"),
        says=r"failed to fetch|networkerror when|\bload failed|network ?error|net::err_|err_network"
        r"|fetch failed|network.request.failed|xhr error|http failure response.{0,80}: 0 ",
        sides=_BROWSER,
    ),
    Rule(
        "The app could not reach our server.",
        Where.NETWORK,
        Example("SocketException: Connection refused", "dart"),
        says=r"nsurlerror|network request failed|could not connect to the server|failed to connect"
        r"|network[ _]?error|connection refused|connect to destination|cferrordomaincfnetwork"
        r"|\b503\b|err_connection",
        types=names(
            "ClientException ConnectException HttpError HttpException NetworkException DioException"
        ),
        sides=_DEVICE,
        vague=True,
    ),
    Rule(
        "Our server could not confirm that another service was the real one.",
        Where.SERVICE,
        Example("Error: unable to verify the first certificate", "node"),
        says=_TRUST,
        sides=frozenset((Side.SERVER, Side.UNKNOWN)),
    ),
    Rule(
        "Our server stopped asking another service that kept failing.",
        Where.SERVICE,
        Example("CallNotPermittedException: CircuitBreaker 'stock' is OPEN", "node"),
        says=r"circuit.?breaker|brokencircuit|circuit (?:is )?open",
    ),
    Rule(
        "Our server could not find another service by its name.",
        Where.SERVICE,
        Example("Error: getaddrinfo ENOTFOUND rates.example", "node"),
        says=r"name or service not known|name.?resolution|getaddrinfo|\benotfound|eai_again"
        r"|nxdomain"
        r"|could not resolve host|host not found|name could not be resolved|no such host"
        r"|nodename nor servname"
        r"|failed to resolve|unknown ?host",
        types=names("gaierror"),
        sides=ON_SERVER,
    ),
    Rule(
        "A web address led around in circles.",
        Where.SERVICE,
        Example("TooManyRedirects: Exceeded 30 redirects."),
        says=r"too ?many ?redirects|redirect loop|(?:maximum|exceeded) .{0,12}redirects",
    ),
    Rule(
        "The connection closed before our server was done.",
        Where.NETWORK,
        Example("ClientAbortException: Broken pipe", "php"),
        says=r"\bclient ?(?:abort|disconnect|closed)|context canceled|connection_closed_by_client"
        r"|websocketdisconnect|request aborted|unexpected end of request content|requestaborted"
        r"|unreadablepost",
        sides=ON_SERVER,
        slight=True,
    ),
    Rule(
        "Our server could not reach another service that it needs.",
        Where.SERVICE,
        Example("ConnectError: connect ECONNREFUSED 10.0.0.9:8080", "node"),
        says=r"econnrefused|connection ?refused|failed to establish|newconnectionerror|:econnref"
        r"|actively refused|no route to host|hostunreach"
        r"|(?:host|network|server|service|node) ?(?:is )?unreachable|failed to connect"
        r"|could not connect to|unable to connect|while dialing|error connecting to"
        r"|endpointnotfound"
        r"|network path was not found|tcp connect error|und_err_connect|communication: connect"
        r"|nicht erreichbar|(?:kan|kon|kunne|kunde) (?:niet|ikke|inte) (?:.{0,30}bereik|n. )"
        r"|injoignable"
        r"|impossible de (?:contacter|joindre)|impossibile contattare|non raggiungibile"
        r"|no se pudo (?:conectar|contactar)|couldn't connect|failed to open tcp"
        r"|max retries exceeded"
        r"|\u63a5\u7d9a\u3067\u304d",
        types=names("ConnectError HttpHostConnectException"),
        calls=r"connectmultiple",
        sides=ON_SERVER,
    ),
    Rule(
        "Our server lost its link to another service.",
        Where.SERVICE,
        Example("ProtocolError: ('Connection aborted.', RemoteDisconnected())"),
        says=r"econnreset|connection ?(?:was )?(?:reset|aborted|closed)|socket hang up|broken pipe"
        r"|epipe|remote end closed|remote ?(?:protocol|disconnected)|chunkedencoding"
        r"|: (?:unexpected )?eof$"
        r"|empty reply|premature.?close|rst_stream|other side closed|und_err_socket|recv failure"
        r"|forcibly closed"
        r"|write after end|incompleteread|response ended prematurely|goaway|stream (?:closed"
        r"|reset)",
        types=names("ConnectionResetError BrokenPipeError EOFError PrematureCloseException"),
        sides=ON_SERVER,
    ),
    Rule(
        "A call from our server to another service failed.",
        Where.SERVICE,
        Example("TypeError: fetch failed", "node"),
        says=r"^typeerror: fetch failed|error sending request|guzzlehttp.exception|faraday::"
        r"|aiohttp"
        r"|http.client.exception",
        types=names(
            "HttpRequestException ResourceAccessException RequestException RestClientException"
            " ClientConnectorError RequestFailedException TransportException ApiConnectionException"
        ),
        sides=ON_SERVER,
        vague=True,
    ),
    Rule(
        "Another service said that it could not do what our server asked.",
        Where.SERVICE,
        Example("Fault: Server was unable to process it"),
        types=names("Fault FaultException SOAPFaultException"),
        sides=ON_SERVER,
        vague=True,
    ),
)


# Plain words for answers: what another service told our server, and our server the customer.

SERVICES = (
    Rule(
        "Our server took too long on its work and was stopped.",
        Where.SERVER,
        Example("SoftTimeLimitExceeded: SoftTimeLimitExceeded()"),
        says=r"timelimitexceed|maximum execution time|worker time.?out|rack::timeout|task timed out"
        r"|request ran for longer|job stalled|lambda.{0,40}timed out"
        r"|requesttimeoutexception: request waited",
        sides=ON_SERVER,
    ),
    Rule(
        "We had used up our limit with another service.",
        Where.SERVICE,
        Example("RateLimitError: 429 You exceeded your current quota", "node"),
        says=r"exceeded your (?:current |monthly )?quota|insufficient_quota|credit balance"
        r"|billing (?:hard )?limit|monthly (?:usage )?limit",
        sides=ON_SERVER,
    ),
    Rule(
        "Another service did not answer our server in time.",
        Where.SERVICE,
        Example("Net::ReadTimeout: Net::ReadTimeout with #<TCPSocket:(closed)>", "ruby"),
        says=LATE,
        types=names("ReadTimeout ConnectTimeout OpenTimeout"),
        statuses=frozenset((408, 504)),
        sides=ON_SERVER,
    ),
    Rule(
        "Another service said no because our server asked too often.",
        Where.SERVICE,
        Example("HTTPError: 429 Client Error: Too Many Requests"),
        says=r"^(?!.{0,200}(?:throttlerequests|too many (?:attempts|tries|log)"
        r"|throttled:))"
        r".{0,400}(?:\brate.?limit|ratelimit|too many requests|throttl|quota exceeded"
        r"|request limit (?:exceed|reach)|over_?query_?limit|slowdown|your request rate)",
        statuses=frozenset((429,)),
        sides=ON_SERVER,
    ),
    Rule(
        "Another service was down or having problems.",
        Where.SERVICE,
        Example("HttpServerErrorException: 503 Service Unavailable", "node"),
        says=r"service ?unavailable|bad gateway|internal server error|upstream (?:error|connect)"
        r"|soap ?fault|overloaded_error|(?:is|currently) overloaded|: overloaded$|(?:dienst"
        r"|service|servicio|servizio"
        r"|server).{0,40}(?:nicht verf.gbar"
        r"|indisponible|no disponible|non disponibile|niet beschikbaar|niedost.pn)",
        statuses=frozenset((500, 502, 503, 520, 521, 522, 529)),
        types=names("HttpServerErrorException"),
        sides=ON_SERVER,
    ),
    Rule(
        "Another service did not let our server in.",
        Where.SERVICE,
        Example("HTTPError: 401 Client Error: Unauthorized for url"),
        says=r"(?:invalid|incorrect) api ?key|api key (?:is )?(?:invalid|expired|missing)"
        r"|invalid_client"
        r"|(?:accessdenied|expiredtoken)\w{0,9}\) when calling|not authorized to perform"
        r"|authorizationfail|unrecognizedclient|invalidclienttokenid|missingcredentials"
        r"|resource not accessible by",
        statuses=frozenset((401, 403)),
        sides=ON_SERVER,
    ),
    Rule(
        "Another service did not have what our server asked for.",
        Where.SERVICE,
        Example("HTTPError: 404 Client Error: for url: https://stock.example"),
        statuses=frozenset((404, 410)),
        sides=ON_SERVER,
    ),
    Rule(
        "Another service did not accept what our server sent.",
        Where.SERVICE,
        Example("HTTPError: 422 Client Error: for url: https://labels.example"),
        says=r"(?:validation|invalid|malformed)\w{0,30}\) when calling"
        r"|rejei..o\b|rechazad[oa] por|rejet.e? par|abgelehnt (?:von|durch)|odrzucon"
        r"|scartat[oa] da|"
        r"(?:rejected|refused|declined) by (?:the )?(?:channel|partner|provider|supplier"
        r"|carrier)",
        statuses=frozenset((400, 406, 409, 412, 415, 422)),
        sides=ON_SERVER,
    ),
    Rule(
        "There were too many tries in a short time, so our server said no.",
        Where.SERVER,
        Example("AxiosError: Request failed with status code 429", "javascript"),
        says=r"\brate.?limit|ratelimit|too.?many.?(?:login.?)?(?:requests|attempts|tries)|throttl"
        r"|login attempts|zu viele (?:anfragen|versuche)|trop de (?:tentatives|requ.tes)"
        r"|demasiad[oa]s (?:intentos|solicitudes)",
        statuses=frozenset((429,)),
    ),
    Rule(
        "Our server was down or too busy.",
        Where.SERVER,
        Example("AxiosError: Request failed with status code 503", "javascript"),
        says=r"service unavailable|bad gateway",
        statuses=frozenset((502, 503, 521, 522, 523)),
        sides=CLIENT,
    ),
    Rule(
        "Our server failed while it worked on what the customer asked for.",
        Where.SERVER,
        Example("AxiosError: Request failed with status code 500", "javascript"),
        says=r"internal server error",
        statuses=frozenset((500, 520)),
        sides=CLIENT,
    ),
    Rule(
        "Our server no longer saw the customer as signed in.",
        Where.SERVER,
        Example("AxiosError: Request failed with status code 401", "javascript"),
        statuses=frozenset((401,)),
        sides=CLIENT,
    ),
    Rule(
        "Our server did not allow the customer to do that.",
        Where.SERVER,
        Example("AxiosError: Request failed with status code 403", "javascript"),
        says=r"not authori[sz]ed to|insufficient permission|access denied"
        r"|do(?:es)? not have permission|\bforbidden\b",
        statuses=frozenset((403,)),
        sides=CLIENT,
    ),
    Rule(
        "Our server did not find what {us} asked for.",
        Where.SERVER,
        Example("AxiosError: Request failed with status code 404", "javascript"),
        statuses=frozenset((404, 410)),
        sides=CLIENT,
    ),
    Rule(
        "Our server did not accept what was sent to it.",
        Where.SERVER,
        Example("AxiosError: Request failed with status code 422", "javascript"),
        statuses=frozenset((400, 406, 412, 415, 422)),
        sides=CLIENT,
    ),
    Rule(
        "A server that was needed did not answer as it should.",
        None,
        Example("Error: 503 Service Unavailable", "other"),
        says=r"unavailable|bad gateway|internal server error|connection ?(?:error|refused|reset)",
        statuses=frozenset((500, 502, 503)),
        sides=frozenset((Side.UNKNOWN,)),
        broad=True,
        vague=True,
    ),
)


# Plain words for signing in and for what a customer may do.

RAN_OUT = r"(?:expired|abgelaufen|expir[eé]|caducad|vencid|scadut|verlopen|wygas|utg.tt)"

ACCESS = (
    Rule(
        "The email address has not been confirmed yet.",
        Where.SERVER,
        Example("EmailNotVerified: no"),
        says=r"e-?mail.{0,12}not.{0,6}(?:verified|confirmed)|(?:user"
        r"|account).{0,6}not.{0,6}confirmed"
        r"|unverified (?:e-?mail|user|account)|unconfirmed (?:e-?mail|user|account)",
        deed=Deed.SIGNING_IN,
    ),
    Rule(
        "The new password is too weak.",
        Where.SERVER,
        Example("PasswordTooWeak: no"),
        says=r"password.{0,12}(?:too ?(?:weak|short|common|simple|similar)|policy|strength|pwned"
        r"|breach)"
        r"|weak.?password|passwort.{0,20}zu (?:kurz|schwach|einfach)",
    ),
    Rule(
        "The password had expired, so the customer must set a new one.",
        Where.SERVER,
        Example("CredentialsExpiredException: User credentials have expired", "node"),
        says=rf"(?:password|passwort|kennwort)(?! reset).{{0,12}}{RAN_OUT}|password ?expired"
        r"|user credentials have expired|credentialsexpired"
        r"|acceptsecuritycontext.{0,20}data (?:532|773)\b"
        r"|must (?:change|reset) (?:your |the |their )?password|password ?(?:change"
        r"|reset) ?required",
        deed=Deed.SIGNING_IN,
    ),
    Rule(
        "The browser did not save what our site needs, so the form was not accepted.",
        Where.BROWSER,
        Example("Forbidden (CSRF cookie not set.): /login/"),
        says=r"cookie.{0,80} (?:is )?not present|csrf cookie (?:not set|is missing|missing)"
        r"|cookies? (?:is |are )?(?:disabled"
        r"|blocked)",
    ),
    Rule(
        "The page was open too long, so its form was no longer accepted.",
        Where.SERVER,
        Example("ActionController::InvalidAuthenticityToken: not verified", "ruby"),
        says=r"csrf|antiforgery|page expired",
        types=names("InvalidAuthenticityToken TokenMismatchException"),
        statuses=frozenset((419,)),
    ),
    Rule(
        "The link that was used is not valid or has expired.",
        Where.SERVER,
        Example('BadSignature: Signature "x" does not match'),
        says=r"^badsignature|(?:reset|invite|invitation|activation|confirmation|magic|verification)"
        r".{0,12}(?:link|token).{0,30}(?:invalid|expired|used|not valid)",
    ),
    Rule(
        "The link to the customer's account on another site has expired.",
        Where.SERVICE,
        Example("InvalidGrantError: (invalid_grant) Token has been expired or revoked."),
        says=r"expired or revoked|invalid_grant.{0,80}(?:revoked|expired)",
    ),
    Rule(
        "The sign-in had expired, so the customer must sign in again.",
        Where.SERVER,
        Example("TokenExpiredError: jwt expired", "node"),
        says=r"^(?!.{0,200}(?:when calling|nfc)).{0,400}(?:session.{0,20}(?:expired|timed out"
        r"|not found"
        r"|invalid)|(?:token|jwt).{0,20}expired|expired.{0,20}(?:token|signature|session)"
        r"|expiredsignature|expiredjwt|(?:sitzung|session|sesi.n|sessione)\b.{0,20}(?:abgelaufen"
        r"|expir"
        r"|caducad|scadut))",
    ),
    Rule(
        "The customer's account is locked or turned off.",
        Where.SERVER,
        Example("LockedException: User account is locked", "node"),
        says=r"(?:account|user|customer)(?:[ -](?!has\b)\S{1,20})?[ -]?(?:is |was "
        r"|has been )?(?:locked|disabled|suspended|banned|inactive"
        r"|blocked"
        r"|frozen|deactivated)|account.{0,12}closed|account (?:has |is )?expired"
        r"|acceptsecuritycontext.{0,20}data (?:533|701|775)\b|(?:konto|kunde"
        r"|benutzer)\b.{0,30}gesperrt"
        r"|(?:compte|utilisateur)\b.{0,30}(?:bloqu|suspend|d.sactiv)|cuenta\b.{0,30}bloquead",
        types=names("LockedException DisabledException AccountLocked UserDisabled"),
    ),
    Rule(
        "The sign-in window was closed before it was done.",
        Where.BROWSER,
        Example("FirebaseError: Firebase: Error (auth/popup-closed-by-user).", "javascript"),
        says=r"popup.closed.by.user|popup_closed|auth/cancelled-popup|auth/popup-blocked"
        r"|sign_in_cancell?ed|authorization(?:error)?\b.{0,80}(?:error|code:) 1001"
        r"|apiexception: 12501"
        r"|getcredentialcancel",
        deed=Deed.SIGNING_IN,
    ),
    Rule(
        "Signing in through another service did not work.",
        Where.SERVICE,
        Example("OAuthException: state mismatch", "php"),
        says=r"state.?mismatch|(?<!n)oauth|openid|\boidc\b|\bsaml|\bsso\b|single sign"
        r"|sign_in_failed"
        r"|google_?sign_?in|asauthorization|authenticationservices|nocredentialexception"
        r"|apiexception: 12500:|matching credential|browserauth|interaction_in_progress|\bmsal"
        r"|aadsts\d"
        r"|invalidstateexception",
        types=names("AuthStateMissing AuthStateForbidden"),
        deed=Deed.SIGNING_IN,
    ),
    Rule(
        "Our server could not check the list of people who can sign in.",
        Where.SERVER,
        Example("SERVER_DOWN: Can't contact LDAP server"),
        says=r"ldap.{0,80}(?:down|contact|socket|connect|time.?out|unavailable|refused)"
        r"|^server_down:"
        r"|active directory.{0,60}(?:not|un)(?:reach|avail)",
        sides=ON_SERVER,
        deed=Deed.SIGNING_IN,
    ),
    Rule(
        "The extra code for signing in was not accepted.",
        Where.SERVER,
        Example("InvalidCode: wrong verification code"),
        says=r"(?:verification|one.time|login) (?:code|password).{0,30}|two.?factor|\b2fa\b|\bmfa\b"
        r"|\btotp\b|\botp\b",
        deed=Deed.SIGNING_IN,
    ),
    Rule(
        "The name or password for signing in was wrong.",
        Where.SERVER,
        Example("BadCredentialsException: Bad credentials", "node"),
        says=r"(?:invalid|bad|wrong|incorrect) ?(?:user ?name|e-?mail|login|credential|password)"
        r"|auth/(?:wrong-password|user-not-found|invalid-credential|invalid-email)"
        r"|invalid_grant|password.{0,12}(?:mismatch|incorrect|does not match)",
        deed=Deed.SIGNING_IN,
    ),
    Rule(
        "The sign-in was not accepted.",
        Where.SERVER,
        Example("AuthenticationFailed: no"),
        says=r"login failed(?! for)|(?<!password )authentication ?failed"
        r"|invalid[ _]token|(?<!fernet.)invalidtoken|jwt malformed|invalid signature"
        r"|jwt not active|idx10\d\d\d|securitytoken(?:invalid|signature|nolonger)"
        r"|\bjws|jwk|jwt.{0,20}signature|token.{0,20}signature",
        types=names("JsonWebTokenError InvalidJwtException InvalidTokenError AuthApiError"),
        deed=Deed.SIGNING_IN,
    ),
    Rule(
        "The customer was not signed in.",
        Where.SERVER,
        Example("NotAuthenticated: Authentication credentials were not provided."),
        says=r"unauthenticated|not (?:logged|signed) in|credentials were not provided"
        r"|\blogin[ _]required|(?:are|is|user) not ?authenticated|(?:graphql"
        r"|trpc)error: unauthorized"
        r"|authenticationerror(?!: error code|.{0,120}api key)|interaction_required"
        r"|authenticationexception(?!.{0,120}(?:certificate|535))|nicht (?:angemeldet|eingeloggt)",
        types=names(
            "NotAuthenticated Unauthorized UnauthorizedException UnauthorizedError"
            " InsufficientAuthenticationException"
        ),
    ),
    Rule(
        "The customer was not allowed to do that.",
        Where.SERVER,
        Example("Pundit::NotAuthorizedError: not allowed to show? this Page", "ruby"),
        says=r"permissiondenied:|not allowed to"
        r"|(?:action|access) (?:is )?(?:unauthorized|forbidden)"
        r"|(?<!caller )do(?:es)? not have permission|row-level security|\bforbidden\b(?! for url"
        r"|\))|not authori[sz]ed to access"
        r"|insufficient permission|keine (?:berechtigung|zugriffsrechte)|nicht berechtigt"
        r"|sin (?:permiso|autorizaci)|permiso denegado|acc.s (?:refus|non autoris)"
        r"|accesso negato|brak uprawnie|not (?:authori[sz]ed|entitled|permitted) (?:to"
        r"|for)\b(?! perform)",
        types=names(
            "PermissionDenied NotAuthorizedError AccessDenied AccessDeniedException Forbidden"
            " AuthorizationException ForbiddenException ForbiddenError AccessDeniedHttpException"
            " AuthorizationDeniedException NotPermittedError AccessDeniedError"
        ),
        sides=frozenset((Side.SERVER, Side.UNKNOWN)),
    ),
    Rule(
        "The check for a real person did not work.",
        Where.SERVER,
        Example("CaptchaError: captcha score too low", "node"),
        says=r"captcha|turnstile|bot detected",
        files=r"captcha|turnstile",
    ),
    Rule(
        "Our server blocked a call that did not look safe.",
        Where.SERVER,
        Example("DisallowedHost: Invalid HTTP_HOST header: 'evil.example'"),
        says=r"invalid http_host|suspiciousoperation|\bwaf\b|unsafe redirect|blocked host",
        types=names("DisallowedHost SuspiciousFileOperation UnsafeRedirectError"),
        sides=ON_SERVER,
    ),
    Rule(
        "We could not confirm that a notice from another service was real.",
        Where.SERVICE,
        Example("SignatureVerificationError: No signatures found", "node"),
        says=r"signature.{0,30}(?:verif|mismatch|no match|not match|invalid)"
        r"|invalid (?:hmac|webhook)",
    ),
)


# Plain words for what a business itself does not allow: stock, prices, dates, plans, checks.

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
