"""Plain words for signing in and for what a customer may do."""

from apps.events.rule import ON_SERVER, Deed, Example, Rule, Side, Where, names

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
