"""Rules for failures on our server: machine, code, data store, files, monitors, components."""

from apps.events.rules.rule import (
    NOT_BROWSER,
    NOT_CLIENT,
    ON_SERVER,
    Example,
    Reading,
    Rule,
    app_rule,
    browser_rule,
    call_rule,
    device_rule,
    input_rule,
    names_in,
    native_rule,
    reading,
    server_rule,
    service_rule,
    vague_rule,
)

SERVER = (
    Rule(
        "{Us} ran out of storage space.",
        Example("OSError: [Errno 28] No space left on device"),
        text=r"no space left|enospc|disk (?:is )?full|disk quota exceeded|could not extend file"
        r"|not enough space|(?:not enough|insufficient|low) disk|disk space|kein speicherplatz"
        r"|espace (?:disque )?insuf|espacio insuf|spazio insuf",
        sides=NOT_CLIENT,
    ),
    Rule(
        "{Us} had too many files open at once.",
        Example("OSError: [Errno 24] Too many open files"),
        text=r"too many open files|emfile|enfile",
    ),
    Rule(
        "{Us} had more work than it could do at once.",
        Example("RuntimeError: can't start new thread"),
        text=r"can't start new thread|native thread|rejectedexecution|resource temporarily"
        r"|queue (?:is )?full|eagain",
    ),
    server_rule(
        "Our server was down while we worked on it.",
        Example("HttpException: down for maintenance", "php"),
        text=r"maintenance.?mode|(?:under|down for|scheduled) maintenance",
    ),
    Rule(
        "{Us} was stopped in the middle of its work.",
        Example("WorkerLostError: Worker exited prematurely: signal 9"),
        text=r"worker (?:exited|lost|died|killed)|workerlost|sigkill|sigterm|shutting down"
        r"|being shut ?down|signal: killed|pruned.?job",
        types=names_in("SystemExit KeyboardInterrupt InterruptedException GracefulExit Shutdown"),
        sides=NOT_CLIENT,
    ),
    server_rule(
        "A setting of {us} is not right.",
        Example("ImproperlyConfigured: SHOP_URL must start with https"),
        text=r"^(?!.{0,300}(?:required|missing|not set|not found|not configured|empty|set the))"
        r"(?:improperlyconfigured|.{0,40}(?:setting|config(?:uration)?|environment)).{0,120}"
        r"\b(?:must|invalid|unknown|not (?:a )?valid|unsupported|wrong|should)\b",
        reads=Reading.CODE,
    ),
    server_rule(
        "A setting that {us} needs is missing.",
        Example("ImproperlyConfigured: Set the SMS_KEY environment variable"),
        text=r"environment variable|invalid environment|\benvvar|could not resolve placeholder"
        r"|missing (?:config|setting|env)|not configured"
        r"|(?:load|locate|find|default) (?:\w{1,12} )?credentials"
        r"|(?:config|setting|\benv)\w{0,12} .{0,30}(?:missing|not set|not found|is required)",
        types=names_in("ImproperlyConfigured UnsatisfiedDependencyException BeanCreationException"),
        reads=Reading.CODE,
    ),
    app_rule(
        "A part of {us} was missing when it was needed.",
        Example("ModuleNotFoundError: No module named 'invoices'"),
        text=r"no module named|cannot find module|cannot load such file"
        r"|could not load (?:file|type)"
        r"|class (?:[\"'\[_]|\w{0,60}[.\\]).{0,100}(?:not found|does not exist)|cannot find package"
        r"|target class"
        r"|cannot import name|undefined symbol|uninitialized constant"
        r"|dllnotfound|unable to load (?:dll|shared library)|unable to resolve service"
        r"|no service for type|no provider for|nullinjector|no qualifying bean|resolve dependenc"
        r"|nosuchmethoderror(?!.{0,200}(?:called on|has no instance|called with))",
        types=names_in(
            "ModuleNotFoundError ImportError NoClassDefFoundError ClassNotFoundException LoadError"
            " NoSuchFieldError NoSuchMethodException NoSuchFieldException"
            " TypeLoadException UndefinedFunctionError ReflectionException"
        ),
        reads=Reading.CODE,
    ),
    Rule(
        "A file that {us} needs is missing.",
        Example("FileNotFoundError: [Errno 2] No such file or directory: 'terms.pdf'"),
        text=r"no such file|enoent|could not find (?:file|a part of the path)|failed to open stream"
        r"|cannot find the (?:file|path)|filenotfound|nosuchfile|pathnotfound",
        reads=Reading.CODE,
    ),
    Rule(
        "{Us} was not allowed to open one of its own files.",
        Example("PermissionError: [Errno 13] Permission denied: '/srv/out'"),
        text=r"\beacces|\beperm\b|permission denied|operation not permitted|access to the path"
        r"|read-only file system|erofs",
        types=names_in("PermissionError UnauthorizedAccessException"),
        sides=NOT_BROWSER,
    ),
    Rule(
        "{Us} could not unlock protected data.",
        Example("cryptography.fernet.InvalidToken: "),
        text=r"fernet|decrypt|(?:incorrect|bad|invalid).?padding|badmac|cipher|messageencryptor"
        r"|messageverifier|\bkms\b|aeadbadtag|tag mismatch|cryptographic ?(?:error|exception|fail)"
        r"|payload (?:is"
        r"|was) invalid",
    ),
    server_rule(
        "Our server had already started its answer and could not change it.",
        Example("ErrorException: headers already sent by (output started)", "php"),
        text=r"headers (?:already|after they are) sent|response (?:has )?already|doublerender"
        r"|cannot set headers|response has been committed",
        sides=NOT_CLIENT,
    ),
    vague_rule(
        "{Us} tried a piece of work again and again, then gave up.",
        Example("MaxRetriesExceededError: Can't retry shop.send_mail[3f2]"),
        text=r"maxretriesexceeded|can't retry|retries exhausted|retry limit|maxattemptsexceeded"
        r"|attempted too many times",
    ),
    server_rule(
        "A part of our server was too busy to answer in time.",
        Example("exit: exited in: GenServer.call(:hold, 5000) (EXIT) time out", "elixir"),
        text=r"\(exit\) time ?out|asktimeoutexception",
        sides=ON_SERVER,
    ),
    server_rule(
        "A part of our server was not running.",
        Example("exit: no process: the process is not alive", "elixir"),
        text=r"no process|noproc|genserver\.call|process is not alive|actor.{0,20}(?:dead|stopped)"
        r"|shard.{0,20}unavailable",
        sides=ON_SERVER,
    ),
    server_rule(
        "A step was called off before it was done.",
        Example("System.OperationCanceledException: The operation was canceled.", "elixir"),
        text=r"operation was cancell?ed|task was cancell?ed|cancellederror|cancellationexception",
        types=names_in("TaskCanceledException OperationCanceledException"),
        vague=True,
    ),
    Rule(
        "{Us} could not start because another program was in its place.",
        Example("Error: listen EADDRINUSE: address already in use :::3000", "node"),
        text=r"eaddrinuse|address already in use|port \d{2,5} (?:is |was )?(?:already )?in use"
        r"|only one usage of each socket address",
        types=names_in("PortInUseException"),
        sides=NOT_BROWSER,
    ),
    Rule(
        "{Us} does not know that time zone.",
        Example("RangeError: Invalid time zone specified: Europe/Kyiv", "javascript"),
        text=r"(?:invalid|unknown|unsupported|no such|bad) time ?zone|time ?zone.{0,40}(?:not found"
        r"|unknown|invalid|not recognized)|zoneinfonotfound|zonerules|unknowntimezone"
        r"|timezonenotfound",
    ),
    vague_rule(
        "{Us} does something in an old way, which still works.",
        Example("DeprecationWarning: Buffer is deprecated", "node"),
        text=r"deprecationwarning|\bis deprecated|has been deprecated|\bdeprecated:",
        slight=True,
        reads=Reading.CODE,
    ),
)


# Bugs of the program itself, in any language

CODE = reading(
    Reading.CODE,
    Rule(
        "{Us} failed at a step because it got stuck in a loop.",
        Example("RecursionError: maximum recursion depth exceeded"),
        text=r"recursion|stack.?overflow|call stack|stack level too deep|maximum function nesting",
    ),
    vague_rule(
        "{Us} failed at a step because something was missing.",
        Example("NullPointerException: Cannot invoke foo() because bar is null", "java"),
        text=r"\bof (?:undefined|null)\b|(?:is|are) (?:undefined|null|not an object)|on null\b"
        r"|nonetype|for nil\b|nil:nilclass|nil pointer|unexpectedly found nil|(?:null|nil) object"
        r"|undefined or null|null (?:value|check|pointer|reference)|\bon a .none. value"
        r"|undefined value|on undefined|: nil\b|access array offset|\bnil dereference"
        r"|null cannot be|must not be null|addr 0x0|\bcannot (?:read|set) propert(?!y symbol)"
        r"|'null' is not a subtype|cannot be nil\b|nil string|null given|non-nullable field"
        r"|entry in nil map",
        types=names_in(
            "NullPointerException NullReferenceException ArgumentNullException"
            " KotlinNullPointerException"
        ),
        reads=Reading.NAMES,
    ),
    vague_rule(
        "{Us} failed at a step because a part of it was not ready yet.",
        Example("LateInitializationError: Field 'city' was used too soon", "dart"),
        text=r"late ?initiali[sz]ation|before initiali[sz]ation|not (?:been |yet )?initiali[sz]ed"
        r"|must be used within|no queryclient|correct provider|app registry not ready"
        r"|appregistrynotready|not ready yet|no firebase app|lateinit property",
        types=names_in("UninitializedPropertyAccessException"),
    ),
    vague_rule(
        "{Us} failed at a step because two of its parts got in each other's way.",
        Example("CalledFromWrongThreadException: Only the original thread may", "android"),
        text=r"only the original thread|networkonmainthread|from the main thread|looper\.prepare"
        r"|main thread (?:only|checker)|cross-thread|different thread owns"
        r"|already (?:mutably )?borrowed",
    ),
    vague_rule(
        "{Us} failed at a step because the same thing was in a list twice.",
        Example('IllegalArgumentException: Key "12" was already used.', "android"),
        text=r"key .{0,60}was already used|duplicated? (?:globalkey|keys? (?!value))"
        r"|with the same key",
    ),
    vague_rule(
        "{Us} failed at a step because an item was missing from a list.",
        Example("IndexError: list index out of range"),
        text=r"index.{0,30}out of (?:range|bounds)|of empty (?:array|list)|out[ _]?of ?bounds"
        r"|not in inclusive range|out_?of_?range|invalid array length"
        r"|list index|rangeerror \(index|index \d{1,9} (?:beyond|exceeds)|slice bounds",
        types=names_in("IndexError NSRangeException StringIndexOutOfBoundsException"),
    ),
    vague_rule(
        "{Us} failed at a step because a detail was missing.",
        Example("KeyError: 'currency'"),
        text=r"undefined (?:array )?(?:key|index|offset)|key not found|no value present"
        r"|no ?such ?element|no element|sequence contains no|element .{0,80} is undefined"
        r"|undefined property|not present in the dictionary|lazily initialize",
        types=names_in("KeyError KeyNotFoundException NoSuchElementException StopIteration"),
    ),
    vague_rule(
        "{Us} failed at a step because it ran into something it can't handle.",
        Example("MatchError: no match of right hand side value: :error", "elixir"),
        text=r"no match of|no function clause|no (?:case|cond|with) clause|(?:match|clause)error"
        r"|unhandled (?:case|enum)|not a valid (?:enum|choice)|no enum constant"
        r"|unexpected response|unhandled match|nowhenbranch",
    ),
    vague_rule(
        "{Us} failed at a step because two of its parts do not fit together.",
        Example("TypeError: cart.total is not a function", "javascript"),
        text=r"is not a (?:function|constructor)|is not iterable|has no (?:attribute|field named)"
        r"|undefined method|unrecognized selector|no implicit conversion|not callable"
        r"|doesn't respond to|without 'new'|(?:private|protected) method"
        r"|object does not support|has no (?:instance )?(?:method|getter)"
        r"|can't locate object method",
        types=names_in(
            "AttributeError NoMethodError MissingMethodException BadMethodCallException"
        ),
    ),
    vague_rule(
        "{Us} failed at a step because a part of it does not exist.",
        Example("ReferenceError: total is not defined", "javascript"),
        text=r"is not defined|can't find variable|undefined (?:local |global )?variable"
        r"|undefined (?:constant|function)|variable .{0,60}is undefined|call to undefined",
        types=names_in("ReferenceError NameError UnboundLocalError"),
    ),
    vague_rule(
        "{Us} failed at a step because it got the wrong kind of data.",
        Example("TypeError: unsupported operand type(s) for +: 'int' and 'str'"),
        text=r"unsupported operand|only concatenate|comparison of .{0,60} failed"
        r"|not supported between|cannot be cast|can't convert|is not a subtype|invalid ?cast"
        r"|classcast|cannot convert|must be of type|to string conversion|in arithmetic expression"
        r"|unexpected keyword argument|(?:positional|keyword-only) argument|wrong number"
        r"|too few arguments"
        r"|unknown keyword|is not subscriptable|cannot unpack"
        r"|must be (?:an? )?(?:str|int|string|array|number|bytes)|typemismatch|interface conversion"
        r"|cannot unmarshal|not (?:json )?serializable|invalid argument type",
        types=names_in("ClassCastException InvalidCastException ArgumentError"),
    ),
    Rule(
        "{Us} tried to divide a number by zero.",
        Example("ZeroDivisionError: division by zero"),
        text=r"divi(?:sion|de|ded) by (?:zero|0)|dividebyzero|zerodivision|divisionbyzero"
        r"|: / by zero",
    ),
    Rule(
        "{Us} got a number that was too large for it.",
        Example("OverflowError: Python int too large to convert to C long"),
        text=r"overflowerror|arithmetic.{0,8}overflow|integer overflow|too large to convert"
        r"|floatdomain|too large or too small|too big or too small|number too large"
        r"|with overflow|invalid count value",
    ),
    vague_rule(
        "{Us} failed at a step because a check found that something was wrong.",
        Example("AssertionError"),
        text=r"assertion.?(?:error|failed)|failed assertion|invariant",
        types=names_in("AssertionError AssertionException AssertionFailedError"),
    ),
    Rule(
        "{Us} failed at a step because a list changed while it was read.",
        Example("java.util.ConcurrentModificationException", "java"),
        text=r"concurrentmodification|during (?:iteration|enumeration)|collection was modified"
        r"|concurrent map|while (?:being )?enumerat",
    ),
    Rule(
        "{Us} tried to change something that cannot be changed.",
        Example("FrozenError: can't modify frozen String", "ruby"),
        text=r"frozenerror|modify frozen|read.?only property|not extensible|cannot redefine"
        r"|is immutable|immutable\w{0,12}(?:error|exception)"
        r"|constant variable",
        types=names_in("FrozenInstanceError UnsupportedOperationException"),
    ),
    Rule(
        "{Us} could not get its data ready to send or save.",
        Example("TypeError: Converting circular structure to JSON", "javascript"),
        text=r"circular structure|cyclic object|could not be cloned|datacloneerror|picklingerror"
        r"|not json serializable|invaliddefinition",
    ),
    vague_rule(
        "{Us} failed at a step because it is not built yet.",
        Example("NotImplementedError: gift wrap"),
        text=r"not (?:yet )?implemented|notimplemented|unimplemented|todo!",
    ),
    vague_rule(
        "{Us} failed at a step because it is not supported.",
        Example("AxiosError: Blob is not supported", "node"),
        text=r"not (?:yet |currently )?supported",
        types=names_in("NotSupportedException UnsupportedOperation"),
    ),
    vague_rule(
        "{Us} stopped at a step because of a mistake in it.",
        Example("EXC_BREAKPOINT: Fatal error", "cocoa"),
        text=r"exc_breakpoint|brk 1\b|fatal error:",
    ),
)


# Errors of which only the kind is known

UNCLEAR = (
    vague_rule(
        "{Us} failed at a step because it was not possible at that point.",
        Example("IllegalStateException: order is closed", "java"),
        types=names_in(
            "IllegalStateException InvalidOperationException StateError InvalidStateError"
            " IllegalArgumentException LogicException IllegalMonitorStateException"
        ),
    ),
    vague_rule(
        "{Us} failed at a step because an earlier one had failed.",
        Example('panic: called `Result::unwrap()` on an `Err` value: "no"', "rust"),
        text=r"on an .err. value|result::(?:unwrap|expect)",
    ),
    vague_rule(
        "{Us} failed at a step because of a value that it cannot use.",
        Example("ValueError: no such size"),
        types=names_in(
            "ValueError RangeError InvalidArgumentException UnexpectedValueException"
            " ArgumentException"
            " FormatException"
        ),
    ),
    Rule(
        "Something took too long and was stopped.",
        Example("TimeoutError: timed out", "other"),
        text=r"(?<!session)time.?out(?! (?:set|is|must|should|value))|timed out|deadline",
        broad=True,
    ),
    Rule(
        "Something took a very long time.",
        Example("export took 12 s", "other"),
        text=r"\bslow(?!down)|\btook \d",
        broad=True,
    ),
    app_rule(
        "Something that was needed was not there.",
        Example("WidgetNotFound: 17"),
        text=r"not ?found|nosuch|does ?not ?exist|missing",
        broad=True,
    ),
    Rule(
        "{Us} failed at a step.",
        Example("TypeError: odd"),
        types=names_in("TypeError RuntimeError RuntimeException panic"),
        text=r"^panic|unexpected",
        broad=True,
    ),
)


# Data store

_THINGS = (
    "order|customer|user|product|booking|invoice|account|ticket|article|contract|patient|student"
    "|course|vehicle|tariff|shipment|parcel|member|project|employee|listing|reservation|payment"
    "|cart|appointment|policy|claim|meter|subscription|tenant|record|entity|basket|donation"
)

DATA = (
    native_rule(
        "The app could not read or save its data on the customer's device.",
        Example("SQLiteDatabaseCorruptException: disk image is malformed", "android"),
        text=r"sqlite(?!.{0,60}full)|\brealm\b|\bcore ?data|nspersistent"
        r"|\broom\b.{0,20}(?:database|data integrity|migration)",
    ),
    server_rule(
        "Two changes in our data store got in each other's way.",
        Example("OperationalError: deadlock detected"),
        text=r"deadlock|40p01|could not serialize access|(?<!de)serialization ?failure"
        r"|write ?conflict",
    ),
    server_rule(
        "Our server could not change our data because something else was changing it.",
        Example("PDOException: SQLSTATE[HY000]: 1205 Lock wait timeout exceeded", "php"),
        text=r"lock wait|lock.?time.?out|locknotavailable|could not obtain lock|database is locked"
        r"|sqlite_busy|unable_to_lock_row|cannotacquirelock|pessimisticlock"
        r"|(?:bestand|datensatz|zeile|row|record|tabelle|table|ligne|fila)\b.{0,60}"
        r"(?:gesperrt|locked|verrouill|bloquead)",
    ),
    server_rule(
        "Someone else had just changed the same thing.",
        Example("ActiveRecord::StaleObjectError: Attempted to update a stale object", "ruby"),
        text=r"stale ?object|staledata|stale (?:entry|element.{0,8}version)|optimistic ?lock"
        r"|dbupdateconcurrency|row was updated or deleted|version ?conflict|concurrent ?update"
        r"|(?<!un)expected version|conditionalcheckfailed",
    ),
    server_rule(
        "There is already an account or entry with this email.",
        Example('IntegrityError: duplicate key value violates "customer_email_key"'),
        text=r"(?:duplicate|unique) .{0,160}e-?mail|already exists.{0,80}e-?mail"
        r"|e-?mail.{0,40}already[- ](?:been )?(?:taken|exist|registered|in[- ]use|used)",
    ),
    server_rule(
        "It could not be saved because the same thing already exists.",
        Example("PDOException: SQLSTATE[23000]: 1062 Duplicate entry '7'", "php"),
        text=r"^(?!.{0,200}(?:seat|slot|reservation)).{0,400}(?:duplicate (?:key|entry|value)"
        r"|duplicate ?(?:user|customer|account)|unique.{0,12}(?:constraint|violat|index)|\be11000\b"
        r"|recordnotunique|already exists|\bp2002\b|has already been taken)",
    ),
    server_rule(
        "It could not be changed because something else still depends on it.",
        Example("IntegrityError: update violates foreign key constraint"),
        text=r"foreign.?key.{0,40}(?:constraint|violat|fail)|foreignkeyviol|protectederror"
        r"|still referenced|invalidforeignkey|\bp2003\b",
    ),
    server_rule(
        "It could not be saved because a detail was missing.",
        Example('IntegrityError: null value in column "city" violates not-null constraint'),
        text=r"not.?null (?:constraint|violat)|null value in column"
        r"|cannot insert (?:the value )?null|column .{0,60}cannot be null|notnullviolation",
    ),
    server_rule(
        "It could not be saved because one of its values is not allowed.",
        Example('IntegrityError: new row violates check constraint "positive"'),
        text=r"check.?constraint|checkviolation|invalid input value for enum"
        r"|could not execute statement.{0,200}constraint",
    ),
    input_rule(
        "What was entered was too long or too large to save.",
        Example("DataError: value too long for type character varying(20)"),
        text=r"value too long|data too long|would be truncated|righttruncation"
        r"|numeric.{0,20}overflow"
        r"|out of range (?:value )?for (?:type|column)|numericvalueoutofrange|valuetoolong",
    ),
    server_rule(
        "Our data store was too busy to answer.",
        Example("SQLTransientConnectionException: HikariPool-1 - not available", "node"),
        text=r"\bconnection ?pool|\bpool.{0,12}(?:exhaust|time.?out|limit|full)|hikari"
        r"|too many (?:connections|clients)|connection slots|queuepool|dropped from queue"
        r"|unable to acquire jdbc|acquire.{0,12}time.?out|timeout acquiring"
        r"|could not obtain a (?:database )?connection|getting a connection|provisionedthroughput"
        r"|exceeded when trying to connect",
    ),
    server_rule(
        "Our data store could not be reached.",
        Example("OperationalError: connection to server at 10.0.0.5 failed: refused"),
        text=r"server closed the connection|ssl connection has been|ssl syscall"
        r"|lost connection to|has gone away|mysql server"
        r"|connection to server at|could not translate host|could not connect to server"
        r"|reach database server|terminating connection|database system is|adminshutdown"
        r"|dbconnection\.|mongo.{0,12}(?:network|select)|serverselection|buffering timed out"
        r"|nohostavailable|ora-12\d\d\d|of the specified mysql|connectiondoesnotexist"
        r"|communications link|connectionnotestablished|\bp100[12]\b"
        r"|(?:refused|reach|econn|dial).{0,80}:(?:5432|3306|27017|1433|1521)\b|cannot open database"
        r"|instance-specific error|koble til databas|datenbank.{0,40}nicht|ansluta till databas"
        r"|connecter.{0,20}base de donn|conectar.{0,20}base de datos|jdbc ?connection"
        r"|sqlstate\[hy000\] \[2002\]",
        types=names_in("JDBCConnectionException InterfaceError DatabaseConnectionException"),
    ),
    server_rule(
        "Our server could not read from its data store.",
        Example("Npgsql.NpgsqlException: Exception while reading from stream", "csharp"),
        text=r"exception while (?:reading from|writing to) stream|error reading from (?:the )?"
        r"server|could not receive data from server|failed to read (?:the )?(?:packet|result set)"
        r"|packet sequence|reading (?:initial )?communication packet",
        sides=NOT_CLIENT,
    ),
    server_rule(
        "Our data store took too long to answer.",
        Example("QueryCanceled: canceling statement due to statement timeout"),
        text=r"statement.?time.?out|canceling statement|quer(?:y|ies).{0,20}(?:time.?out|timed out)"
        r"|max_execution_time|max_statement_time|sqltimeout|querycancel"
        r"|(?:mongo|sql|cassandra|dynamo).{0,40}(?:time.?out|timed out)"
        r"|^[\w.\\]{0,60}(?:operationalerror|databaseerror|queryexception|pdoexception): .{0,200}"
        r"(?:time.?out|timed out|zeit.berschreitung|d.lai.{0,12}d.pass|tiempo.{0,12}agotad)",
    ),
    server_rule(
        "Our data store did not let our server in.",
        Example('OperationalError: password authentication failed for user "shop"'),
        text=r"password authentication failed|access denied for user|login failed for user"
        r"|permission denied for (?:table|relation|schema|sequence)|insufficientprivilege",
    ),
    server_rule(
        "Our data store is not set up the way this version of our server needs.",
        Example('ProgrammingError: relation "shop_voucher" does not exist'),
        text=r"(?:column|relation|table|function).{0,80}(?:does not|doesn't) exist|unknown column"
        r"|no such (?:table|column)|undefined_?(?:table|column)\b|invalid (?:column|object) name"
        r"|pendingmigration|42p01|42703|42s02",
        reads=Reading.CODE,
        sides=NOT_CLIENT,
    ),
    Rule(
        "{Us} asked its data store in the wrong way.",
        Example('ProgrammingError: syntax error at or near "FORM"'),
        text=r"syntax error at or near|error in your sql|incorrect syntax near|ora-009\d\d"
        r"|bad ?sql ?grammar|\": syntax error|cannot resolve keyword"
        r"|unknown ?attribute|second operation was started|detachedinstance|not bound to a session"
        r"|lazyinitiali[sz]ation|could not initialize proxy|from an async context",
        reads=Reading.CODE,
        sides=NOT_CLIENT,
    ),
    server_rule(
        "Our data store was not taking changes at that time.",
        Example("InternalError: cannot execute UPDATE in a read-only transaction"),
        text=r"read[- ]?only (?:transaction|replica|database|sqltransaction|mode)"
        r"|not_?(?:writable)?primary",
    ),
    server_rule(
        "More than one match was found where there should be only one.",
        Example("MultipleObjectsReturned: get() returned more than one Order"),
        text=r"returned more than one|more than one (?:row|element|result)|multiple rows",
        types=names_in(
            "MultipleObjectsReturned MultipleResultsFound NonUniqueResultException"
            " IncorrectResultSizeDataAccessException"
        ),
    ),
    Rule(
        "{Us} got a link or number that cannot be right.",
        Example('CastError: Cast to ObjectId failed for value "undefined"', "node"),
        text=r"cast to objectid|(?:not a valid|invalid|malformed) (?:uuid|objectid|object id)"
        r"|bsonerror|badly formed hexadecimal uuid|syntax for (?:type )?uuid|invalid uuid",
    ),
    server_rule(
        "What we looked for was not in our data store.",
        Example("DoesNotExist: Order matching query does not exist."),
        text=r"matching query does not exist|couldn't find .{0,60}with|no query results"
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
        types=names_in(
            "DoesNotExist ObjectDoesNotExist RecordNotFound"
            " ModelNotFoundException EntityNotFoundException"
            " EntityNotFoundError"
            " NoResultFound NoResultException NoResultsError EmptyResultDataAccessException"
        ),
    ),
    server_rule(
        "A set of changes was undone after one of them failed.",
        Example("PendingRollbackError: the work has been rolled back"),
        text=r"rollback.?only|unexpectedrollback|transactionmanagement|has been rolled back"
        r"|entitymanager ?(?:is )?closed|current transaction is aborted"
        r"|error occurred in the current",
        vague=True,
    ),
    server_rule(
        "Our data store could not do what it was asked.",
        Example("Illuminate\\Database\\QueryException: SQLSTATE[HY000]: General", "php"),
        text=r"sqlstate|psycopg|mysql|\becto\.|\bora-\d|jdbc|mongo(?:server|db|)error|sqlalchemy",
        types=names_in(
            "OperationalError DatabaseError ProgrammingError DataError IntegrityError SqlException"
            " SQLException StatementInvalid QueryException PDOException DbUpdateException"
            " CannotCreateTransactionException DataIntegrityViolationException MongoError"
            " DataAccessResourceFailureException PrismaClientKnownRequestError PersistenceException"
        ),
        sides=NOT_CLIENT,
        vague=True,
    ),
)


# Files, the programs that process them, and attached devices

FILES = (
    native_rule(
        "The app could not install its update.",
        Example("UpdateError: ERR_UPDATER_INVALID_RELEASE_FEED", "cocoa"),
        text=r"auto-?update|codepush|expo-?updates|update (?:is invalid|contents)|err_updater"
        r"|squirrel|update\.exe|install.{0,6}update|app.?update.{0,20}"
        r"(?:fail|error)|cannot (?:install|apply) update",
    ),
    app_rule(
        "A file was locked with a password.",
        Example("FileNotDecryptedError: File has not been decrypted"),
        text=r"file has not been decrypted|no password given|cannot decrypt pdf|encrypted ?document"
        r"|(?:pdf|zip|archive|file|document|workbook).{0,20}(?:is |be )(?:encrypted|password)"
        r"|password.?(?:protected|required).{0,40}(?:pdf|zip|file|archive|document|workbook)",
    ),
    Rule(
        "A file was in use by another program.",
        Example("IOException: The process cannot access the file, it is used by another process"),
        text=r"used by another process|\bebusy\b|resource busy|text file busy|sharing violation",
    ),
    Rule(
        "There was already a file with that name.",
        Example("FileExistsError: [Errno 17] File exists: '/srv/out'"),
        text=r"\beexist\b|\bfile (?:already )?exists|file ?already ?exists|directory not empty",
        types=names_in("FileExistsError"),
    ),
    call_rule(
        "Files could not be sent to another server, or fetched from there.",
        Example("error_perm: 530 Login incorrect.", function="ftplib.login"),
        text=r"\bs?ftps?\b.{0,80}(?:fail|error|refus|denied|timed|not |reset|incorrect)"
        r"|(?:fail|error|could not|unable).{0,60}\bs?ftps?\b|ftplib|paramiko|\bjsch|net::s(?:ftp"
        r"|sh|cp)|phpseclib|^error_perm"
        r"|ssh.{0,20}(?:banner|handshake|authent)|no matching host key",
        calls=r"\bparamiko|\bftplib|pysftp|asyncssh|\bjsch\b",
        files=r"paramiko/|ftplib\.|pysftp|asyncssh|ssh2|net/s(?:ftp|sh)|phpseclib",
    ),
    server_rule(
        "A sound or video could not be processed.",
        Example("CalledProcessError: Command 'ffmpeg' returned non-zero exit status 1"),
        text=r"ffmpeg|ffprobe|transcod|moov atom",
        sides=ON_SERVER,
    ),
    Rule(
        "Data did not arrive the way it was sent.",
        Example("ChecksumError: sha512 checksum mismatch", "node"),
        text=r"^(?!.{0,300}(?:iban|signature|hmac|certificate)).{0,400}"
        r"(?:checksum|sha-?(?:1|256|512)|md5|\bcrc\d{0,2})\b.{0,30}"
        r"(?:mismatch|fail|invalid|not match|error|differ)|activestorage::integrity|bad digest",
    ),
    device_rule(
        "The printer could not be used.",
        Example("PrinterException: offline", "android"),
        text=r"\bprinter|print ?job|out of paper|paper jam|escpos|zpl print",
    ),
    device_rule(
        "A device that is plugged in could not be used.",
        Example("SerialException: could not open port COM3"),
        text=r"could not open port|\bcom port|serial ?(?:port|exception)|\busb\b.{0,60}"
        r"(?:fail|error|not |lost|denied|disconnect)|\bhid device.{0,30}(?:fail|error|not |lost)",
    ),
    vague_rule(
        "{Us} could not read or save a file.",
        Example("UnableToWriteFile: Unable to write file at location: x", "php"),
        text=r"move_uploaded_file|(?:unable|failed) to (?:move|copy|rename|write|open|save) [\"'/]"
        r"|unable ?to ?(?:read|write|move|copy|delete|create) ?(?:the )?(?:file|dir)"
        r"|input/output error|\beio\b|\bi/o device|in_page_error|is a directory|\beisdir\b"
        r"|nscocoaerrordomain.{0,200}code: (?:2[56]\d|51[0-9])\b"
        r"|(?:could not|failed to|cannot) (?:write|save|open|create|copy|move) (?:the |a )?file",
    ),
    Rule(
        "Another program that {us} relies on failed.",
        Example("ProcessFailedException: The command 'tool' failed.", "php"),
        text=r"non-zero exit|the command .{0,120} failed|^(?:error: )?command failed\b"
        r"|exited with (?:code|status)|exit (?:status|code):? ?[1-9]|executable file not found"
        r"|processfailed|spawn .{0,60}enoent|timeoutexpired|processtimedout"
        r"|process exceeded the time",
        types=names_in("CalledProcessError ProcessFailedException ProcessTimedOutException"),
        sides=NOT_BROWSER,
    ),
)


# Problems that Sentry detects itself: jobs, outages, clicks, slow pages, feedback

MONITORS = reading(
    Reading.NAMES,
    app_rule(
        "The customer wrote to us about a problem.",
        Example("User Feedback: My card was declined and the page is slow", "javascript"),
        text=r"^user feedback\b",
    ),
    browser_rule(
        "The customer clicked again and again, but nothing happened.",
        Example("Rage Click", "javascript"),
        text=r"^rage.click",
    ),
    browser_rule(
        "The customer clicked, and nothing happened.",
        Example("Dead Click", "javascript"),
        text=r"^(?:dead|slow).click",
    ),
    server_rule(
        "A scheduled job did not start.",
        Example("Cron failure: nightly", "other", message="A missed check-in was detected."),
        text=r"missed check-?in",
    ),
    server_rule(
        "A scheduled job did not finish in time.",
        Example("Cron failure: nightly", "other", message="A timeout check-in was detected."),
        text=r"time-?out check-?in|check-?in.{0,20}(?:timed out|exceeded)"
        r"|exceeded max.{0,4}runtime",
    ),
    server_rule(
        "A scheduled job failed.",
        Example("Cron failure: nightly", "other", message="An error check-in was detected."),
        text=r"^cron (?:failure|monitor)|error check-?in|monitor failure",
        vague=True,
    ),
    server_rule(
        "One of our pages could not be reached from outside.",
        Example("Downtime detected for https://shop.example", "other"),
        text=r"^downtime detected|^uptime (?:check|monitor)",
    ),
    Rule(
        "{Us} was slow because it asked its data store for things one by one.",
        Example("N+1 Query"),
        text=r"^m?n\+1 (?:db )?quer",
    ),
    Rule(
        "{Us} was slow because it asked for things one by one.",
        Example("N+1 API Call", "javascript"),
        text=r"^n\+1 api call",
    ),
    Rule(
        "{Us} was slow because its data store took too long to answer.",
        Example("Slow DB Query"),
        text=r"^slow (?:db|database) (?:query|span)|^slow query|slow query.{0,20}\d",
    ),
    Rule(
        "{Us} was slow because it had to wait for its data store too often.",
        Example("Consecutive DB Queries"),
        text=r"^consecutive db",
    ),
    Rule(
        "{Us} was slow because it had to wait for one answer after another.",
        Example("Consecutive HTTP", "javascript"),
        text=r"^consecutive http",
    ),
    Rule(
        "{Us} was slow because too much was sent at once.",
        Example("Large HTTP payload", "javascript"),
        text=r"^large http payload",
    ),
    browser_rule(
        "The page was slow to show because a large part had to load first.",
        Example("Large Render Blocking Asset", "javascript"),
        text=r"^large render.blocking|^slow resource|^render.blocking asset",
    ),
    server_rule(
        "The page was slow because its parts were sent in an old way.",
        Example("HTTP/1.1 Overhead", "javascript"),
        text=r"^http/1\.1 overhead",
    ),
    server_rule(
        "The page was slow because its files were sent larger than they need to be.",
        Example("Uncompressed Asset", "javascript"),
        text=r"^uncompressed asset",
    ),
    device_rule(
        "The app was not smooth because it was too busy to draw in time.",
        Example("File IO on Main Thread", "android"),
        text=r"^(?:file io|db|database|image decod\w{1,3}|json decod\w{1,3}|regex).{0,12}on main"
        r"|^frame drop|^frozen frame",
    ),
    Rule(
        "{Us} has become slower than it was.",
        Example("Endpoint Regression"),
        text=r"^(?:endpoint|function|transaction|duration).{0,12}regress",
    ),
    browser_rule(
        "The page was slow to show up or react.",
        Example("Web Vital: LCP score needs improvement", "javascript"),
        text=r"^(?:web vitals?|lcp|inp|cls|fcp|ttfb)\b",
    ),
    server_rule(
        "One of our checks found a weak spot in {us}.",
        Example("Query Injection Vulnerability"),
        text=r"injection vulnerab|security vulnerab",
    ),
)


# Components of our server: mail, messages, search, file storage

COMPONENTS = (
    service_rule(
        "An email could not be sent because the address was not accepted.",
        Example("SMTPRecipientsRefused: {'a@example.org': (550, b'5.1.1 User unknown')}"),
        text=r"recipient.{0,20}(?:refused|rejected|address)|\b5\.1\.[0-9]\b"
        r"|mailbox (?:not|unavail)|addr-spec|rfc ?compliance|invalid addresses|no recipients",
        types=names_in("SMTPRecipientsRefused SMTPAddressFailedException"),
    ),
    service_rule(
        "An email could not be sent.",
        Example("Net::SMTPAuthenticationError: 535 refused", "ruby"),
        files=r"nodemailer|smtplib|phpmailer|swiftmailer|net/smtp|smtp-connection",
        text=r"\bsmtp|invalid login: 5\d\d|\b535[ -]5|smtp(?:auth|server|sender|data|exception)"
        r"|mail command failed|greeting never received|\b421 4\.|swoosh|lettre::|mailer|sendgrid"
        r"|mailgun|postmark|(?:could not|failed to|unable to|error) (?:send|deliver).{0,24}mail"
        r"|symfony.component.mailer|wys.a. wiadomo.ci e-?mail"
        r"|e-?mail.{0,40}nicht (?:gesendet|versendet)|nicht.{0,20}e-?mail|posta elettronica"
        r"|e-?mail.{0,20}(?:non inviat|niet verzonden|kon niet)|envoi.{0,20}mail.{0,20}chou"
        r"|envoyer.{0,12}e-?mail|enviar.{0,12}(?:correo|e-?mail)",
        types=names_in("MailSendException MessagingException SendFailedException"),
    ),
    call_rule(
        "Our server could not read its inbox.",
        Example("IMAP4.abort: socket EOF"),
        text=r"\bimap|\bpop3",
    ),
    input_rule(
        "The phone number was not accepted.",
        Example("RestException: The 'To' number is not a valid phone number.", "node"),
        text=r"not a valid (?:phone|mobile)|(?:phone|mobile)[ _]?number.{0,20}(?:invalid|not valid)"
        r"|invalid.{0,6}(?:phone|mobile)|numberparseexception",
    ),
    service_rule(
        "A text message could not be sent to the customer's phone.",
        Example("TwilioRestException: HTTP 400 error: Unable to create record"),
        text=r"twilio|vonage|\bsms\b.{0,40}(?:fail|error|not )|(?:send|deliver).{0,12}\bsms\b",
    ),
    service_rule(
        "An alert could not be sent to the customer's device.",
        Example("FirebaseMessagingError: Requested entity was not found.", "node"),
        text=r"\bapns\b|\bfcm\b|firebase.?messag|web.?push"
        r"|push.{0,4}(?:token|subscript|notification|nachricht|benachricht|melding|bericht)"
        r"|notifica\w{0,8} push|notregistered.{0,40}token|registration-token"
        r"|unregistered.{0,20}token|device ?token",
        types=names_in("UnregisteredError InvalidRegistration"),
    ),
    call_rule(
        "Our server could not check which features are turned on.",
        Example("ClientNotInitialized: LaunchDarkly client has not been initialized"),
        text=r"launchdarkly|\bunleash|feature flags?\b|flagsmith|configcat|optimizely",
        reads=Reading.NAMES,
    ),
    server_rule(
        "Our server could not make a document or a picture.",
        Example("TimeoutError: Navigation timeout of 30000 ms exceeded", "node"),
        text=r"puppeteer|wkhtmltopdf|weasyprint|navigation timeout|dompdf|tcpdf|jasperreports"
        r"|\bjrexception|itextpdf|ghostscript|libreoffice"
        r"|protocol error \((?:page|runtime|target|network|dom|io)\.|launch the browser"
        r"|page\.printtopdf|(?<!\.)\bpdf\b.{0,40}(?:fail|error|could not|nicht)"
        r"|(?:fail|error|could not|erreur|impossible|.chec).{0,40}(?<!\.)\bpdf\b",
        files=r"puppeteer|playwright|weasyprint|dompdf|reportlab|pdfkit",
        sides=ON_SERVER,
    ),
    server_rule(
        "Our server could not pass the work on to another part of itself.",
        Example("KafkaException: Send failed", "java"),
        text=r"kafka|recordtoolarge|max\.request\.size|celery.exceptions.notregistered|rabbit.?mq"
        r"|amqp|\bsqs\b|kombu|nats:|servicebus|\bbunny::|present in metadata|message broker"
        r"|econnrefused.{0,40}:(?:9092|5672)\b",
        calls=r"org\.apache\.kafka|aiokafka|\bpika\.|kombu\.(?:connection|transport)"
        r"|rabbitmq\.client",
    ),
    server_rule(
        "Our search service could not do what it was asked.",
        Example("ConnectionError: elasticsearch at 10.0.0.2 refused"),
        text=r"elastic.{0,2}(?:search|transport)|opensearch|\bsolr|algolia|meilisearch|typesense"
        r"|newconnectionerror.{0,200}:9200|://search\.",
        calls=r"elastic|opensearch",
        types=names_in("SearchPhaseExecutionException"),
    ),
    server_rule(
        "Two tasks on our server tried to change the same thing at once.",
        Example("LockNotOwnedError: Cannot release a lock that's no longer owned"),
        text=r"locknotowned|lock.{0,20}(?:no longer owned|has expired)|\bredlock|lockerror"
        r"|(?:could not|failed to|unable to|cannot|can't) (?:acquire|obtain|get) (?:a |the )?"
        r"(?:distributed )?lock(?! on )",
    ),
    server_rule(
        "Our server's short-term memory did not work.",
        Example("Redis::CannotConnectError: refused", "ruby"),
        text=r"\bredis(?!t|: nil)|memcache|:(?:6379|11211)\b|jedis|maxretriesperrequest|io\.lettuce"
        r"|\bdalli\b|oom command not allowed|\bnoauth auth|\bwrongpass\b|\bmisconf\b",
        calls=r"redis\.exceptions|^memcache|pymemcache",
    ),
    server_rule(
        "Our file store did not let our server in.",
        Example("AccessDenied: not authorized to perform: s3:PutObject", "node"),
        text=r"not authorized to perform: s3|\bs3\b.{0,80}(?:access ?denied|forbidden|signature)"
        r"|accessdenied.{0,20}when calling the \w{3,12}(?:object|bucket|upload|part)\w{0,12} "
        r"|(?:access ?denied|forbidden).{0,80}\bs3\b|storage\.objects|blob.{0,40}authoriz",
        types=names_in("SignatureDoesNotMatch InvalidAccessKeyId"),
    ),
    server_rule(
        "A saved file was missing from our file store.",
        Example("NoSuchKey: The specified key does not exist.", "node"),
        text=r"nosuchkey|\(404\) when calling the headobject|object ?not ?found in bucket"
        r"|nosuchbucket|specified (?:key|bucket|blob) does not exist|blobnotfound",
    ),
)
