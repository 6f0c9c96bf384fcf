"""Plain words for what our server works with: mail, messages, its search, its stores of files."""

from apps.events.rule import ON_SERVER, Example, Rule, Where, names

PARTS = (
    Rule(
        "An email could not be sent because the address was not accepted.",
        Where.SERVICE,
        Example("SMTPRecipientsRefused: {'a@example.org': (550, b'5.1.1 User unknown')}"),
        says=r"recipient.{0,20}(?:refused|rejected|address)|\b5\.1\.[0-9]\b"
        r"|mailbox (?:not|unavail)|addr-spec|rfc ?compliance|invalid addresses|no recipients",
        types=names("SMTPRecipientsRefused SMTPAddressFailedException"),
    ),
    Rule(
        "An email could not be sent.",
        Where.SERVICE,
        Example("Net::SMTPAuthenticationError: 535 refused", "ruby"),
        files=r"nodemailer|smtplib|phpmailer|swiftmailer|net/smtp|smtp-connection",
        says=r"\bsmtp|invalid login: 5\d\d|\b535[ -]5|smtp(?:auth|server|sender|data|exception)"
        r"|mail command failed|greeting never received|\b421 4\.|swoosh|lettre::|mailer|sendgrid"
        r"|mailgun|postmark"
        r"|(?:could not|failed to|unable to|error) (?:send|deliver).{0,24}mail"
        r"|symfony.component.mailer"
        r"|wys.a. wiadomo.ci e-?mail|e-?mail.{0,40}nicht (?:gesendet|versendet)|nicht.{0,20}e-?mail"
        r"|posta elettronica|e-?mail.{0,20}(?:non inviat|niet verzonden|kon niet)"
        r"|envoi.{0,20}mail.{0,20}chou"
        r"|envoyer.{0,12}e-?mail|enviar.{0,12}(?:correo|e-?mail)",
        types=names("MailSendException MessagingException SendFailedException"),
    ),
    Rule(
        "Our server could not read its inbox.",
        Where.SERVICE,
        Example("IMAP4.abort: socket EOF"),
        says=r"\bimap|\bpop3",
        sides=ON_SERVER,
    ),
    Rule(
        "The phone number was not accepted.",
        Where.SERVER,
        Example("RestException: The 'To' number is not a valid phone number.", "node"),
        says=r"not a valid (?:phone|mobile)|(?:phone|mobile)[ _]?number.{0,20}(?:invalid|not valid)"
        r"|invalid.{0,6}(?:phone|mobile)|numberparseexception",
    ),
    Rule(
        "A text message could not be sent to the customer's phone.",
        Where.SERVICE,
        Example("TwilioRestException: HTTP 400 error: Unable to create record"),
        says=r"twilio|vonage|\bsms\b.{0,40}(?:fail|error|not )|(?:send|deliver).{0,12}\bsms\b",
    ),
    Rule(
        "An alert could not be sent to the customer's device.",
        Where.SERVICE,
        Example("FirebaseMessagingError: Requested entity was not found.", "node"),
        says=r"\bapns\b|\bfcm\b|firebase.?messag|web.?push"
        r"|push.{0,4}(?:token|subscript|notification|nachricht|benachricht|melding|bericht)"
        r"|notifica\w{0,8} push|notregistered.{0,40}token|registration-token"
        r"|unregistered.{0,20}token"
        r"|device ?token",
        types=names("UnregisteredError InvalidRegistration"),
    ),
    Rule(
        "Our server could not check which features are turned on.",
        Where.SERVICE,
        Example("ClientNotInitialized: LaunchDarkly client has not been initialized"),
        says=r"launchdarkly|\bunleash|feature.?flags?\b|flagsmith|configcat|optimizely",
        sides=ON_SERVER,
    ),
    Rule(
        "Our server could not make a document or a picture.",
        Where.SERVER,
        Example("TimeoutError: Navigation timeout of 30000 ms exceeded", "node"),
        says=r"puppeteer|wkhtmltopdf|weasyprint|navigation timeout|dompdf|tcpdf|jasperreports"
        r"|\bjrexception|itextpdf|ghostscript"
        r"|libreoffice"
        r"|protocol error \((?:page|runtime|target|network|dom|io)\.|launch the browser"
        r"|page\.printtopdf|(?<!\.)\bpdf\b.{0,40}(?:fail|error"
        r"|could not|nicht)|(?:fail|error|could not|erreur|impossible|.chec).{0,40}(?<!\.)\bpdf\b",
        files=r"puppeteer|playwright|weasyprint|dompdf|reportlab|pdfkit",
        sides=ON_SERVER,
    ),
    Rule(
        "Our server could not pass the work on to another part of itself.",
        Where.SERVER,
        Example("KafkaException: Send failed", "java"),
        says=r"kafka|recordtoolarge|max\.request\.size|celery.exceptions.notregistered|rabbit.?mq"
        r"|amqp|\bsqs\b|kombu|nats:"
        r"|servicebus|\bbunny::"
        r"|present in metadata|message broker"
        r"|econnrefused.{0,40}:(?:9092|5672)\b",
        calls=r"org\.apache\.kafka|aiokafka|\bpika\.|kombu\.(?:connection|transport)|rabbitmq\.client",
    ),
    Rule(
        "Our search service could not do what it was asked.",
        Where.SERVER,
        Example("ConnectionError: elasticsearch at 10.0.0.2 refused"),
        says=r"elastic.{0,2}(?:search|transport)|opensearch|\bsolr|algolia|meilisearch|typesense"
        r"|newconnectionerror.{0,200}:9200|://search\.",
        calls=r"elastic|opensearch",
        types=names("SearchPhaseExecutionException"),
    ),
    Rule(
        "Two tasks on our server tried to change the same thing at once.",
        Where.SERVER,
        Example("LockNotOwnedError: Cannot release a lock that's no longer owned"),
        says=r"locknotowned|lock.{0,20}(?:no longer owned|has expired)|redlock|lockerror"
        r"|(?:acquire|obtain|get) (?:a |the )?(?:distributed )?lock",
    ),
    Rule(
        "Our server's short-term memory did not work.",
        Where.SERVER,
        Example("Redis::CannotConnectError: refused", "ruby"),
        says=r"\bredis(?!t|: nil)|memcache|:(?:6379|11211)\b|jedis|maxretriesperrequest|io\.lettuce"
        r"|\bdalli\b|oom command not allowed|\bnoauth auth|\bwrongpass\b|\bmisconf\b",
        calls=r"redis\.exceptions|^memcache|pymemcache",
    ),
    Rule(
        "Our file store did not let our server in.",
        Where.SERVER,
        Example("AccessDenied: not authorized to perform: s3:PutObject", "node"),
        says=r"not authorized to perform: s3|\bs3\b.{0,80}(?:access ?denied|forbidden|signature)"
        r"|accessdenied.{0,20}when calling the \w{3,12}(?:object|bucket|upload|part)\w{0,12} "
        r"|(?:access ?denied|forbidden).{0,80}\bs3\b|storage\.objects|blob.{0,40}authoriz",
        types=names("SignatureDoesNotMatch InvalidAccessKeyId"),
    ),
    Rule(
        "A saved file was missing from our file store.",
        Where.SERVER,
        Example("NoSuchKey: The specified key does not exist.", "node"),
        says=r"nosuchkey|\(404\) when calling the headobject|object ?not ?found in bucket"
        r"|nosuchbucket|specified (?:key|bucket|blob) does not exist|blobnotfound",
    ),
)
