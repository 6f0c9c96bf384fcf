"""Rules for payments, the network, other services, access, and the rules of a business."""

from functools import partial

from apps.events.rules.rule import (
    CLIENT,
    IN_BROWSER,
    NOT_CLIENT,
    ON_DEVICE,
    ON_SERVER,
    Example,
    Place,
    Reading,
    Rule,
    Side,
    UserAction,
    app_rule,
    bank_rule,
    browser_rule,
    call_rule,
    input_rule,
    names_in,
    network_rule,
    page_rule,
    reading,
    server_rule,
    service_rule,
)

# Payments

_TIMED_OUT = (
    r"(?<!set)(?<!clear)(?<!session)(?<!negotiated )time.?out(?! (?:set|is|must|should|value))"
    r"|timed out|deadline (?:exceeded|has elapsed)|took too long"
    r"|no (?:answer|response|price) within|zeit.berschreitung|d.lai.{0,12}d.pass"
    r"|tiempo.{0,12}agotad"
    r"|did not (?:answer|respond)|antwortet nicht|keine antwort|ne r.pond pas|no responde"
    r"|n.o responde|non risponde|nie odpowiada"
)
# A timeout is one of a connection only if the line says so.
_CALL_TIMED_OUT = (
    r"^(?=.{0,400}(?:request|respon|connect|\bread(?!y)|socket|http|\bhost\b|server|\bapi|fetch"
    r"|service|network|\burl|://|upstream|gateway|\bcurl|\brpc|provider|axios|\bdio|etimedout"
    r"|client|call"
    r"|upload|download|answer|antwort|r.pond|respond|risponde|odpowiada|offline|within|faraday"
    r"|context deadline"
    r"|operation (?:has )?timed out|signal timed|(?:error|timeout): timed out$|zeit|d.lai|tiempo))"
    rf"(?!.{{0,120}}timeout \(\w\)).{{0,400}}(?:{_TIMED_OUT})"
)
_DOWN = (
    r"unavailable|bad gateway|connection ?refused|econnrefused|failed to establish|econnreset"
    r"|connection reset|socket hang up|remote end closed|name or service not known"
    r"|connection ?error|our connection to|could not connect to|connection ?exception"
)

PAYMENT = reading(
    Reading.STATEMENT,
    browser_rule(
        "The payment service's form could not be loaded.",
        Example("Error: Failed to load Stripe.js", "javascript"),
        text=r"(?:failed|unable|could not) (?:to )?load.{0,20}(?:stripe|paypal|braintree|adyen"
        r"|klarna|square|mollie)|(?:stripe\.js|paypal|klarna).{0,12}failed to load"
        r"|(?:stripe|paypal|braintree|adyencheckout|klarna|mollie) is not defined",
        reads=Reading.NAMES,
    ),
    bank_rule(
        "There was not enough money on the card or in the account.",
        Example("CardError: Your card has insufficient funds.", "ruby"),
        text=r"insufficient.?(?:funds|balance|credit)|not enough (?:money|credit|balance|funds)"
        r"|balance (?:is )?too low|saldo insuf|solde insuf|fondos insuf|fondi insuf|nicht gedeckt"
        r"|guthaben.{0,20}(?:reicht|nicht|zu )|(?:onvoldoende|utilstr.kkelig) (?:saldo|d.kning)",
    ),
    bank_rule(
        "The customer's card has expired.",
        Example("CardException: Your card has expired.", "php"),
        text=r"card (?:has |is )?expired|expired.card",
    ),
    input_rule(
        "The card details were not right.",
        Example("CardError: Your card's security code is incorrect."),
        text=r"incorrect_(?:cvc|number)|invalid_(?:cvc|expiry)"
        r"|security code.{0,20}(?:incorrect|inval)"
        r"|(?:incorrect|invalid).{0,12}(?:cvc|cvv|card number|expiry)"
        r"|card number.{0,20}(?:incorrect|invalid)"
        r"|provided card|expiration (?:year|month|date).{0,12}(?:incorrect|invalid)",
    ),
    bank_rule(
        "The bank asked the customer to confirm the payment, and that did not work.",
        Example("CardError: authentication_required: This payment needs 3D Secure", "node"),
        text=r"3d.?s(?:ecure|2)\b|authentication_required|requires_action|strong customer auth"
        r"|authenticate your payment",
    ),
    bank_rule(
        "The payment was declined.",
        Example("StripeCardError: Your card was declined.", "node"),
        text=r"(?:payment|card|charge|transaction|capture|instrument|paypal).{0,30}declin"
        r"|declin.{0,30}(?:payment|card|charge)"
        r"|do_not_honor|(?:payment|card|charge|transaction).{0,12} refused"
        r"|zahlung.{0,20}abgelehnt|paiement.{0,20}refus|pago.{0,20}rechazad",
        types=names_in("PaymentDeclined CardDeclined PaymentDeclinedException CardDeclinedError"),
    ),
    app_rule(
        "The payment window was closed before the payment was made.",
        Example("PlatformException: Canceled, The payment flow has been canceled", "dart"),
        text=r"pay(?:ment|pal|.?sheet).{0,40}cancell?ed|cancell?ed.{0,30}payment"
        r"|purchase (?:was |has been )?cancell?ed|detected popup close"
        r"|pay(?:ment|pal)?.{0,40}(?:popup|window).{0,20}closed",
    ),
    service_rule(
        "The app store did not complete the purchase.",
        Example("SKErrorDomain: Cannot connect to iTunes Store (Code: 2)", "cocoa"),
        text=r"itunes store|storekit|billing ?(?:client|response|service)|in-app purchase"
        r"|play billing|available for purchase|\be_(?:iap|item|billing)_|\bbilling,"
        r"|item_(?:unavailable|already_owned)",
        types=names_in("SKErrorDomain SKError ASDErrorDomain BillingException"),
    ),
    service_rule(
        "The amount paid did not match the amount due.",
        Example("Callback for donation 5512 says 25.00, we expected 20.00", "php"),
        text=r"(?:amount|callback|paid|charge|donation|payment).{0,60}"
        r"(?:mismatch|we expected|differ|does not match|do not match)",
    ),
    service_rule(
        "The payment had already been made.",
        Example("InvalidRequestError: Charge ch_1 has already been captured."),
        text=r"already (?:been )?(?:paid|captured|charged|refunded)|duplicate (?:charge|payment)",
    ),
    service_rule(
        "The customer's refund could not be made.",
        Example("RefundFailed: refund re_1 was rejected", "ruby"),
        text=r"refund.{0,40}(?:fail|reject|error|not )|(?:failed|unable|could not).{0,20}refund",
        types=names_in("RefundFailed RefundError RefundException"),
    ),
    app_rule(
        "The payment form on the page did not work.",
        Example("IntegrationError: the specified Element is not mounted", "javascript"),
        text=r"integrationerror|adyencheckout|applepaysession|(?:create|capture) order api"
        r"|onapprove|zoid"
        r"|google ?pay.{0,40}(?:error|fail)|paymentrequest.{0,40}(?:error|fail|show)",
        sides=CLIENT,
    ),
    call_rule(
        "The payment service did not let our server in.",
        Example("Stripe::AuthenticationError: Invalid API Key provided", "ruby"),
        text=r"(?:stripe|paypal|adyen|mollie|payment).{0,60}(?:invalid api key|authenticationerror)"
        r"|invalid api key provided",
        paying=True,
        statuses=frozenset((401, 403)),
    ),
    service_rule(
        "The payment was not accepted.",
        Example("AxiosError: Request failed with status code 402", "javascript"),
        text=r"payment required|payment_failed|payment was not (?:accepted|approved)",
        statuses=frozenset((402,)),
    ),
    service_rule(
        "The payment service took too long.",
        Example("Error: payment provider timed out", "javascript"),
        text=rf"(?:payment (?:provider|gateway|processor|service)|zahlungs(?:anbieter|dienst)"
        rf"|prestataire de paiement|proveedor de pago).{{0,60}}(?:{_TIMED_OUT})"
        rf"|(?:{_TIMED_OUT}).{{0,60}}(?:payment (?:provider|gateway|processor|service)"
        r"|zahlungs(?:anbieter|dienst)|prestataire de paiement|proveedor de pago)",
        sides=CLIENT,
    ),
    service_rule(
        "The payment did not go through.",
        Example("PaymentError: could not process", "java"),
        text=r"payment.{0,30}(?:fail|error|unsuccess|(?:could|can) ?not be)"
        r"|(?:failed|unable|could not) (?:\w{1,20} ){0,4}payment"
        r"|zahlung.{0,20}fehlgeschlagen|paiement.{0,20}chou|pago.{0,20}fall"
        r"|betal(?:n)?ing.{0,20}(?:misslyck|mislyk|mislukt|feil)|pagamento.{0,20}(?:falh|fallit"
        r"|recus)"
        r"|(?:falha|errore?|impossibile|erreur).{0,40}(?:pagamento|pago|paiement)",
        types=names_in(
            "CardError CardException PaymentError PaymentFailed PaymentException"
            " PaymentFailedException"
        ),
        vague=True,
    ),
    action=UserAction.PAYING,
)

# These come after the rules for the data store, whose slow queries can contain words for payments.
_payment_service_rule = partial(call_rule, paying=True, action=UserAction.PAYING)

PAYMENT_SERVICE = (
    _payment_service_rule(
        "The payment service did not answer in time.",
        Example("ReadTimeout: HTTPSConnectionPool(host='api.stripe.com'): Read timed out."),
        text=_TIMED_OUT,
        statuses=frozenset((408, 504)),
    ),
    _payment_service_rule(
        "The payment service was not working.",
        Example("*errors.errorString: charge: cardgate: 503 Service Unavailable", "go"),
        text=_DOWN,
        statuses=frozenset((500, 502, 503)),
    ),
    _payment_service_rule(
        "The payment service did not accept what our server sent.",
        Example("Stripe::InvalidRequestError: No such payment_intent: 'pi_1'", "ruby"),
        types=names_in("InvalidRequestError InvalidRequestException StripeInvalidRequestError"),
        statuses=frozenset((400, 404, 409, 422)),
    ),
)


# The numbers of Apple's network errors are only those next to their domain.
_NSURL = r"(?:nsurl|urlsession|urlerror|cfnetwork).{0,200}"
_UNTRUSTED = (
    r"certificate.{0,30}(?:verif|valid|expired|unknown|invalid|trust|chain|revoked|path|mismatch)"
    r"|(?:verify|ssl|peer|leaf|server|bad).{0,20}certificate|certificateverify|certpath"
    r"|(?:chain|pinning) validation|pinning fail|pkix|\bssl(?!.{0,60}(?:closed|eof|reset|time))"
    r"|\btls\b.{0,40}(?:fail|error|handshake|unsupport|mismatch)|self.signed"
    r"|unable to verify the first|x509|err_cert|err_ssl|trust anchor|cleartext"
    rf"|{_NSURL}-120[0-6]\b|handshake ?(?:fail|exception|error|alert)"
)

NETWORK = (
    network_rule(
        "The customer's device was offline.",
        Example("NSURLErrorDomain: The Internet connection appears to be offline.", "cocoa"),
        text=r"internet connection|internet_disconnected|no internet|network is unreachable"
        rf"|{_NSURL}-100[39]\b"
        r"|unable to resolve host|failed host lookup|not connected to the internet"
        r"|client is offline|ns_error_net_offline|\(offline\)|name_not_resolved"
        r"|no address associated|resolve destination host",
        types=names_in("UnknownHostException NoConnectivityException NoNetworkException"),
        sides=CLIENT,
    ),
    network_rule(
        "The customer's connection was lost along the way.",
        Example("NSURLErrorDomain: The network connection was lost. (Code: -1005)", "cocoa"),
        text=rf"connection was lost|{_NSURL}-1005\b|err_network_changed"
        r"|connection.{0,8}(?:abort|reset|closed)|broken pipe|econnreset|unexpected end of stream"
        r"|socket is not connected|err_connection_(?:reset|closed)|connection lost|forcibly closed",
        types=names_in("EOFException StreamResetException"),
        sides=CLIENT,
    ),
    network_rule(
        "The browser could not be sure that our server was the real one.",
        Example("Public key pinning validation failed for 'shop.example'", "javascript"),
        text=r"public key pinning|expect-ct",
        sides=IN_BROWSER,
    ),
    network_rule(
        "The customer's device could not make a safe connection.",
        Example("SSLHandshakeException: Trust anchor not found", "android"),
        text=_UNTRUSTED,
        sides=CLIENT,
    ),
    page_rule(
        "A call that only counts visits was blocked by the customer's browser.",
        Example("TypeError: Failed to fetch (collect.stats.example)", "javascript"),
        text=r"(?:fetch|failed|error).{0,20}\(.{0,40}"
        r"(?:\bstat|analytic|track|collect|pixel|\bads?\b|metric|\btags?\b).{0,60}\)",
        slight=True,
    ),
    browser_rule(
        "A step was called off, most often because the customer had moved on.",
        Example("AbortError: The user aborted a request.", "javascript"),
        text=r"user aborted|request aborted|signal is aborted|operation was aborted"
        rf"|{_NSURL}-999\b"
        r"|cancell?ed by (?:the )?user|navigation (?:was )?(?:cancell?ed|aborted)"
        r"|aborted a request|^typeerror: cancell?ed$|aborted without reason|fetch is aborted",
        types=names_in(
            "AbortError CanceledError CancelledError CancellationException JobCancellationException"
        ),
        sides=CLIENT,
        slight=True,
    ),
    Rule(
        "The payment got no answer in time, so it may or may not have gone through.",
        Example("AxiosError: Request failed with status code 504 (paying)", "javascript"),
        place=Place.SERVER_OR_SERVICE,
        text=r"\(paying\)$",
        sides=CLIENT,
        may_have_paid=True,
        action=UserAction.PAYING,
    ),
    server_rule(
        "Our server took too long to answer.",
        Example("AxiosError: Request failed with status code 504", "javascript"),
        text=r"gateway time-?out",
        statuses=frozenset((504, 524)),
        sides=CLIENT,
    ),
    Rule(
        "The customer's connection was slow, or our server did not answer in time.",
        Example("AxiosError: timeout of 10000ms exceeded", "javascript"),
        place=Place.BETWEEN,
        text=rf"{_CALL_TIMED_OUT}|econnaborted|{_NSURL}-1001\b|err_timed_out",
        sides=CLIENT,
        statuses=frozenset((408,)),
    ),
    Rule(
        "The customer's browser could not reach our server.",
        Example("TypeError: NetworkError when attempting to fetch resource.", "javascript"),
        place=Place.BETWEEN,
        text=r"failed to fetch\.?(?: \(.{1,99}\))?$|networkerror when|\bload failed|network ?error"
        r"|net::err_|err_network"
        r"|fetch failed|network.request.failed|xhr error|http failure response.{0,80}: 0 ",
        sides=IN_BROWSER,
    ),
    Rule(
        "The app could not reach our server.",
        Example("SocketException: Connection refused", "dart"),
        place=Place.BETWEEN,
        text=r"nsurlerror|network request failed|could not connect to the server"
        r"|failed to connect(?! \()"
        r"|network[ _]?error|connection refused|connect to destination|cferrordomaincfnetwork"
        r"|err_connection",
        types=names_in(
            "ClientException ConnectException HttpError HttpException NetworkException DioException"
        ),
        sides=ON_DEVICE,
        vague=True,
    ),
    service_rule(
        "{Us} could not confirm that another service was the real one.",
        Example("Error: unable to verify the first certificate", "node"),
        text=_UNTRUSTED,
        sides=NOT_CLIENT,
    ),
    service_rule(
        "{Us} stopped asking another service that kept failing.",
        Example("CallNotPermittedException: CircuitBreaker 'stock' is OPEN", "node"),
        text=r"circuit.?breaker|brokencircuit|circuit (?:is )?open",
        sides=NOT_CLIENT,
    ),
    call_rule(
        "Our server could not find another service by its name.",
        Example("Error: getaddrinfo ENOTFOUND rates.example", "node"),
        text=r"name or service not known|name.?resolution|getaddrinfo|\benotfound|eai_again"
        r"|nxdomain|could not resolve host|host not found|name could not be resolved|no such host"
        r"|nodename nor servname|failed to resolve|unknown ?host",
        types=names_in("gaierror"),
    ),
    service_rule(
        "A web address led around in circles.",
        Example("TooManyRedirects: Exceeded 30 redirects."),
        text=r"too ?many ?redirects|redirect loop|(?:maximum|exceeded) .{0,12}redirects",
    ),
    network_rule(
        "The connection closed before our server was done.",
        Example("ClientAbortException: Broken pipe", "php"),
        text=r"\bclient ?(?:abort|disconnect|closed)|context canceled|connection_closed_by_client"
        r"|websocketdisconnect|request aborted|unexpected end of request content|requestaborted"
        r"|unreadablepost",
        sides=ON_SERVER,
        slight=True,
    ),
    call_rule(
        "Our server could not reach another service that it needs.",
        Example("ConnectError: connect ECONNREFUSED 10.0.0.9:8080", "node"),
        text=r"econnrefused|connection ?refused|failed to establish|newconnectionerror|:econnref"
        r"|actively refused|no route to host|hostunreach"
        r"|(?:host|network|server|service|node) ?(?:is )?unreachable|failed to connect"
        r"|could not connect to|unable to connect|while dialing|error connecting to"
        r"|endpointnotfound|network path was not found|tcp connect error|und_err_connect"
        r"|communication: connect|nicht erreichbar"
        r"|(?:kan|kon|kunne|kunde) (?:niet|ikke|inte) (?:.{0,30}bereik|n. )|injoignable"
        r"|impossible de (?:contacter|joindre)|impossibile contattare|non raggiungibile"
        r"|no se pudo (?:conectar|contactar)|couldn't connect|failed to open tcp"
        r"|max retries exceeded|\u63a5\u7d9a\u3067\u304d",
        types=names_in("ConnectError HttpHostConnectException"),
        calls=r"connectmultiple",
    ),
    call_rule(
        "Our server lost its link to another service.",
        Example("ProtocolError: ('Connection aborted.', RemoteDisconnected())"),
        text=r"econnreset|connection ?(?:was )?(?:reset|aborted|closed)|socket hang up|broken pipe"
        r"|epipe|remote end closed|remote ?(?:protocol|disconnected)|chunkedencoding"
        r"|: (?:unexpected )?eof$|empty reply|premature.?close|rst_stream|other side closed"
        r"|und_err_socket|recv failure|forcibly closed|write after end|incompleteread"
        r"|response ended prematurely|goaway|stream (?:closed|reset)",
        types=names_in("ConnectionResetError BrokenPipeError EOFError PrematureCloseException"),
    ),
    call_rule(
        "A call from our server to another service failed.",
        Example("TypeError: fetch failed", "node"),
        text=r"^typeerror: fetch failed|error sending request|guzzlehttp.exception|faraday::"
        r"|aiohttp|http.client.exception",
        types=names_in(
            "HttpRequestException ResourceAccessException RequestException RestClientException"
            " ClientConnectorError RequestFailedException TransportException ApiConnectionException"
        ),
        vague=True,
    ),
    call_rule(
        "Another service said that it could not do what our server asked.",
        Example("Fault: Server was unable to process it"),
        types=names_in("Fault FaultException SOAPFaultException"),
        vague=True,
    ),
)


# Responses of other services to our server, and of our server to the customer

SERVICES = (
    server_rule(
        "Our server took too long on its work and was stopped.",
        Example("SoftTimeLimitExceeded: SoftTimeLimitExceeded()"),
        text=r"timelimitexceed|maximum execution time|worker time.?out|rack::timeout|task timed out"
        r"|request ran for longer|job stalled|lambda.{0,40}timed out"
        r"|requesttimeoutexception: request waited",
        sides=ON_SERVER,
    ),
    call_rule(
        "We had used up our limit with another service.",
        Example("RateLimitError: 429 You exceeded your current quota", "node"),
        text=r"exceeded your (?:current |monthly )?quota|insufficient_quota|credit balance"
        r"|billing (?:hard )?limit|monthly (?:usage )?limit",
    ),
    call_rule(
        "Another service did not answer in time, so the payment may or may not have gone through.",
        Example("ReadTimeout: bank.example: read timed out (paying)"),
        text=r"\(paying\)$",
        may_have_paid=True,
        action=UserAction.PAYING,
    ),
    call_rule(
        "Another service did not answer our server in time.",
        Example("Net::ReadTimeout: Net::ReadTimeout with #<TCPSocket:(closed)>", "ruby"),
        text=_CALL_TIMED_OUT,
        types=names_in("ReadTimeout ConnectTimeout OpenTimeout"),
        statuses=frozenset((408, 504)),
    ),
    call_rule(
        "Another service said no because our server called it too often.",
        Example("HTTPError: 429 Client Error: Too Many Requests"),
        text=r"^(?!.{0,200}(?:throttlerequests|too many (?:attempts|tries|log)"
        r"|throttled:)).{0,400}(?:\brate.?limit(?!er)|ratelimit(?!er)|too many requests|throttl"
        r"|quota exceeded|zu viele anfragen|trop de requ.tes"
        r"|demasiad[oa]s (?:solicitudes|peticiones)"
        r"|request limit (?:exceed|reach)|over_?query_?limit|slowdown|your request rate)",
        statuses=frozenset((429,)),
        reads=Reading.STATEMENT,
    ),
    Rule(
        "{Us} failed and gave no reason.",
        Example("InternalServerError: 500 Internal Server Error: The server is overloaded"),
        text=r"^internal server error: /|encountered an internal error|^(?:[\w.\\]{1,120})?"
        r"(?:httpexception|internalservererror\w{0,20}): (?:500[: ]{1,2})?internal server error",
        sides=ON_SERVER,
    ),
    call_rule(
        "Another service was down or having problems.",
        Example("HttpServerErrorException: 503 Service Unavailable", "node"),
        text=r"service ?unavailable|bad gateway|internal server error|upstream (?:error|connect)"
        r"|soap ?fault|overloaded_error|(?:is|currently) overloaded|: overloaded$|(?:dienst|service"
        r"|servicio|servizio|server).{0,40}(?:nicht verf.gbar|indisponible|no disponible"
        r"|non disponibile|niet beschikbaar|niedost.pn)",
        statuses=frozenset((500, 502, 503, 520, 521, 522, 529)),
        types=names_in("HttpServerErrorException"),
    ),
    call_rule(
        "Another service did not let our server in.",
        Example("HTTPError: 401 Client Error: Unauthorized for url"),
        text=r"(?:invalid|incorrect) api ?key|api key (?:is )?(?:invalid|expired|missing)"
        r"|invalid_client|(?:accessdenied|expiredtoken)\w{0,9}\) when calling"
        r"|not authorized to perform|authorizationfail|unrecognizedclient|invalidclienttokenid"
        r"|missingcredentials|resource not accessible by",
        statuses=frozenset((401, 403)),
    ),
    call_rule(
        "Another service did not have what our server asked for.",
        Example("HTTPError: 404 Client Error: for url: https://stock.example"),
        statuses=frozenset((404, 410)),
    ),
    call_rule(
        "Another service did not accept what our server sent.",
        Example("HTTPError: 422 Client Error: for url: https://labels.example"),
        text=r"(?:validation|invalid|malformed)\w{0,30}\) when calling|rejei..o\b|rechazad[oa] por"
        r"|rejet.e? par|abgelehnt (?:von|durch)|odrzucon|scartat[oa] da"
        r"|(?:rejected|refused|declined) by (?:the )?(?:channel|partner|provider|supplier|carrier)",
        statuses=frozenset((400, 406, 409, 412, 415, 422)),
    ),
    server_rule(
        "There were too many tries in a short time, so our server refused.",
        Example("AxiosError: Request failed with status code 429", "javascript"),
        text=r"\brate.?limit(?!er)|ratelimit(?!er)|too.?many.?(?:login.?)?(?:requests|attempts"
        r"|tries)|throttl"
        r"|login attempts|zu viele (?:anfragen|versuche)|trop de (?:tentatives|requ.tes)"
        r"|demasiad[oa]s (?:intentos|solicitudes)",
        statuses=frozenset((429,)),
        reads=Reading.STATEMENT,
    ),
    server_rule(
        "Our server was down or too busy.",
        Example("AxiosError: Request failed with status code 503", "javascript"),
        text=r"service unavailable|bad gateway",
        statuses=frozenset((502, 503, 521, 522, 523)),
        sides=CLIENT,
    ),
    server_rule(
        "Our server failed while it worked on what the customer asked for.",
        Example("AxiosError: Request failed with status code 500", "javascript"),
        text=r"internal server error",
        statuses=frozenset((500, 520)),
        sides=CLIENT,
    ),
    server_rule(
        "Our server no longer saw the customer as signed in.",
        Example("AxiosError: Request failed with status code 401", "javascript"),
        statuses=frozenset((401,)),
        sides=CLIENT,
    ),
    server_rule(
        "Our server did not allow the customer to do that.",
        Example("AxiosError: Request failed with status code 403", "javascript"),
        text=r"not authori[sz]ed to|insufficient permission|access denied"
        r"|do(?:es)? not have permission|\bforbidden\b",
        statuses=frozenset((403,)),
        sides=CLIENT,
    ),
    server_rule(
        "Our server did not find what {us} asked for.",
        Example("AxiosError: Request failed with status code 404", "javascript"),
        statuses=frozenset((404, 410)),
        sides=CLIENT,
    ),
    input_rule(
        "Our server did not accept what was sent to it.",
        Example("AxiosError: Request failed with status code 422", "javascript"),
        statuses=frozenset((400, 406, 412, 415, 422)),
        sides=CLIENT,
    ),
    Rule(
        "A server that was needed did not answer as it should.",
        Example("Error: 503 Service Unavailable", "other"),
        text=r"unavailable|bad gateway|internal server error|connection ?(?:error|refused|reset)",
        statuses=frozenset((500, 502, 503)),
        sides=frozenset((Side.UNKNOWN,)),
        broad=True,
    ),
)


# Signing in and permissions

_EXPIRED = r"(?:expired|abgelaufen|expir[eé]|caducad|vencid|scadut|verlopen|wygas|utg.tt)"

ACCESS = reading(
    Reading.STATEMENT,
    server_rule(
        "The email address has not been confirmed yet.",
        Example("EmailNotVerified: no"),
        text=r"e-?mail.{0,12}not.{0,6}(?:verified|confirmed)|(?:user"
        r"|account).{0,6}not.{0,6}confirmed"
        r"|unverified (?:e-?mail|user|account)|unconfirmed (?:e-?mail|user|account)",
        action=UserAction.SIGNING_IN,
    ),
    input_rule(
        "The new password is too weak.",
        Example("PasswordTooWeak: no"),
        text=r"password.{0,12}(?:too ?(?:weak|short|common|simple|similar)|policy|strength|pwned"
        r"|breach)"
        r"|weak.?password|passwort.{0,20}zu (?:kurz|schwach|einfach)",
    ),
    server_rule(
        "The password had expired, so the customer must set a new one.",
        Example("CredentialsExpiredException: User credentials have expired", "node"),
        text=rf"(?:password|passwort|kennwort)(?! reset).{{0,12}}{_EXPIRED}|password ?expired"
        r"|user credentials have expired|credentialsexpired"
        r"|acceptsecuritycontext.{0,20}data (?:532|773)\b"
        r"|must (?:change|reset) (?:your |the |their )?password|password ?(?:change"
        r"|reset) ?required",
        action=UserAction.SIGNING_IN,
    ),
    browser_rule(
        "The browser did not save what our site needs, so the form was not accepted.",
        Example("Forbidden (CSRF cookie not set.): /login/"),
        text=r"cookie.{0,80} (?:is )?not present|csrf cookie (?:not set|is missing|missing)"
        r"|cookies? (?:is |are )?(?:disabled|blocked)",
    ),
    server_rule(
        "The form was not accepted, most often because the page was open too long.",
        Example("ActionController::InvalidAuthenticityToken: not verified", "ruby"),
        text=r"csrf(?! attack)|antiforgery|page expired",
        types=names_in("InvalidAuthenticityToken TokenMismatchException"),
        statuses=frozenset((419,)),
    ),
    server_rule(
        "The link that was used is not valid or has expired.",
        Example('BadSignature: Signature "x" does not match'),
        text=r"^badsignature|(?:reset|invite|invitation|activation|confirmation|magic|verification)"
        r".{0,12}(?:link|token).{0,30}(?:invalid|expired|used|not valid)",
    ),
    service_rule(
        "The link to the customer's account on another site has expired.",
        Example("InvalidGrantError: (invalid_grant) Token has been expired or revoked."),
        text=r"expired or revoked|invalid_grant.{0,80}(?:revoked|expired)",
    ),
    server_rule(
        "The sign-in had expired, so the customer must sign in again.",
        Example("TokenExpiredError: jwt expired", "node"),
        text=r"^(?!.{0,200}(?:when calling|nfc)).{0,400}(?:session.{0,20}(?:expired|timed out"
        r"|not found|invalid)|(?:token|jwt).{0,20}expired|expired.{0,20}(?:token|signature|session)"
        r"|expiredsignature|expiredjwt|(?:sitzung|session|sesi.n|sessione)\b.{0,20}(?:abgelaufen"
        r"|expir|caducad|scadut))",
    ),
    server_rule(
        "The customer's account is locked or turned off.",
        Example("LockedException: User account is locked", "node"),
        text=r"(?:account|user|customer)(?:[ -](?!has\b)\S{1,20})?[ -]?(?:is |was "
        r"|has been )?(?:locked|disabled|suspended|banned|inactive|blocked|frozen|deactivated)"
        r"|account.{0,12}closed|account (?:has |is )?expired"
        r"|acceptsecuritycontext.{0,20}data (?:533|701|775)\b"
        r"|(?:konto|kunde|benutzer)\b.{0,30}gesperrt"
        r"|(?:compte|utilisateur)\b.{0,30}(?:bloqu|suspend|d.sactiv)|cuenta\b.{0,30}bloquead",
        types=names_in("LockedException DisabledException AccountLocked UserDisabled"),
    ),
    browser_rule(
        "The sign-in window was closed before it was done.",
        Example("FirebaseError: Firebase: Error (auth/popup-closed-by-user).", "javascript"),
        text=r"popup.closed.by.user|popup_closed|auth/cancelled-popup|auth/popup-blocked"
        r"|sign_in_cancell?ed|authorization(?:error)?\b.{0,80}(?:error|code:) 1001"
        r"|apiexception: 12501|getcredentialcancel",
        action=UserAction.SIGNING_IN,
    ),
    Rule(
        "The customer could not sign in because a security check failed at the end.",
        Example("OAuthException: state mismatch", "php"),
        text=r"state.?mismatch|invalidstateexception",
        types=names_in("AuthStateMissing AuthStateForbidden"),
        action=UserAction.SIGNING_IN,
    ),
    service_rule(
        "Signing in through another service did not work.",
        Example("SAMLException: no assertion", "php"),
        text=r"(?<!n)oauth|openid|\boidc\b|\bsaml|\bsso\b|single sign"
        r"|sign_in_failed|google_?sign_?in|asauthorization|authenticationservices"
        r"|nocredentialexception|apiexception: 12500:|matching credential|browserauth"
        r"|interaction_in_progress|\bmsal|aadsts\d",
        action=UserAction.SIGNING_IN,
    ),
    server_rule(
        "Our server could not check the list of people who can sign in.",
        Example("SERVER_DOWN: Can't contact LDAP server"),
        text=r"ldap.{0,80}(?:down|contact|socket|connect|time.?out|unavailable|refused)"
        r"|^server_down:|active directory.{0,60}(?:not|un)(?:reach|avail)",
        sides=ON_SERVER,
        action=UserAction.SIGNING_IN,
    ),
    input_rule(
        "The extra code for signing in was not accepted.",
        Example("InvalidCode: wrong verification code"),
        text=r"(?:verification|one.time|login) (?:code|password).{0,30}|two.?factor|\b2fa\b|\bmfa\b"
        r"|\btotp\b|\botp\b",
        action=UserAction.SIGNING_IN,
    ),
    input_rule(
        "The name or password for signing in was wrong.",
        Example("BadCredentialsException: Bad credentials", "node"),
        text=r"(?:invalid|bad|wrong|incorrect) ?(?:user ?name|e-?mail|login|credential|password)"
        r"|auth/(?:wrong-password|user-not-found|invalid-credential|invalid-email)"
        r"|invalid_grant|password.{0,12}(?:mismatch|incorrect|does not match)",
        action=UserAction.SIGNING_IN,
    ),
    Rule(
        "The sign-in was not accepted.",
        Example("AuthenticationFailed: no"),
        place=Place.SIGN_IN,
        text=r"login failed(?! for)|(?<!password )authentication ?failed"
        r"|invalid[ _]token|(?<!fernet.)invalidtoken|jwt malformed|invalid signature"
        r"|jwt not active|idx10\d\d\d|securitytoken(?:invalid|signature|nolonger)"
        r"|\bjws|jwk|jwt.{0,20}signature|token.{0,20}signature",
        types=names_in("JsonWebTokenError InvalidJwtException InvalidTokenError AuthApiError"),
        action=UserAction.SIGNING_IN,
    ),
    server_rule(
        "The customer was not signed in.",
        Example("NotAuthenticated: Authentication credentials were not provided."),
        text=r"unauthenticated|not (?:logged|signed) in|credentials were not provided"
        r"|\blogin[ _]required|(?:are|is|user) not ?authenticated|(?:graphql"
        r"|trpc)error: unauthorized"
        r"|authenticationerror(?!: error code|.{0,120}api key)|interaction_required"
        r"|authenticationexception(?!.{0,120}(?:certificate|535))|nicht (?:angemeldet|eingeloggt)",
        types=names_in(
            "NotAuthenticated Unauthorized UnauthorizedException UnauthorizedError"
            " InsufficientAuthenticationException"
        ),
    ),
    server_rule(
        "The customer was not allowed to do that.",
        Example("Pundit::NotAuthorizedError: not allowed to show? this Page", "ruby"),
        text=r"permissiondenied:|not allowed to(?! be )"
        r"|(?:action|access) (?:is )?(?:unauthorized|forbidden)"
        r"|(?<!caller )do(?:es)? not have permission|row-level security"
        r"|\bforbidden\b(?! for url|\))|not authori[sz]ed to access|insufficient permission"
        r"|keine (?:berechtigung|zugriffsrechte)|nicht berechtigt|sin (?:permiso|autorizaci)"
        r"|permiso denegado|acc.s (?:refus|non autoris)|accesso negato|brak uprawnie"
        r"|not (?:authori[sz]ed|entitled|permitted) (?:to|for)\b(?! perform)",
        types=names_in(
            "PermissionDenied NotAuthorizedError AccessDenied AccessDeniedException Forbidden"
            " AuthorizationException ForbiddenException ForbiddenError AccessDeniedHttpException"
            " AuthorizationDeniedException NotPermittedError AccessDeniedError"
        ),
        sides=NOT_CLIENT,
    ),
    server_rule(
        "The check for a real person did not work.",
        Example("CaptchaError: captcha score too low", "node"),
        text=r"captcha|turnstile|bot detected",
        files=r"captcha|turnstile",
    ),
    server_rule(
        "Our server blocked a call that did not look safe.",
        Example("DisallowedHost: Invalid HTTP_HOST header: 'evil.example'"),
        text=r"invalid http_host|suspiciousoperation|\bwaf\b|unsafe redirect|blocked host",
        types=names_in("DisallowedHost SuspiciousFileOperation UnsafeRedirectError"),
        sides=ON_SERVER,
    ),
    service_rule(
        "We could not confirm that a notice from another service was real.",
        Example("SignatureVerificationError: No signatures found", "node"),
        text=r"signature.{0,30}(?:verif|mismatch|no match|not match|invalid)"
        r"|invalid (?:hmac|webhook)",
    ),
)


# Business rules: stock, prices, dates, plans, checks

_INVALID = (
    r"(?:invalid|not valid|wrong|unknown|incorrect|malformed|rejected|fail|not (?:be )?(?:verif"
    r"|accept)"
    r"|ung.ltig|falsch|no v.lid|invalide|non valid|nieprawid)"
)

BUSINESS = reading(
    Reading.STATEMENT,
    server_rule(
        "A coupon or discount was not accepted.",
        Example("VoucherError: voucher has expired", "php"),
        text=r"(?:coupon|voucher|promo(?:tion)?s?\b|promo.?code|discount|gift.?card|gutschein"
        r"|rabatt"
        r"|cup[o.]n\b|bon cadeau|code promo|buono sconto|kod rabatowy|kortingscode).{0,60}"
        rf"(?:{_INVALID}|{_EXPIRED}|not (?:appl|found|elig|activ|exist|allow|combin|start|for )"
        rf"|already"
        r"|redeem|used|no longer|inactive|eingel.st|exhausted|limit)"
        rf"|(?:invalid|expired|unknown|bad).{{0,6}}(?:coupon|voucher|promo|discount|gift)",
    ),
    server_rule(
        "There was not enough of a product in stock.",
        Example("Stock of SKU HS-30 is 2 below the 6 reserved pieces"),
        text=r"out.?of.?stock|sold.?out|(?:insufficient|not.?enough|negative).?(?:stock|inventory)"
        r"|\bstock\b.{0,60}(?:below|insuf|negative|reserved|exceed|not enough)|ausverkauft"
        r"|agotad[oa]\b.{0,20}(?:stock|art)|nicht (?:mehr )?(?:auf lager|vorr.tig|lieferbar)"
        r"|bestand.{0,30}(?:nicht|zu (?:klein|gering|niedrig)|fehl|unter)|rupture de stock"
        r"|sin (?:stock|existencias)|esaurit|non disponibil.{0,20}magazzin|brak .{0,60}magazyn"
        r"|brak (?:produktu|towaru)|niet op voorraad|onvoldoende voorraad|slut i lager"
        r"|\u5728\u5eab\u4e0d\u8db3|\u5e93\u5b58\u4e0d\u8db3|p. lager|fora de estoque|esgotad"
        r"|sem estoque|only \d{1,5} (?:left|available|in stock)"
        r"|inventory.{0,30}(?:insuf|not enough|short)",
    ),
    server_rule(
        "The current plan does not cover this.",
        Example("SeatQuotaExceededException: all seats are in use", "node"),
        text=r"(?<!driving )(?<!driver )\blicen[cs]e(?! ?plate).{0,60}(?:exceed|limit|in use"
        r"|used up|seats?\b"
        rf"|not (?:cover|include)|{_EXPIRED})|lizenz.{{0,60}}(?:ung.ltig|ersch.pft|{_EXPIRED})"
        r"|licen[cs]e ?(?:expired|limit|exceeded)|seat.{0,4}(?:quota|limit)|seats\b.{0,20}in use"
        r"|\b(?:subscription|plan|trial|tier)\b.{0,24}(?:expired|ended|lapsed|inactive"
        r"|does not (?:include|allow|cover)|upgrade)|subscription required"
        r"|upgrade (?:your|the) (?:plan|subscription)|trial ?expired|plan ?limit",
    ),
    server_rule(
        "The price or offer had changed.",
        Example("PriceChanged: cart price is old"),
        text=r"price ?(?:has |have )?(?:changed|mismatch|outdated|no longer)|(?:fare|quote|offer"
        r"|angebot"
        rf"|preis)\w{{0,2}}\b.{{0,40}}(?:has changed|no longer valid|{_EXPIRED})|quote ?expired"
        r"|offer ?expired|fare ?(?:changed|expired)|price.{0,30}(?:differs?|changed)",
    ),
    Rule(
        "{Us} had no exchange rate for a currency.",
        Example("panic: no rate for currency: JPY", "rust"),
        text=r"no (?:exchange )?rates? (?:found )?for (?:the )?(?:currency|[a-z]{3}\b)"
        r"|(?:exchange|currency|conversion|fx) ?rates?\b.{0,30}(?:not found|missing|not available"
        r"|unavailable)|(?:unknown|unsupported|invalid) currency"
        r"|kein\w{0,2} (?:wechsel|umrechnungs)kurs|taux de change.{0,30}(?:introuvable|manquant)"
        r"|sin tipo de cambio",
    ),
    server_rule(
        "The order was below the smallest amount we accept.",
        Example("MinimumOrderValueNotReached: 25.00"),
        text=r"min(?:imum)? ?(?:order|amount|basket|purchase).{0,30}(?:not ?(?:met|reached)|below"
        r"|low)"
        r"|(?:below|lower than|less than) the minimum|mindestbestell",
    ),
    server_rule(
        "The age check did not go through.",
        Example("AgeVerificationFailed: no"),
        text=r"\bage ?(?:verif|check|restrict)|under ?age\b|\bminimum age|(?:is|are) too young"
        r"|underage",
    ),
    server_rule(
        "The check of the customer's identity did not go through.",
        Example("KycError: no"),
        text=r"\bkyc|identity (?:check|document|verification|proof).{0,30}(?:fail|reject|not )"
        r"|identification failed"
        r"|video.?ident|post.?ident|document ?verification.{0,30}(?:fail|reject)",
    ),
    input_rule(
        "The bank account was not accepted.",
        Example("InvalidIBAN: DE12"),
        text=rf"\biban\b.{{0,40}}(?:{_INVALID}|check)|(?:invalid|bad|wrong) ?(?:iban|bic"
        rf"|bank account)"
        rf"|(?:account|routing) number.{{0,20}}{_INVALID}|sepa.{{0,20}}mandate.{{0,40}}"
        rf"(?:{_INVALID}|not|missing|revoked|{_EXPIRED})",
    ),
    input_rule(
        "The tax number was not accepted.",
        Example("TaxIdInvalid: wrong tax id"),
        text=rf"(?:\bvat.?(?:id|number)|\btax.?(?:id|number)|ust-?id\w{{0,4}}|steuernummer"
        rf"|codice fiscale"
        rf"|partita iva|\bnif\b|\bvies\b).{{0,40}}{_INVALID}|invalid.?(?:vat|tax).?(?:id|number)",
    ),
    server_rule(
        "We found no way to ship it to that place.",
        Example("ShippingRateError: no rates for this place"),
        text=r"no (?:shipping|delivery|carriers?)\b.{0,30}(?:for|avail|found)|shippingrate"
        r"|(?:does not|cannot) (?:ship|deliver) to|shipping (?:method|rate|option|zone)s?.{0,30}"
        r"(?:not|unavail)|undeliverable|not deliverable",
    ),
    server_rule(
        "The time that was chosen was already taken.",
        Example("AppointmentOverlap: busy"),
        text=r"(?:appointment|booking|slot|shift|reservation|event|termin).{0,20}(?:overlap"
        r"|.berschneid)"
        r"|overlapping (?:appointment|booking|shift|event)|double.?book|doppelbuch"
        r"|schedul\w{0,4} ?conflict",
    ),
    server_rule(
        "It was too late or too early for that step.",
        Example("BookingClosed: the booking deadline has passed"),
        text=r"(?:deadline|cut.?off|closing date|grace period|return period).{0,20}(?:passed"
        r"|is over)"
        rf"|too (?:late|early) (?:to|for) (?:book|cancel|order|chang|return|check|regist|apply"
        rf"|deliver)|\bfrist.{{0,20}}{_EXPIRED}|(?:booking|order|cancel\w{1, 6}|change"
        rf"|return)s? (?:is |are )?no longer (?:possible|allowed)"
        r"|closed for (?:booking|order|registr)|outside (?:of )?(?:the )?(?:opening|business|office"
        r"|service|delivery|working) hours|(?:shop|store|restaurant"
        r"|branch) is (?:currently )?closed"
        r"|nicht mehr m.glich|registration (?:is )?closed",
    ),
    server_rule(
        "The same thing was sent twice.",
        Example("DuplicateSubmission: form"),
        text=r"duplicate ?(?:submission|request|order|transaction|message|delivery)\b"
        r"|(?:already|bereits) ?(?:submitted|abgeschickt|gesendet)|idempotency",
    ),
    server_rule(
        "That feature is turned off.",
        Example("FeatureDisabled: no"),
        text=r"feature(?!s).{0,40}(?:disabled|not enabled|switched off|turned off)"
        r"|module is disabled",
    ),
    server_rule(
        "A condition for that step was not met.",
        Example("InsufficientYearsException: 2 years, minimum 5 for this", "node"),
        text=r"insufficient(?!resource|memory|priv|perm|auth|scope|disk)[a-z]{3,40}(?:exception"
        r"|error)"
        r"|not ?eligible|ineligible|does not qualify|(?:requirement|condition|precondition"
        r"|criteria)s? "
        r"?(?:are |is )?not ?(?:met|fulfilled|satisfied)",
        vague=True,
    ),
)
