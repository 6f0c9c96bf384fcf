"""Plain words for the machine a program runs on: its files, its settings, its room and time."""

from apps.events.rule import ON_SERVER, Example, Rule, Side, Where, names

_OPEN = frozenset((Side.SERVER, Side.UNKNOWN))

SERVER = (
    Rule(
        "Our server had run out of storage space.",
        Where.SERVER,
        Example("OSError: [Errno 28] No space left on device"),
        says=r"no space left|enospc|disk (?:is )?full|disk quota|could not extend file"
        r"|not enough space"
        r"|(?:not enough|insufficient|low) disk|disk space|kein speicherplatz"
        r"|espace (?:disque )?insuf"
        r"|espacio insuf|spazio insuf",
        sides=_OPEN,
    ),
    Rule(
        "Our server had too many files open at once.",
        Where.SERVER,
        Example("OSError: [Errno 24] Too many open files"),
        says=r"too many open files|emfile|enfile",
    ),
    Rule(
        "Our server had more work than it could do at once.",
        Where.SERVER,
        Example("RuntimeError: can't start new thread"),
        says=r"can't start new thread|native thread|rejectedexecution|resource temporarily"
        r"|queue (?:is )?full|eagain",
    ),
    Rule(
        "Our server was down while we worked on it.",
        Where.SERVER,
        Example("HttpException: down for maintenance", "php"),
        says=r"maintenance.?mode|(?:under|down for|scheduled) maintenance",
    ),
    Rule(
        "Our server was stopped in the middle of its work.",
        Where.SERVER,
        Example("WorkerLostError: Worker exited prematurely: signal 9"),
        says=r"worker (?:exited|lost|died|killed)|workerlost|sigkill|sigterm|shutting down"
        r"|being shut ?down"
        r"|signal: killed|pruned.?job",
        types=names("SystemExit KeyboardInterrupt InterruptedException GracefulExit Shutdown"),
        sides=_OPEN,
    ),
    Rule(
        "A setting that the program needs is missing.",
        Where.SERVER,
        Example("ImproperlyConfigured: Set the SMS_KEY environment variable"),
        says=r"environment variable|missing (?:config|setting|env)|not configured"
        r"|(?:load|locate|find|default) (?:\w{1,12} )?credentials"
        r"|(?:config|setting|\benv)\w{0,12} .{0,30}(?:missing|not set|not found|is required)",
        types=names("ImproperlyConfigured UnsatisfiedDependencyException BeanCreationException"),
    ),
    Rule(
        "A part of the program was missing when it was needed.",
        Where.APP,
        Example("ModuleNotFoundError: No module named 'invoices'"),
        says=r"no module named|cannot find module|cannot load such file"
        r"|could not load (?:file|type)"
        r"|class .{0,100}not found|cannot import name|undefined symbol|uninitialized constant"
        r"|dllnotfound|unable to load (?:dll|shared library)|unable to resolve service"
        r""
        r"|no service for type|no provider for|nullinjector|no qualifying bean|resolve dependenc",
        types=names(
            "ModuleNotFoundError ImportError NoClassDefFoundError ClassNotFoundException LoadError"
            " NoSuchMethodError NoSuchFieldError TypeLoadException UndefinedFunctionError"
        ),
    ),
    Rule(
        "A file that {us} needs is missing.",
        None,
        Example("FileNotFoundError: [Errno 2] No such file or directory: 'terms.pdf'"),
        says=r"no such file|enoent|could not find (?:file|a part of the path)|failed to open stream"
        r"|cannot find the (?:file|path)|filenotfound|nosuchfile|pathnotfound",
    ),
    Rule(
        "{Us} was not allowed to open one of its own files.",
        None,
        Example("PermissionError: [Errno 13] Permission denied: '/srv/out'"),
        says=r"\beacces|\beperm\b|permission denied|operation not permitted|access to the path"
        r"|read-only file system|erofs",
        types=names("PermissionError UnauthorizedAccessException"),
        sides=frozenset((Side.SERVER, Side.DEVICE, Side.UNKNOWN)),
    ),
    Rule(
        "{Us} could not unlock protected data.",
        None,
        Example("cryptography.fernet.InvalidToken: "),
        says=r"fernet|decrypt|(?:incorrect|bad|invalid).?padding|badmac|cipher|messageencryptor"
        r"|messageverifier|\bkms\b|aeadbadtag|tag mismatch|cryptographic|payload (?:is"
        r"|was) invalid",
    ),
    Rule(
        "Our server had already started its answer and could not change it.",
        Where.SERVER,
        Example("ErrorException: headers already sent by (output started)", "php"),
        says=r"headers (?:already|after they are) sent|response (?:has )?already|doublerender"
        r"|cannot set headers|response has been committed",
    ),
    Rule(
        "Our server tried a piece of work again and again, then gave up.",
        Where.SERVER,
        Example("MaxRetriesExceededError: Can't retry shop.send_mail[3f2]"),
        says=r"maxretriesexceeded|can't retry|retries exhausted|retry limit|maxattemptsexceeded"
        r"|attempted too many times",
        vague=True,
    ),
    Rule(
        "A part of our server was too busy to answer in time.",
        Where.SERVER,
        Example("exit: exited in: GenServer.call(:hold, 5000) (EXIT) time out", "elixir"),
        says=r"\(exit\) time ?out|asktimeoutexception",
        sides=ON_SERVER,
    ),
    Rule(
        "A part of our server was not running.",
        Where.SERVER,
        Example("exit: no process: the process is not alive", "elixir"),
        says=r"no process|noproc|genserver\.call|process is not alive|actor.{0,20}(?:dead|stopped)"
        r"|shard.{0,20}unavailable",
        sides=ON_SERVER,
    ),
    Rule(
        "A step was called off before it was done.",
        Where.SERVER,
        Example("System.OperationCanceledException: The operation was canceled.", "elixir"),
        says=r"operation was cancell?ed|task was cancell?ed|cancellederror|cancellationexception",
        types=names("TaskCanceledException OperationCanceledException"),
        vague=True,
    ),
    Rule(
        "Our server could not start because another program was in its place.",
        Where.SERVER,
        Example("Error: listen EADDRINUSE: address already in use :::3000", "node"),
        says=r"eaddrinuse|address already in use",
        sides=ON_SERVER,
    ),
    Rule(
        "{Us} does not know that time zone.",
        None,
        Example("RangeError: Invalid time zone specified: Europe/Kyiv", "javascript"),
        says=r"(?:invalid|unknown|unsupported|no such|bad) time ?zone|time ?zone.{0,40}(?:not found"
        r"|unknown|invalid|not recognized)|zoneinfonotfound|zonerules|unknowntimezone"
        r"|timezonenotfound",
    ),
    Rule(
        "{Us} does something in an old way, which still works.",
        None,
        Example("DeprecationWarning: Buffer is deprecated", "node"),
        says=r"deprecationwarning|\bis deprecated|has been deprecated|\bdeprecated:",
        vague=True,
        slight=True,
    ),
)
