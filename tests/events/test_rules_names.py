"""Test that sentences read what happened, not what the program's code is called."""

from dataclasses import replace
from datetime import UTC, datetime

from apps.events.event import Event, EventBody, ExceptionInfo, Frame
from apps.events.rules.names import statement_of, without_names
from apps.events.summary import summarize

AT = datetime(2026, 11, 20, tzinfo=UTC)
CANNOT = "two of its parts do not fit together."
NO_NAME = "a part of it does not exist."
MISSING = "something was missing."
NO_PART = "A part of our server was missing when it was needed."
NO_DETAIL = "because a detail was missing."
UNKNOWN = "Something in "
NO_REASON = "failed at a step."
OFFLINE = "The customer's device was offline."

SENTENCES = (
    ("python", "AttributeError: module 'shop.pay' has no attribute 'card_declined'", CANNOT),
    ("python", "NameError: name 'insufficient_funds' is not defined", NO_NAME),
    ("python", "ImportError: cannot import name 'SoldOut' from 'shop.stock' (/srv/s.py)", NO_PART),
    ("python", "KeyError: 'coupon_expired'", NO_DETAIL),
    ("python", "KeyError: 402", NO_DETAIL),
    ("python", "FileNotFoundError: [Errno 2] No such file: 'mail/payment_declined.html'", "A file"),
    ("python", 'UndefinedColumn: column "card_declined" does not exist', "Our data store is not"),
    ("python", "TemplateDoesNotExist: mail/password_expired.html", "could not put the page"),
    ("python", "ImproperlyConfigured: The MAIL_PASSWORD setting must not be empty.", "A setting"),
    ("python", "ValueError: unknown event type 'card.declined'", "a value that it cannot use."),
    (
        "python",
        "RuntimeError: handler for 'payment_declined' is not registered",
        NO_REASON,
    ),
    ("python", "RuntimeError: if the card is declined, call retry()", NO_REASON),
    ("python", "RuntimeError: the coupon may have expired", NO_REASON),
    ("python", "RuntimeError: the card was not declined", NO_REASON),
    ("python", 'Exception: {"declined": false, "id": 4}', UNKNOWN),
    ("python", "Exception: option --out-of-stock needs a value", UNKNOWN),
    ("python", "Exception: payment declined e-mail is not translated", UNKNOWN),
    ("php", "PDOException: SQLSTATE[HY000]: odd (SQL: update payments set declined = 1)", "store"),
    (
        "javascript",
        "TypeError: Cannot read properties of null (reading 'passwordTooWeak')",
        MISSING,
    ),
    ("javascript", "TypeError: this.isOutOfStock is not a function", CANNOT),
    (
        "javascript",
        "ChunkLoadError: Loading chunk card-declined failed (timeout: https://a.example/soldOut.js)",
        "A part of the page could not be loaded.",
    ),
    ("ruby", "NoMethodError: undefined method `out_of_stock?' for nil:NilClass", MISSING),
    ("ruby", "ActionController::RoutingError: No route matches [GET] '/card/declined'", "The page"),
    ("php", 'Error: Class "App\\Cart\\SoldOut" not found', NO_PART),
    ("php", 'ErrorException: Undefined array key "card_declined"', NO_DETAIL),
    ("java", 'NullPointerException: Cannot invoke "Card.isDeclined()" as "card" is null', MISSING),
    ("java", "ClassNotFoundException: com.shop.errors.OutOfStockException", NO_PART),
    ("csharp", "KeyNotFoundException: The given key 'sold_out' was not present", NO_DETAIL),
    ("go", "runtime.plainError: assignment to entry in nil map soldOut", MISSING),
    ("cocoa", "Fatal error: Unexpectedly found nil: PaymentDeclinedView.swift, line 12", MISSING),
    ("dart", "NoSuchMethodError: The getter 'couponExpired' was called on null.", MISSING),
    ("elixir", "KeyError: key :insufficient_funds not found in: %{amount: 3}", NO_DETAIL),
    ("other", "Cron failure: sold-out-report", "A scheduled job failed."),
    ("python", "ValueError: bad value in declined_payments for cardDeclined", "cannot use."),
    ("python", "ValueError: unsupported format character in 'card declined: %d'", "cannot use."),
    ("python", "ValueError: unknown status: out_of_stock", "a value that it cannot use."),
    ("python", "LookupError: unknown encoding: coupon-expired", UNKNOWN),
    ("node", "Error: 11 cardDeclined listeners added [data-test=card-declined]", UNKNOWN),
    ("node", "Error: Route.post() requires a callback (rateLimitExceeded)", UNKNOWN),
    ("rust", "panic: not yet implemented: card_declined", "not built yet."),
    # Words that say what happened.
    ("python", "PaymentError: 3D Secure authentication failed", "to confirm the payment"),
    ("php", "Exception: PayPal declined it", "The payment was declined."),
    ("node", "Error: The payment failed (insufficient_funds)", "There was not enough money"),
    ("python", "KeyError: 'x' while the payment was declined", "The payment was declined."),
    (
        "node",
        "Error: insufficient_funds",
        "There was not enough money on the card or in the account.",
    ),
    ("node", "Error: failed, code 'card_declined'", "The payment was declined."),
    ("node", 'Error: {"code":"card_declined"}', "The payment was declined."),
    (
        "rust",
        'panic: `unwrap()` on an `Err` value: "card was declined"',
        "The payment was declined.",
    ),
    # Numbers of Apple's network errors, next to their domain or elsewhere.
    ("cocoa", "NSURLErrorDomain: no (Code: -1009)", OFFLINE),
    ("cocoa", 'Error Domain=NSURLErrorDomain Code=-1005 "no"', "lost along the way."),
    ("javascript", "Error: No price for SKU-1009", UNKNOWN),
    ("cocoa", "Error: Order SO-1001", UNKNOWN),
    ("python", "MigrationError: leaf nodes (0004_coupon_expired, 0004_card_declined)", UNKNOWN),
    ("python", "HealthCheckFailed: payment gateway is up", UNKNOWN),
    ("python", "ValueError: the first has length 3; 2 is required", "a value that it cannot"),
    ("node", 'ValidationError: "MAIL_URL" is not allowed to be empty', "What was entered was not"),
    # Settings and states that contain a word for a failure.
    ("python", "Exception: comic deserialization failure", "could not read"),
    ("php", "Exception: the driver cannot drop foreign keys", UNKNOWN),
    ("php", "Exception: no rate limiter is bound", UNKNOWN),
    ("csharp", "ArgumentException: the path is not valid", "a value that it cannot use."),
    ("python", "Exception: maxSessionTimeout set to 90", UNKNOWN),
    ("python", "Exception: acquire lock=1, flags=2", UNKNOWN),
    ("python", "Exception: memory limit: 512 MB", UNKNOWN),
    ("cocoa", "Exception: Bluetooth controller is started", UNKNOWN),
    ("cocoa", "Exception: notifyBestAppChanged", UNKNOWN),
    ("python", "KeyError: 'immutable'", NO_DETAIL),
    # Causes that the line does not name: a connection, a browser, an entry of the customer.
    ("python", "TimeoutError: the job was not ready, timed out", "Something took too long"),
    ("python", "TimeoutError: timed out", "Another service did not answer our server in time."),
    ("javascript", "Error: timed out waiting for a worker", "Something took too long"),
    ("javascript", "Error: [cart] Failed to fetch created cart", UNKNOWN),
    ("node", "TypeError: path argument is required", NO_REASON),
    ("node", "Error: MAIL_TOKEN is required", UNKNOWN),
    (
        "python",
        "ImproperlyConfigured: MAIL_URL must start with https",
        "A setting of our server is",
    ),
    # Numbers that are no status of a call.
    ("python", "Exception: Parcel (404) is late", UNKNOWN),
    ("python", "Exception: Promo code 402", UNKNOWN),
    ("python", "Exception: unknown size: 500", UNKNOWN),
    # Other words with two meanings.
    ("cocoa", "N+1 API Call", "The app was slow because it asked for things one by one."),
    ("cocoa", "Consecutive HTTP", "The app was slow"),
    ("python", "N+1 Query", "Our server was slow because it asked its data store for things"),
    ("dart", "Error: ResizeObserver loop limit exceeded", "The app drew its screen in two steps"),
    ("node", "Error: EMFILE: too many open files", "Our server had too many files open at once."),
    ("cocoa", "Error: EMFILE: too many open files", "The app had too many files open at once."),
    ("java", "BindException: Address already in use", "Our server could not start"),
    ("python", "InternalServerError: 500 Internal Server Error: encountered it", "gave no reason."),
    ("node", "Error: Unhandled promise rejection: undefined", "A step in our server failed"),
    ("node", "ApplicationNotResponding: Application Not Responding", "Our server froze"),
    ("python", "RuntimeError: the watchdog barks", NO_REASON),
    ("android", "TimeoutException: a.B.finalize() timed out after 10 seconds", "The phone's own"),
    (
        "javascript",
        "Public key pinning validation failed for 'a.example'",
        "our server was the real",
    ),
    ("python", "SSLError: certificate validation failed", "the real one."),
    ("python", "OperationalError: SSL connection has been closed unexpectedly", "reached."),
    # Cards, amounts, and refunds that something else is only named after.
    ("python", "Exception: Your gift card has expired", "A coupon or discount"),
    ("python", "Exception: ID card expired, upload a new one", UNKNOWN),
    ("python", "CardError: Your card has expired", "The customer's card has expired."),
    ("python", "Exception: The security code you entered is incorrect", UNKNOWN),
    ("python", "Exception: Token expiration date is invalid", UNKNOWN),
    ("python", "Exception: Invalid cache expiry", UNKNOWN),
    ("python", "Exception: Invalid card expiry", "The card details were not right."),
    ("python", "Exception: User declined to save card", UNKNOWN),
    ("python", "Exception: Callback URL mismatch", UNKNOWN),
    (
        "python",
        "Exception: Paid amount does not match the invoice",
        "did not match the amount due.",
    ),
    ("python", "Exception: Screenshot already captured", UNKNOWN),
    ("python", "Exception: Refund not needed for order 5", UNKNOWN),
    ("python", "Exception: Refund succeeded but receipt could not be sent", UNKNOWN),
    ("python", "Exception: Refund re_1 was rejected", "The customer's refund could not be made."),
    ("javascript", "IntegrationError: Slack integration returned no channels", UNKNOWN),
    # Sign-ins, tokens, and signatures of something other than the customer.
    ("node", "Error: Checkout session expired", UNKNOWN),
    ("node", "Error: Download token expired", UNKNOWN),
    (
        "java",
        "io.grpc.StatusRuntimeException: UNAUTHENTICATED: Token expired for service account ci",
        UNKNOWN,
    ),
    ("node", "Error: Session expired", "The sign-in had expired"),
    ("python", "Exception: Order state mismatch", UNKNOWN),
    ("php", "App\\InvalidStateException: Order 5 is in state shipped", UNKNOWN),
    ("php", "OAuthException: state mismatch", "The customer could not sign in"),
    ("python", "Exception: Invalid username: must be 3 characters", UNKNOWN),
    ("python", "Exception: Invalid credentials for the parcel API", UNKNOWN),
    (
        "python",
        "Exception: Invalid username or password",
        "The name or password for signing in was wrong.",
    ),
    ("python", "Exception: Invalid token at line 3", UNKNOWN),
    ("python", "Exception: Authentication failed with the carrier", UNKNOWN),
    ("python", "Exception: Authentication failed", "The sign-in was not accepted."),
    (
        "go",
        "*status.Error: rpc error: code = Unauthenticated desc = transport: no credentials",
        UNKNOWN,
    ),
    ("python", "Exception: Invalid webhook URL", UNKNOWN),
    ("python", "Exception: Signature of the contract is invalid", UNKNOWN),
    ("python", "Exception: Invalid HMAC of the webhook", "We could not confirm that a notice"),
    ("python", "Exception: Customer blocked by fraud check", UNKNOWN),
    ("python", "Exception: Customer is blocked", "The customer's account is locked"),
    # Stock, plans, checks, and dates that something else is only named after.
    ("python", "Exception: Promotion service failed to start", UNKNOWN),
    ("python", "Exception: Gift card export failed", UNKNOWN),
    ("python", "Exception: Gift card is invalid", "A coupon or discount was not accepted."),
    ("python", "Exception: Stock reserved for order 5", UNKNOWN),
    (
        "python",
        "Exception: Requested quantity exceeds stock",
        "There was not enough of a product in stock.",
    ),
    ("python", "Exception: Tempo esaurito durante la richiesta", UNKNOWN),
    ("python", "Exception: Tempo limite esgotado", UNKNOWN),
    ("python", "Exception: Produto esgotado", "There was not enough of a product in stock."),
    ("python", "Exception: Varen er på lager, men kan ikke sendes", UNKNOWN),
    ("python", "Exception: Varen er ikke på lager", "There was not enough of a product in stock."),
    ("python", "Exception: Bestand konnte nicht geladen werden", UNKNOWN),
    ("python", "Exception: Bestand reicht nicht", "There was not enough of a product in stock."),
    ("python", "Exception: Change feed subscription expired", UNKNOWN),
    ("python", "Exception: Your subscription expired", "The current plan does not cover this."),
    ("python", "Exception: Password length is below the minimum", UNKNOWN),
    (
        "python",
        "Exception: Order total is below the minimum",
        "The order was below the smallest amount",
    ),
    ("python", "Exception: VAT number check failed: VIES unavailable", UNKNOWN),
    ("python", "Exception: Cannot deliver to queue mails", UNKNOWN),
    ("python", "Exception: Verbindung nicht mehr möglich", UNKNOWN),
    (
        "python",
        "Exception: Stornierung ist nicht mehr möglich",
        "It was too late or too early for that step.",
    ),
    ("python", "Exception: Idempotency key is missing", "Something that was needed was not there."),
    ("python", "Exception: Identity check: KYC pending", UNKNOWN),
    ("python", "Exception: Age check skipped", UNKNOWN),
    # Codes, methods, and times that are not files, calls, or bookings.
    ("python", "Exception: Bad ZIP code 99999", UNKNOWN),
    ("python", "Exception: BadZipFile: File is not a zip file", "The file could not be read"),
    (
        "java",
        "ConnectionClosedException: Premature end of Content-Length delimited message body",
        "lost its link",
    ),
    ("python", "OSError: premature end of JPEG file", "The file could not be read"),
    ("python", "Exception: Could not parse response in time", UNKNOWN),
    (
        "python",
        "Exception: Could not parse delivery time",
        "A date or time could not be understood.",
    ),
    ("python", "Exception: API version v1 is no longer available", UNKNOWN),
    ("python", "Exception: Seat 14 is not available", "It had just been taken"),
    ("python", "Exception: Seat map service is not available", UNKNOWN),
    ("python", "Exception: Failed to compute delivery zone", UNKNOWN),
    (
        "python",
        "Exception: The address is outside the delivery area",
        "The address was not accepted.",
    ),
    ("python", "Exception: Migration validation failed", UNKNOWN),
    (
        "python",
        "Exception: Payment method is not supported",
        "failed at a step because it is not supported.",
    ),
    (
        "php",
        "Exception: The POST method is not supported for route orders",
        "does not accept that kind of call",
    ),
    ("python", "Exception: Auction already closed", UNKNOWN),
    (
        "python",
        "Exception: Connection is already closed",
        "used something that was already closed.",
    ),
    # What a server refused, and what an app did, is not what a device forbids.
    (
        "android",
        "DioException: You are not authorized to view this order",
        "Our server did not allow",
    ),
    ("android", "Exception: Permission denied: role editor required", UNKNOWN),
    ("android", "SecurityException: Permission Denial: reading contacts", "one of its features."),
    (
        "android",
        "RemoteServiceException: Context.startForegroundService() did not call startForeground()",
        UNKNOWN,
    ),
    (
        "android",
        "ForegroundServiceStartNotAllowedException: no",
        "The device did not let the app work",
    ),
    (
        "android",
        "CursorWindowAllocationException: Cursor window allocation of 2048 kb failed",
        UNKNOWN,
    ),
    ("android", "Exception: Failed to write to AsyncStorage", UNKNOWN),
    ("android", "Exception: Failed to read from AsyncStorage", "The app could not restore"),
    ("javascript", "GeolocationPositionError: Timeout expired", "Something took too long"),
    ("cocoa", "kCLErrorDomain: Code=0 (kCLErrorDomain error 0.)", UNKNOWN),
    (
        "cocoa",
        "kCLErrorDomain: Code=1 (kCLErrorDomain error 1.)",
        "The customer's location was not shared.",
    ),
    # Limits, refusals, and names that are not what the words say elsewhere.
    (
        "node",
        "Error: ENOSPC: System limit for number of file watchers reached",
        "It went over a set limit.",
    ),
    (
        "node",
        "Error: ENOSPC: no space left on device, write",
        "Our server ran out of storage space.",
    ),
    ("java", "ListenerExecutionFailedException: Listener of RabbitMQ threw exception", UNKNOWN),
    ("java", "KafkaException: Send failed", "Our server could not pass the work on"),
    ("node", "GraphQLError: Field size is not defined by type CartInput", UNKNOWN),
    ("python", "Exception: Płatność została odrzucona", UNKNOWN),
    ("python", "Exception: Zamówienie odrzucone przez dostawcę", "Another service did not accept"),
    ("python", "Exception: Antrag abgelehnt durch den Prüfer", UNKNOWN),
    ("python", "Exception: Auftrag abgelehnt vom Lieferanten", "Another service did not accept"),
    # Denials, and values that could not be read or were expected.
    ("python", "Exception: Die Zahlung wurde nicht abgelehnt", UNKNOWN),
    ("python", "Exception: Die Zahlung wurde abgelehnt", "The payment was declined."),
    ("python", "Exception: Le paiement n'a pas été refusé", UNKNOWN),
    ("python", "Exception: El pago no fue rechazado", UNKNOWN),
    ("python", "Exception: No payment was declined in this run", UNKNOWN),
    ("python", "Exception: No answer: the payment was declined", "The payment was declined."),
    (
        "python",
        "ValueError: invalid literal for int() with base 10: 'out of stock'",
        "should be a number was not one.",
    ),
    ("python", "Exception: expected 'payment declined' but got 'paid'", UNKNOWN),
    ("python", "Exception: Konto ist nicht gesperrt", UNKNOWN),
    ("python", "Exception: Konto ist gesperrt", "The customer's account is locked"),
    # Other services' refusals, and words that stand next to something else.
    (
        "python",
        "google.api_core.exceptions.Forbidden: 403 GET https://a.example/x: Access Denied",
        "Another service did not",
    ),
    ("python", "Forbidden: You may not see this page", "The customer was not allowed to do that."),
    ("python", "PermissionDenied", "The customer was not allowed to do that."),
    ("python", "PermissionError: You may not edit this booking", UNKNOWN),
    (
        "python",
        "PermissionError: [Errno 13] Permission denied: '/srv/out'",
        "one of its own files.",
    ),
    (
        "csharp",
        "UnauthorizedAccessException: Access to the path '/srv/out' is denied.",
        "one of its own files.",
    ),
    ("csharp", "UnauthorizedAccessException: Orders of others are hidden", UNKNOWN),
    ("python", "Exception: Gift certificate is invalid", UNKNOWN),
    ("python", "Exception: The server certificate is invalid", "the real one."),
    ("python", "Exception: Address lookup service returned an invalid response", UNKNOWN),
    ("python", "Exception: Invalid address family", UNKNOWN),
    ("python", "Exception: The address is invalid", "The address was not accepted."),
    ("python", "Exception: User agent blocked", UNKNOWN),
    (
        "python",
        "Exception: Redis key missing for user 5",
        "Something that was needed was not there.",
    ),
    ("python", "Exception: PDF could not be uploaded", UNKNOWN),
    ("python", "Exception: PDF could not be created", "could not make a document"),
    ("python", "Exception: The booking deadline has not passed yet", UNKNOWN),
    ("android", "Exception: Order not attached to a driver", UNKNOWN),
    ("cocoa", "Exception: Photo library is empty", UNKNOWN),
    ("cocoa", "Exception: Update required fields first", UNKNOWN),
    # A program's own storage, blocked scripts, callers, and what went well.
    ("javascript", "Error: Cannot open database: the file is corrupted", UNKNOWN),
    (
        "csharp",
        "SqlException: Cannot open database 'shop' requested by the login",
        "Our data store could not be reached.",
    ),
    (
        "javascript",
        "Error: Failed to load gtm.js: net::ERR_BLOCKED_BY_CLIENT",
        "could not load or show some data.",
    ),
    ("javascript", "Error: net::ERR_FAILED", "browser could not reach our server."),
    (
        "javascript",
        "ReferenceError: Can't find variable: __gCrWeb",
        "The app that the page was opened in",
    ),
    (
        "java",
        "org.springframework.web.client.HttpClientErrorException$Unauthorized: 401",
        "Another service",
    ),
    ("python", "Unauthorized: no", "The customer was not signed in."),
    (
        "csharp",
        "SmtpException: Mailbox unavailable. The answer was: 5.7.1 Unable to relay",
        "An email could not be sent.",
    ),
    ("php", "ErrorException: failed to open stream: Permission denied", "one of its own files."),
    (
        "php",
        "ErrorException: failed to open stream: No such file or directory",
        "A file that our server needs",
    ),
    (
        "go",
        "*errors.errorString: http: TLS handshake error from 10.0.0.4:53222: EOF",
        "The connection closed before",
    ),
    ("go", "*errors.errorString: remote error: tls: handshake failure", "the real one."),
    ("python", "Exception: Gutschein erfolgreich eingelöst, E-Mail fehlgeschlagen", UNKNOWN),
    ("python", "Exception: Liveness check of payment-api failed", UNKNOWN),
    ("python", "Exception: Payment failed in payment-api", "The payment did not go through."),
    ("python", "Exception: Circuit breaker closed again", UNKNOWN),
    ("python", "Exception: Webhook signature verified", UNKNOWN),
    # Codes, mails, and locks that are not what the line's words say elsewhere.
    (
        "android",
        "FirebaseAuthInvalidCredentialsException: The sms verification code is invalid.",
        UNKNOWN,
    ),
    (
        "java",
        "MailAuthenticationException: Authentication failed; nested exception is 535",
        "An email could not be sent.",
    ),
    (
        "python",
        "S3UploadFailedError: Failed to upload a.pdf: An error occurred (NoSuchBucket)",
        "A file could not be sent.",
    ),
    ("python", "Exception: Deadlock avoided by ordering locks", UNKNOWN),
    ("python", "Exception: Recovered from deadlock after 1 retry", UNKNOWN),
    (
        "python",
        "Exception: Deadlock found when trying to get lock",
        "Two changes in our data store",
    ),
    # Services, settings, and upgrades that are only named.
    ("python", "Exception: Insufficient credits for the translation API", UNKNOWN),
    ("python", "Exception: Rate limit config reloaded", UNKNOWN),
    ("python", "Exception: Rate limit reached", "called it too often."),
    ("python", "Exception: Plan upgrade failed", UNKNOWN),
    ("python", "Exception: The plan needs an upgrade", "The current plan does not cover this."),
    ("python", "Exception: IBAN check service timed out", "Another service did not answer"),
    ("python", "Exception: The IBAN is invalid", "The bank account was not accepted."),
    ("python", "Exception: Identity document not uploaded yet", UNKNOWN),
    ("python", "Exception: MFA reset failed", UNKNOWN),
    ("python", "Exception: SSO certificate expires in 5 days", UNKNOWN),
    ("python", "Exception: Forbidden word in comment", UNKNOWN),
    ("python", "Exception: The amount of features differs", UNKNOWN),
    ("python", "Exception: Duplicate order of columns", UNKNOWN),
    ("python", "Exception: Duplicate order 17", "The same thing was sent twice."),
    ("node", "Error: Session recording not found", "Something that was needed was not there."),
    ("node", "Error: Invalid signature for method", UNKNOWN),
    ("cocoa", "NSError: Not authorized to send Apple events", "one of its features."),
    ("cocoa", "NSError: Location permission granted", UNKNOWN),
    # Alerts on a page, badges, and statements that were called off.
    ("javascript", "Error: Your browser does not support push notifications", UNKNOWN),
    ("node", "Error: Push notification failed", "An alert could not be sent"),
    ("javascript", "Error: [Cart] discount badge failed to render", UNKNOWN),
    ("java", "PSQLException: ERROR: canceling statement due to user request", UNKNOWN),
    (
        "python",
        "QueryCanceled: canceling statement due to statement timeout",
        "took too long to answer.",
    ),
    ("python", "Exception: Connection pool is full, discarding connection: a.example", UNKNOWN),
    ("python", "Exception: Connection pool exhausted", "Our data store was too busy to answer."),
)


def test_names_are_not_read_as_what_happened() -> None:
    wrong = []
    for platform, title, expected in SENTENCES:
        kind, _, value = title.partition(": ")
        raised = (ExceptionInfo(kind, value),) if " " not in kind else ()
        body = EventBody(exceptions=raised)
        sentence = summarize(Event("a" * 32, AT, title=title, platform=platform, body=body))
        if expected not in sentence.replace("Something on ", UNKNOWN):
            wrong.append(f"{title} -> {sentence}")
    assert not wrong, "\n".join(wrong)


MADE = """
Payment failed
Payment status: failed
Unable to take payment
Error creating order
Order 17 could not be completed
Failed to finalize booking
Failed to email invoice
Failed to process refund
No se pudo crear el pedido
Bestellung konnte nicht angelegt werden
Failed to retry payment
Failed to render invoice PDF
"""
# What failed is not the payment, the order, and so on, but something about it.
ONLY_ABOUT_IT = """
Failed to load payment methods
Failed to fetch price
Could not load order 4711
Payment history could not be displayed
Failed to update payment method
Failed to apply coupon to order
Failed to send order confirmation
Failed to cancel booking
Booking reminder email failed
Order cancellation failed
Export of orders failed
Payment service health check failed
Bestellung konnte nicht geladen werden
Impossible de charger les commandes
Failed to fetch CSRF token
KYC documents list failed to load
SMTP settings could not be saved
Redis settings page failed
Two-factor settings failed to load
Failed to load password policy
PDF upload rejected
Customer record locked by another transaction
Admin user is locked
ERP token expired
MAC address invalid
Could not load declined cards: x.map is not a function
"""
OPERATIONS = (
    *("The payment", "The order", "The booking", "An invoice", "refund", "A price", "The form"),
    *("identity", "An email", "memory", "extra code", "password", "a document"),
    *("account", "sign-in", "The address"),
)


def test_what_is_only_about_a_thing_is_not_a_failure_of_it() -> None:
    for lines, is_claimed in ((MADE, True), (ONLY_ABOUT_IT, False)):
        for line in lines.strip().splitlines():
            body = EventBody(exceptions=(ExceptionInfo("Error", line),))
            sentence = summarize(Event("a" * 32, AT, platform="node", body=body))
            assert any(one in sentence for one in OPERATIONS) is is_claimed, (line, sentence)


def test_note_needs_a_word_for_a_failure() -> None:
    noted = Event("a" * 32, AT, title="Kafka consumer of payments is up", platform="python")
    assert summarize(replace(noted, level="info")) == "Our server only logged a note."
    failed = replace(noted, title="The payment was declined", level="info")
    assert summarize(failed) == "The payment was declined."


def test_file_of_our_own_is_not_read_as_what_happened() -> None:
    frames = (Frame(file="shop/captcha.py", function="check", in_app=True),)
    raised = ExceptionInfo("LookupError", "no", frames=frames)
    event = Event("a" * 32, AT, platform="python", body=EventBody(exceptions=(raised,)))
    assert summarize(event) == "Something on our server failed."


def test_ordinary_text_is_not_shortened() -> None:
    text = "Your card was declined: the users' bank can't confirm it, and it's the 2nd time."
    assert statement_of(text) == without_names(text) == text
