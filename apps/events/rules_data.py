"""Plain words for our data store: what could not be saved, found or reached there."""

from apps.events.rule import Example, Rule, Side, Where, names

_DEVICE = frozenset((Side.DEVICE,))
_THINGS = (
    "order|customer|user|product|booking|invoice|account|ticket|article|contract|patient|student"
    "|course|vehicle|tariff|shipment|parcel|member|project|employee|listing|reservation|payment"
    "|cart|appointment|policy|claim|meter|subscription|tenant|record|entity|basket|donation"
)

DATA = (
    Rule(
        "The app could not read or save its data on the customer's device.",
        Where.DEVICE,
        Example("SQLiteDatabaseCorruptException: disk image is malformed", "android"),
        says=r"sqlite(?!.{0,60}full)|\brealm\b|\bcore ?data|nspersistent"
        r"|\broom\b.{0,20}(?:database|data integrity|migration)",
        sides=_DEVICE,
    ),
    Rule(
        "Two changes in our data store got in each other's way.",
        Where.SERVER,
        Example("OperationalError: deadlock detected"),
        says=r"deadlock|40p01|could not serialize access|serialization ?failure|write ?conflict",
    ),
    Rule(
        "Our data store had too many changes to make at once.",
        Where.SERVER,
        Example("PDOException: SQLSTATE[HY000]: 1205 Lock wait timeout exceeded", "php"),
        says=r"lock wait|lock.?time.?out|locknotavailable|could not obtain lock|database is locked"
        r"|sqlite_busy|unable_to_lock_row|cannotacquirelock|pessimisticlock",
    ),
    Rule(
        "Someone else had just changed the same thing.",
        Where.SERVER,
        Example("ActiveRecord::StaleObjectError: Attempted to update a stale object", "ruby"),
        says=r"stale ?(?:object|data|entry|element.{0,8}version)|optimistic ?lock"
        r"|dbupdateconcurrency"
        r"|row was updated or deleted|version ?conflict|concurrent ?update|expected version"
        r"|conditionalcheckfailed",
    ),
    Rule(
        "There is already an account or entry with this email.",
        Where.SERVER,
        Example('IntegrityError: duplicate key value violates "customer_email_key"'),
        says=r"(?:duplicate|unique) .{0,160}e-?mail|already exists.{0,80}e-?mail"
        r"|e-?mail.{0,40}already[- ](?:been )?(?:taken|exist|registered|in[- ]use|used)",
    ),
    Rule(
        "It could not be saved because the same thing already exists.",
        Where.SERVER,
        Example("PDOException: SQLSTATE[23000]: 1062 Duplicate entry '7'", "php"),
        says=r"^(?!.{0,200}(?:seat|slot|reservation)).{0,400}(?:duplicate (?:key|entry|value)"
        r"|duplicate ?(?:user|customer|account)"
        r"|unique.{0,12}(?:constraint|violat|index)|\be11000\b"
        r"|recordnotunique|already exists|\bp2002\b|has already been taken)",
    ),
    Rule(
        "It could not be changed because something else still depends on it.",
        Where.SERVER,
        Example("IntegrityError: update violates foreign key constraint"),
        says=r"foreign.?key|protectederror|still referenced|invalidforeignkey|\bp2003\b",
    ),
    Rule(
        "It could not be saved because a detail was missing.",
        Where.SERVER,
        Example('IntegrityError: null value in column "city" violates not-null constraint'),
        says=r"not.?null (?:constraint|violat)|null value in column"
        r"|cannot insert (?:the value )?null"
        r"|column .{0,60}cannot be null|notnullviolation",
    ),
    Rule(
        "It could not be saved because one of its values is not allowed.",
        Where.SERVER,
        Example('IntegrityError: new row violates check constraint "positive"'),
        says=r"check.?constraint|checkviolation|invalid input value for enum"
        r"|could not execute statement.{0,200}constraint",
    ),
    Rule(
        "What was entered was too long or too large to save.",
        Where.SERVER,
        Example("DataError: value too long for type character varying(20)"),
        says=r"value too long|data too long|would be truncated|righttruncation"
        r"|numeric.{0,20}overflow"
        r"|out of range (?:value )?for (?:type|column)|numericvalueoutofrange|valuetoolong",
    ),
    Rule(
        "Our data store was too busy to answer.",
        Where.SERVER,
        Example("SQLTransientConnectionException: HikariPool-1 - not available", "node"),
        says=r"\bconnection ?pool|\bpool.{0,12}(?:exhaust|time.?out|limit|full)|hikari"
        r"|too many (?:connections|clients)|connection slots|queuepool|dropped from queue"
        r"|unable to acquire jdbc|acquire.{0,12}time.?out|timeout acquiring"
        r"|could not obtain a (?:database )?connection|getting a connection|provisionedthroughput"
        r"|exceeded when trying to connect",
    ),
    Rule(
        "Our data store could not be reached.",
        Where.SERVER,
        Example("OperationalError: connection to server at 10.0.0.5 failed: refused"),
        says=r"server closed the connection|lost connection to|has gone away|mysql server"
        r"|connection to server at|could not translate host|could not connect to server"
        r"|reach database server"
        r"|terminating connection"
        r"|database system is|adminshutdown|dbconnection\.|mongo.{0,12}(?:network|select)"
        r"|serverselection|buffering timed out|nohostavailable|ora-12\d\d\d"
        r"|of the specified mysql|connectiondoesnotexist|communications link"
        r"|connectionnotestablished|\bp100[12]\b"
        r"|(?:refused|reach|econn|dial).{0,80}:(?:5432|3306|27017|1433|1521)\b|cannot open database"
        r"|instance-specific error|koble til databas|datenbank.{0,40}nicht|ansluta till databas"
        r"|connecter.{0,20}base de donn|conectar.{0,20}base de datos|jdbc ?connection"
        r"|sqlstate\[hy000\] \[2002\]",
        types=names("JDBCConnectionException InterfaceError DatabaseConnectionException"),
    ),
    Rule(
        "Our data store took too long to answer.",
        Where.SERVER,
        Example("QueryCanceled: canceling statement due to statement timeout"),
        says=r"statement.?time.?out|canceling statement|quer(?:y|ies).{0,20}(?:time.?out|timed out)"
        r"|max_execution_time|max_statement_time|sqltimeout|querycancel"
        r"|(?:mongo|sql|cassandra|dynamo).{0,40}(?:time.?out|timed out)",
    ),
    Rule(
        "Our data store did not let our server in.",
        Where.SERVER,
        Example('OperationalError: password authentication failed for user "shop"'),
        says=r"password authentication failed|access denied for user|login failed for user"
        r"|permission denied for (?:table|relation|schema|sequence)|insufficientprivilege",
    ),
    Rule(
        "Our data store is not set up the way this version of our program needs.",
        Where.SERVER,
        Example('ProgrammingError: relation "shop_voucher" does not exist'),
        says=r"(?:column|relation|table|function).{0,80}(?:does not|doesn't) exist|unknown column"
        r"|no such (?:table|column)|undefined_?(?:table|column)\b|invalid (?:column|object) name"
        r"|pendingmigration|42p01|42703|42s02",
    ),
    Rule(
        "Our server asked its data store in the wrong way.",
        Where.SERVER,
        Example('ProgrammingError: syntax error at or near "FORM"'),
        says=r"syntax error at or near|error in your sql|incorrect syntax near|ora-009\d\d"
        r"|bad ?sql ?grammar|\": syntax error|cannot resolve keyword"
        r"|unknown ?attribute|second operation was started|detachedinstance|not bound to a session"
        r"|lazyinitiali[sz]ation|could not initialize proxy|from an async context",
    ),
    Rule(
        "Our data store was not taking changes at that time.",
        Where.SERVER,
        Example("InternalError: cannot execute UPDATE in a read-only transaction"),
        says=r"read[- ]?only (?:transaction|replica|database|sqltransaction|mode)"
        r"|not_?(?:writable)?primary",
    ),
    Rule(
        "More than one match was found where there should be only one.",
        Where.SERVER,
        Example("MultipleObjectsReturned: get() returned more than one Order"),
        says=r"returned more than one|more than one (?:row|element|result)|multiple rows",
        types=names(
            "MultipleObjectsReturned MultipleResultsFound NonUniqueResultException"
            " IncorrectResultSizeDataAccessException"
        ),
    ),
    Rule(
        "Our server got a link or number that cannot be right.",
        Where.SERVER,
        Example('CastError: Cast to ObjectId failed for value "undefined"', "node"),
        says=r"cast to objectid|(?:not a valid|invalid|malformed) (?:uuid|objectid|object id)"
        r"|bsonerror"
        r"|badly formed hexadecimal uuid|syntax for (?:type )?uuid|invalid uuid",
    ),
    Rule(
        "What we looked for was not in our data store.",
        Where.SERVER,
        Example("DoesNotExist: Order matching query does not exist."),
        says=r"matching query does not exist|couldn't find .{0,60}with|no query results"
        r"|no rows (?:in result|returned)|record not found|\bp2025\b|unable to find .{0,80} with id"
        r"|required but not found|"
        + rf"\b(?:{_THINGS}|item)s?\b.{{0,40}}(?:\bnot found|does not exist)"
        + rf"|(?:{_THINGS})_?not_?found|\brownotfound"
        + r"|(?:kunde|auftrag|bestellung|rechnung|artikel|vertrag|benutzer|buchung|datensatz)"
        r"\w{0,3}\b.{0,60}nicht (?:gefunden|vorhanden)|\bkein\w{0,2} .{0,40}(?:kunde|auftrag"
        r"|bestellung|rechnung|vertrag|buchung|datens.tze?)\b.{0,20}gefunden"
        r"|(?:commande|client|facture|produit|utilisateur|contrat).{0,60}(?:introuvable"
        r"|n'existe pas)"
        r"|(?:pedido|cliente|factura|producto|usuario|contrato|reserva).{0,60}no (?:se )?"
        r"(?:encontr|existe|ha encontrado)|nie znaleziono (?:zam|klient|produkt|faktur|rezerw)"
        r"|(?:bestelling|klant|factuur|product).{0,60}niet gevonden"
        r"|(?:ordine|cliente|fattura|prodotto|utente|contratto).{0,60}non (?:trovat|esiste)"
        r"|for unknown (?:order|customer|booking)"
        r"|record to (?:update|delete)|nosuchentity"
        r"|product.{0,40}(?:doesn't|does not) exist",
        types=names(
            "DoesNotExist ObjectDoesNotExist RecordNotFound"
            " ModelNotFoundException EntityNotFoundException"
            " EntityNotFoundError"
            " NoResultFound NoResultException NoResultsError EmptyResultDataAccessException"
        ),
    ),
    Rule(
        "A set of changes was undone after one of them failed.",
        Where.SERVER,
        Example("PendingRollbackError: the work has been rolled back"),
        says=r"rollback.?only|unexpectedrollback|transactionmanagement|has been rolled back"
        r"|entitymanager ?(?:is )?closed|current transaction is aborted"
        r"|error occurred in the current",
        vague=True,
    ),
    Rule(
        "Our data store could not do what it was asked.",
        Where.SERVER,
        Example("Illuminate\\Database\\QueryException: SQLSTATE[HY000]: General", "php"),
        says=r"sqlstate|psycopg|mysql|\becto\.|\bora-\d|jdbc|mongo(?:server|db|)error|sqlalchemy",
        types=names(
            "OperationalError DatabaseError ProgrammingError DataError IntegrityError SqlException"
            " SQLException StatementInvalid QueryException PDOException DbUpdateException"
            " CannotCreateTransactionException DataIntegrityViolationException MongoError"
            " DataAccessResourceFailureException PrismaClientKnownRequestError PersistenceException"
        ),
        sides=frozenset((Side.SERVER, Side.UNKNOWN)),
        vague=True,
    ),
)
