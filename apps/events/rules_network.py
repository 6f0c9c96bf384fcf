"""Plain words for what does not get through: to other services, and from the customer to us."""

from apps.events.rule import CLIENT, ON_SERVER, Example, Rule, Side, Where, names
from apps.events.rules_payment import LATE

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
