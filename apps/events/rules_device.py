"""Plain words for apps on phones and computers: what froze, was closed or was not let in."""

from apps.events.rule import Example, Rule, Side, Where, names

_HERE = frozenset((Side.DEVICE,))

DEVICE = (
    Rule(
        "The app on the customer's device froze for a while.",
        Where.DEVICE,
        Example("ApplicationNotResponding: ANR", "android"),
        says=r"\banr\b|not ?responding|app.?hang|background anr",
        mechanisms=names("AppHang ANR"),
    ),
    Rule(
        "The phone closed the app, most often to save memory.",
        Where.DEVICE,
        Example("WatchdogTermination: The OS watchdog terminated your app", "cocoa"),
        says=r"watchdog|0x8badf00d|jetsam|low memory kill|overused ram",
        mechanisms=names("watchdog_termination"),
    ),
    Rule(
        "The customer's device has no more room to store things.",
        Where.DEVICE,
        Example("FileSystemException: No space left on device", "dart"),
        says=r"no space left|enospc|sqlite_full|disk (?:is )?full|database or disk"
        r"|not enough space|out of space",
        sides=_HERE,
    ),
    Rule(
        "{Us} ran out of memory.",
        None,
        Example("OutOfMemoryError: Failed to allocate 12 bytes", "android"),
        says=r"out.?of.?memory|\boom\b|oomkill|memory.?limit|allowed memory size|cannot allocate"
        r"|heap (?:space|out)|allocation failed|std::bad_alloc|enomem",
        types=names("MemoryError NoMemoryError"),
    ),
    Rule(
        "The part of the customer's device that draws pictures failed.",
        Where.DEVICE,
        Example("Fatal Error: GPU has crashed or was reset", "native"),
        says=r"gpu.{0,20}(?:crash|hung|hang|reset|lost|removed)|device_(?:hung|removed|lost)"
        r"|dxgi_error|metal.{0,20}command buffer",
    ),
    Rule(
        "{Us} broke down because it used memory that was not its own.",
        None,
        Example("EXC_BAD_ACCESS: Attempted to dereference garbage pointer", "cocoa"),
        says=r"exc_bad_access|sigsegv|\bsegv|segfault|segmentation fault|access_violation|sigbus"
        r"|bus error|accessviolation|garbage pointer|stack_buffer|heap.?corrupt|use.after.free",
    ),
    Rule(
        "{Us} gave itself a task that the machine cannot do.",
        None,
        Example("SIGILL: Illegal instruction", "native"),
        says=r"sigill|exc_bad_instruction|illegal.instruction|sigfpe|exc_arithmetic",
    ),
    Rule(
        "{Us} shut itself down because it was in a state that may not be.",
        None,
        Example("SIGABRT: Abort", "native"),
        says=r"sigabrt|exc_crash|\babort\(|assertion failure|internalinconsistency|fortify"
        r"|sigtrap|fatal_app_exit",
    ),
    Rule(
        "The app tried to change a screen that was closed by then.",
        Where.APP,
        Example("FlutterError: setState() called after dispose()", "dart"),
        says=r"setstate\(\) called after|deactivated widget|onsaveinstancestate|not attached to"
        r"|badtoken|view not attached|isn't attached|activity has been destroyed"
        r"|unmounted component",
    ),
    Rule(
        "A part of the screen did not fit on the customer's device.",
        Where.APP,
        Example("FlutterError: A RenderFlex overflowed by 42 pixels", "dart"),
        says=r"overflowed by|renderbox was not laid out|unbounded (?:height|width)",
        slight=True,
    ),
    Rule(
        "The customer's phone had no app that could open this.",
        Where.DEVICE,
        Example("ActivityNotFoundException: No Activity found to handle Intent", "android"),
        says=r"activitynotfound|no activity found|cannot open url|could not launch"
        r"|no app .{0,20}open",
    ),
    Rule(
        "The phone did not let the app work in the background.",
        Where.DEVICE,
        Example("ForegroundServiceStartNotAllowedException: not allowed", "android"),
        says=r"foregroundservice|startforeground|backgroundservicestart|bgtaskscheduler"
        r"|backgroundtask|remoteserviceexception",
    ),
    Rule(
        "The app on the customer's device is too old.",
        Where.DEVICE,
        Example("ApiException: this app version is no longer supported", "dart"),
        says=r"(?:client|app|version).{0,30}(?:outdated|too old|no longer supported)"
        r"|(?:update|upgrade) required",
        statuses=frozenset((426,)),
        sides=_HERE,
    ),
    Rule(
        "The phone's own system failed.",
        Where.DEVICE,
        Example("DeadSystemException: dead", "android"),
        says=r"deadsystem|deadobject|system_server|package manager has died",
    ),
    Rule(
        "The app handed the phone too much data at once.",
        Where.APP,
        Example("TransactionTooLargeException: data parcel size 1048576 bytes", "android"),
        says=r"transactiontoolarge|failed binder transaction|row too big|cursorwindow",
        sides=_HERE,
    ),
    Rule(
        "The phone did not let the app use the camera or microphone.",
        Where.DEVICE,
        Example("SecurityException: requires android.permission.CAMERA", "android"),
        says=r"permission\.(?:camera|record_audio)|cameraaccess|camera_?permission|avfoundation"
        r"|(?:camera|microphone).{0,40}(?:denied|not (?:allowed|permitted|granted|authorized))",
        sides=_HERE,
    ),
    Rule(
        "The phone did not let the app use something.",
        Where.DEVICE,
        Example("SecurityException: Permission Denial: reading contacts", "android"),
        says=r"securityexception|permission (?:denial|denied|not granted|required)|notdetermined"
        r"|user denied|not authorized|hkerror|authorization (?:not|denied)",
        sides=_HERE,
    ),
    Rule(
        "A screen of the app could not be built.",
        Where.APP,
        Example("InflateException: Binary XML file line #21", "android"),
        says=r"inflateexception|resources.notfound|nib.{0,40}could not|storyboard|error inflating",
    ),
    Rule(
        "A part is missing in the app on the customer's device.",
        Where.APP,
        Example("Invariant Violation: requireNativeComponent: was not found", "cocoa"),
        says=r"requirenativecomponent|missingplugin|turbomodule|native module|nativemodule"
        r"|unsatisfiedlink|library not loaded|unable to load asset|dlopen failed"
        r"|addressableassets|asset ?bundle|unknown module",
    ),
    Rule(
        "A saved sign-in could not be read from the customer's device.",
        Where.DEVICE,
        Example("KeyStoreException: key is gone", "android"),
        says=r"keychain|\bsecitem|errsec|keystore|keypermanentlyinvalid|secure.?storage",
        sides=_HERE,
    ),
    Rule(
        "The check by face, finger or code did not pass.",
        Where.DEVICE,
        Example("LAErrorDomain: Canceled by user.", "cocoa"),
        says=r"\blaerror|biometr|face ?id|touch ?id|webauthn|passkey",
    ),
    Rule(
        "The link over Bluetooth did not work.",
        Where.DEVICE,
        Example("CBErrorDomain: Bluetooth is off", "cocoa"),
        says=r"bluetooth|\bgatt|cberrordomain|\bnfc",
    ),
    Rule(
        "{Us} used something that had been put away by then.",
        None,
        Example("System.ObjectDisposedException: Cannot access a closed object", "csharp"),
        says=r"objectdisposed|has been (?:destroyed|disposed)|after (?:being|having been) (?:closed"
        r"|disposed)|i/o operation on closed|used after (?:being )?(?:free|dispos)"
        r"|already closed|closed channel|loop is closed",
        types=names("MissingReferenceException"),
    ),
    Rule(
        "The app could not use a part of the customer's device.",
        Where.DEVICE,
        Example("PlatformException: error, channel failed", "dart"),
        says=r"^platformexception(?!.{0,80}network)",
        vague=True,
    ),
)
