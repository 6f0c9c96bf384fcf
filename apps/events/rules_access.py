"""Plain words for signing in and for what a customer may do."""

from apps.events.rule import ON_SERVER, Deed, Example, Rule, Side, Where, names

ACCESS = (
    Rule(
        "The page was open too long, so its form was no longer taken.",
        Where.SERVER,
        Example("ActionController::InvalidAuthenticityToken: not verified", "ruby"),
        says=r"csrf|antiforgery|page expired",
        types=names("InvalidAuthenticityToken TokenMismatchException"),
        statuses=frozenset((419,)),
    ),
    Rule(
        "The sign-in had run out, so the customer must sign in again.",
        Where.SERVER,
        Example("TokenExpiredError: jwt expired", "node"),
        says=r"session.{0,20}(?:expired|timed out|not found|invalid)|(?:token|jwt).{0,20}expired"
        r"|expired.{0,20}(?:token|signature|session)|expiredsignature|expiredjwt",
    ),
    Rule(
        "The customer's account is locked or switched off.",
        Where.SERVER,
        Example("LockedException: User account is locked", "node"),
        says=r"(?:account|user).{0,12}(?:is |was )?(?:locked|disabled|suspended|banned|inactive)",
        types=names("LockedException DisabledException AccountLocked UserDisabled"),
    ),
    Rule(
        "Signing in through another service did not work.",
        Where.SERVICE,
        Example("OAuthException: state mismatch", "php"),
        says=r"state.?mismatch|oauth|openid|\boidc\b|\bsaml|\bsso\b|single sign"
        r"|invalidstateexception",
        types=names("AuthStateMissing AuthStateForbidden"),
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
        r"|invalid_grant|password.{0,12}(?:mismatch|incorrect|does not match)",
        deed=Deed.SIGNING_IN,
    ),
    Rule(
        "The sign-in was not accepted.",
        Where.SERVER,
        Example("AuthenticationFailed: no"),
        says=r"login failed(?! for)|(?<!password )authentication ?failed"
        r"|invalid[ _]token|(?<!fernet.)invalidtoken|jwt malformed|invalid signature",
        types=names("JsonWebTokenError InvalidJwtException InvalidTokenError AuthApiError"),
        deed=Deed.SIGNING_IN,
    ),
    Rule(
        "The customer was not signed in.",
        Where.SERVER,
        Example("NotAuthenticated: Authentication credentials were not provided."),
        says=r"unauthenticated|not (?:logged|signed) in|credentials were not provided"
        r"|login required",
        types=names(
            "NotAuthenticated Unauthorized UnauthorizedException UnauthorizedError"
            " AuthenticationException AuthenticationError InsufficientAuthenticationException"
        ),
    ),
    Rule(
        "The customer was not allowed to do that.",
        Where.SERVER,
        Example("Pundit::NotAuthorizedError: not allowed to show? this Page", "ruby"),
        says=r"permissiondenied:|not allowed to"
        r"|(?:action|access) (?:is )?(?:unauthorized|forbidden)"
        r"|do(?:es)? not have permission|\bforbidden\b",
        types=names(
            "PermissionDenied NotAuthorizedError AccessDenied AccessDeniedException Forbidden"
            " AuthorizationException ForbiddenException ForbiddenError AccessDeniedHttpException"
            " AuthorizationDeniedException NotPermittedError AccessDeniedError"
        ),
        sides=frozenset((Side.SERVER, Side.UNKNOWN)),
    ),
    Rule(
        "The check that a person and not a program is there did not pass.",
        Where.SERVER,
        Example("CaptchaError: captcha score too low", "node"),
        says=r"captcha|turnstile|bot detected",
    ),
    Rule(
        "Our server turned away a call that did not look safe.",
        Where.SERVER,
        Example("DisallowedHost: Invalid HTTP_HOST header: 'evil.example'"),
        says=r"invalid http_host|suspiciousoperation|\bwaf\b|unsafe redirect|blocked host",
        types=names("DisallowedHost SuspiciousFileOperation UnsafeRedirectError"),
        sides=ON_SERVER,
    ),
    Rule(
        "A notice from another service could not be proved to be real.",
        Where.SERVICE,
        Example("SignatureVerificationError: No signatures found", "node"),
        says=r"signature.{0,30}(?:verif|mismatch|no match|not match|invalid)"
        r"|invalid (?:hmac|webhook)",
    ),
)
