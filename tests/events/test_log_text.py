"""Which logs state that something of the customer's was refused or failed."""

from tests.events.test_observations import handled, log, troubles

STATED = """
info payment declined by issuer: insufficient_funds
info [PaymentService] Payment declined: card_velocity_exceeded
warn Order #A-7781 rejected - insufficient stock
info SEPA payment failed: account closed
warn Login failed for user: bad credentials
info Account suspended, sign-in denied
warn OTP verification failed for user 1001: wrong code
info shipping address rejected: invalid postal code
info Transfer denied: user exceeded their daily limit
info Promo code rejected because it has expired
info voucher code WELCOME5 is no longer valid
warn file type .heic not supported, upload refused
warn upload rejected: malware found
info reset link expired
info document limit reached for plan free
info Access denied: subscription is past_due
info feature new-editor is disabled for this workspace
warn webhook signature verification failed for provider mollie
warn no webhook received for order 9 within 30 min
warn photo larger than 10 MB, not stored
error could not deliver receipt to customer: host unknown
error order could not be saved: duplicate key
error failed to send password reset email: timeout
"""
ORDINARY = """
info 3 payments: 1 declined, 2 captured
info payment declined: 0, refunded: 2
info card previously declined, now accepted
info invitation declined by user
info limit reached: false
info coupon AUTUMN no longer valid removed from campaign list
info file already exists at /tmp/x, not downloading
info sandbox: simulated payment declined
info self-test: upload rejected as expected
info document locked for editing by you
info plan: free, export feature locked in UI
info email not sent: user opted out
info Token expired, rotating signing key
info search query: file too large
info experiment: feature new-cart off in control group
info Flag checkout_v2 resolved to variant 'off' for user 1001
warn Rate limit reached, waiting 3 seconds
warn Buffer size limit reached, forcing flush
warn Access denied by provider openai
warn Payment not found for cancelled order
warn Payment shutdown grace period expired
warn Coupon API not ready yet
warn payment gateway timeout on attempt 1/3
warn redis: connection lost, reconnecting
warn WebSocket idle timeout, connection closed by server
warn An image with src hero.png has dimensions much larger than its rendered size
error Failed to send Slack notification: channel_not_found
error recommender failed, hiding section
error connect ECONNREFUSED 10.0.0.9:6379
error [@formatjs/intl] Error: Missing message: "order.rejected" for locale "fr"
error context canceled
"""


def test_only_what_a_log_states_about_the_customer_is_claimed() -> None:
    for texts, is_stated in ((STATED, True), (ORDINARY, False)):
        for line in texts.strip().splitlines():
            severity, message = line.split(" ", 1)
            for rows in ((), (handled(-9, "GET /page", 60),)):
                claims = [
                    one for one in troubles(log(-9, severity, message), *rows) if not one.is_note
                ]
                assert bool(claims) is is_stated, line


def test_a_statement_about_someone_else_or_a_repeated_request_claims_nothing() -> None:
    refused = log(-59.9, "info", "card declined by issuer")
    foreign = log(-9, "warn", "payment declined by issuer", names_customer=False)
    for rows in (
        (refused, handled(-60, "POST /pay", 900, 402), handled(-20, "POST /pay", 900)),
        (foreign, handled(-9, "GET /page", 60)),
    ):
        assert [one for one in troubles(*rows) if not one.is_note] == []
