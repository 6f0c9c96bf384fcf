"""The words of names that say what a value is, in the languages that names are written in."""

# Anywhere in the name, without its separators.
SECRET_PARTS = (
    "password", "passwd", "passphrase", "passcode", "passwort", "kennwort", "motdepasse",
    "contrasena", "contraseña", "wachtwoord", "apikey", "accesskey", "privatekey",
    "sharedaccess", "accountkey", "signingkey", "encryptionkey", "masterkey", "authkey",
    "licensekey", "subscriptionkey", "secretkey", "authorization", "credential", "sessionid",
    "sessid", "sessionkey", "csrf", "xsrf", "creditcard", "debitcard", "cardnumber", "cardno",
    "ccnumber", "accountnumber", "routingnumber", "securitycode", "socialsecurity", "taxid",
    "taxnumber", "steuerid", "driverslicen", "driverlicen", "driverslicense", "nationalid",
    "bankaccount", "kontonummer", "kreditkarte", "steuernummer", "steuernr", "vatid",
    "vatnumber", "ustid", "codeverifier", "oauthverifier", "securityanswer", "secretanswer",
    "storagekey", "sshkey", "hasło", "haslo", "heslo", "parola", "пароль", "密码", "密碼",
    "パスワード", "비밀번호", "lösenord", "losenord", "salasana", "passord", "adgangskode",
    "jelszo", "jelszó", "sifre", "şifre",
    "onetime", "verificationcode", "magiclink", "samlresponse", "recoverycode", "backupcode",
)  # fmt: skip
# As a word of the name.
SECRET_WORDS = frozenset((
    "token", "tokens", "cookie", "cookies", "session", "sessions", "jwt", "bearer", "signature",
    "sig", "pwd", "ssn", "sid", "otp", "totp", "cvv", "cvc", "cvv2", "cvc2", "csc", "iban",
    "passport", "creds", "cpf", "cnpj", "aadhaar", "nino", "bsn", "senha", "hmac",
))  # fmt: skip
# As the last word of the name.
SECRET_ENDS = frozenset(("auth", "pin", "pw", "pass", "salt", "clave"))
# As the whole name.
SECRET_NAMES = frozenset((
    "card", "pan", "cc", "ccnum", "mdp", "dni", "nie", "nif", "tan", "psk", "securecode", "sin",
    "bic", "swift", "sortcode", "passe", "rememberme", "swiftcode", "biccode",
))  # fmt: skip
# What makes a secret of a code: `sms_code`, `authCode`.
CODE_OF = frozenset((
    "mfa", "2fa", "sms", "pin", "auth", "activation", "security", "verification", "otp", "totp",
    "login", "access", "confirmation", "reset", "factor", "authorization", "recovery", "backup",
))  # fmt: skip
# What makes a secret of a key, written in any way: `stripe_key`.
KEY_OF = frozenset((
    "stripe", "openai", "anthropic", "ssh", "gpg", "pgp", "rsa", "tls", "ssl", "sendgrid",
    "twilio", "mailgun", "github", "gitlab", "aws", "azure", "algolia", "cloudflare", "datadog",
    "gemini", "mistral", "deepseek", "huggingface", "paypal", "adyen", "webhook", "deploy",
))  # fmt: skip
# What a name in capitals is of when it is no secret, as the environment would have it.
NO_KEY_OF = frozenset((
    "primary", "foreign", "cache", "sort", "public", "unique", "partition", "composite", "natural",
    "hash", "map", "group", "object", "dict", "lookup", "search", "row", "page", "field", "metric",
    "event", "feature", "issue", "project", "registry", "hot", "shortcut", "arrow", "translation",
    "message", "idempotency", "config", "setting", "settings", "redis", "job", "queue", "file",
    "duplicate", "dup", "invalid", "missing", "no", "unknown", "bad", "enter", "space", "tab",
    "esc", "escape", "ctrl", "shift", "alt", "any", "sentry", "index", "parent", "range", "state",
    "query", "react", "local", "prefix", "lock", "candidate", "surrogate", "order", "user",
    "not", "on", "data", "meta", "type", "id", "context", "item", "option", "menu", "theme",
))  # fmt: skip
NO_PASS = ("compass", "bypass", "surpass", "encompass", "trespass", "overpass", "underpass")

# What only speaks about a secret: `token_type`, `password_length`, `is_password_set`.
ABOUT_FIRST = frozenset((
    "is", "has", "had", "needs", "requires", "require", "can", "should", "show", "hide", "allow",
    "enable", "use", "num", "max", "min", "total", "count", "prompt", "completion",
))  # fmt: skip
ABOUT_LAST = frozenset((
    "count", "counts", "duration", "length", "len", "size", "type", "kind", "expires", "expiry",
    "expired", "expiration", "ttl", "enabled", "disabled", "required", "valid", "policy", "status",
    "age", "limit", "max", "min", "changed", "attempts", "strength", "timeout", "index", "error",
    "errors", "mode", "created", "updated", "at", "in", "on", "by", "name", "path", "domain",
    "samesite", "version", "algorithm", "alg", "scheme", "provider", "backend", "engine",
    "middleware", "serializer", "storage", "manager", "handler", "factory", "service", "class",
    "field", "format", "scope", "scopes", "issuer", "audience", "used", "usage", "budget",
    "remaining", "left", "start", "started", "ended", "end", "present", "exists", "missing",
    "match", "mismatch", "set", "verified", "label", "validator", "validators", "help", "endpoint",
    "generator", "view", "store", "sampled", "rate", "position", "line", "column", "brand",
    "reset", "network", "country",
))  # fmt: skip
ABOUT_PARTS = ("publickey", "publishable", "secretar")

PERSONAL_NAMES = {
    "mail": "email",
    **dict.fromkeys(("mobile", "tel", "msisdn", "whatsapp", "handy", "fax", "rufnummer"), "phone"),
    **dict.fromkeys(("mobilenumber", "mobileno", "faxnumber", "cellnumber", "telefon"), "phone"),
    **dict.fromkeys(("phonenumber", "phoneno", "telefonnummer", "handynummer"), "phone"),
    **dict.fromkeys(("ipaddress", "ipaddr", "remoteaddr", "clientaddr", "forwarded"), "ip"),
    **dict.fromkeys(("xforwardedfor", "forwardedfor", "ips"), "ip"),
    **dict.fromkeys(("macaddress", "macaddr", "hwaddr", "bssid"), "mac"),
    **dict.fromkeys(("firstname", "lastname", "surname", "fullname", "givenname"), "name"),
    **dict.fromkeys(("familyname", "middlename", "maidenname", "displayname", "nickname"), "name"),
    **dict.fromkeys(("cardholder", "cardholdername", "accountholder", "holdername"), "name"),
    **dict.fromkeys(("vorname", "nachname", "customername", "contactname", "realname"), "name"),
    **dict.fromkeys(("billingname", "shippingname", "recipientname", "legalname"), "name"),
    **dict.fromkeys(("mothersmaidenname", "mothermaidenname", "nom", "prenom", "prénom"), "name"),
    **dict.fromkeys(("nombre", "apellido", "apellidos", "sobrenome", "cognome"), "name"),
    **dict.fromkeys(("username", "login", "benutzername"), "user"),
    **dict.fromkeys(("email", "courriel", "emailaddress"), "email"),
    **dict.fromkeys(("address", "zip", "anschrift", "adresse", "direccion"), "address"),
    **dict.fromkeys(("homeaddr", "mailingaddress", "residentialaddress"), "address"),
    **dict.fromkeys(("birthdate", "dateofbirth", "dob", "birthday", "geburtsdatum"), "birthdate"),
    **dict.fromkeys(("street", "streetaddress", "addressline1", "addressline2"), "address"),
    **dict.fromkeys(("address1", "address2", "postaladdress", "homeaddress"), "address"),
    **dict.fromkeys(("billingaddress", "shippingaddress", "deliveryaddress"), "address"),
    **dict.fromkeys(("postcode", "zipcode", "postalcode", "plz", "strasse", "straße"), "address"),
}
PERSONAL_LAST = {"email": "email", "emails": "email", "phone": "phone", "ip": "ip"}
