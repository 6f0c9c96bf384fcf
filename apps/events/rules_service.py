"""Plain words for answers: what another service told our server, and our server the customer."""

from apps.events.rule import CLIENT, ON_SERVER, Example, Rule, Side, Where, names
from apps.events.rules_payment import LATE

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
