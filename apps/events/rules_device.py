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
        "The customer's device has run out of storage space.",
        Where.DEVICE,
        Example("FileSystemException: No space left on device", "dart"),
        says=r"no space left|enospc|sqlite_full|disk (?:is )?full|database or disk"
        r"|not enough space|out of space|nscocoaerrordomain.{0,200}code: 640\b",
        sides=_HERE,
    ),
    Rule(
        "{Us} ran out of memory.",
        None,
        Example("OutOfMemoryError: Failed to allocate 12 bytes", "android"),
        says=r"out.?of.?memory|insufficient.?memory|\boom\b|oomkill|memory.?limit"
        r"|allowed memory size|cannot allocate"
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
        "A list on the screen did not match its data.",
        Where.APP,
        Example(
            "NSInternalInconsistencyException: Invalid update: invalid number of rows in section 0",
            "cocoa",
        ),
        says=r"invalid number of (?:rows|items|sections)|invalid view holder|inconsistency detected"
        r"|invalid update: ",
        sides=_HERE,
    ),
    Rule(
        "{Us} crashed because it used memory that was not its own.",
        None,
        Example("EXC_BAD_ACCESS: Attempted to dereference garbage pointer", "cocoa"),
        says=r"exc_bad_access|sigsegv|\bsegv|segfault|segmentation fault|access_violation|sigbus"
        r"|memory access out of bounds|bus error|accessviolation|garbage pointer|stack_buffer"
        r"|heap.?corrupt|use.after.free",
    ),
    Rule(
        "{Us} tried to do something that its machine cannot do.",
        None,
        Example("SIGILL: Illegal instruction", "native"),
        says=r"sigill|exc_bad_instruction|illegal.instruction|sigfpe|exc_arithmetic",
    ),
    Rule(
        "{Us} shut down because it was in a state it should never be in.",
        None,
        Example("SIGABRT: Abort", "native"),
        says=r"sigabrt|exc_crash|\babort\(|assertion failure|internalinconsistency|fortify"
        r"|sigtrap|fatal_app_exit",
    ),
    Rule(
        "The app tried to change a screen that was already closed.",
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
        says=r"permission\.(?:camera|record_audio)|cameraaccess|camera_?permission|avcapture"
        r"|avfoundation.{0,60}-118(?:52|14)\b"
        r"|(?:camera|microphone).{0,40}(?:denied|not (?:allowed|permitted|granted|authorized))",
        sides=_HERE,
    ),
    Rule(
        "The phone did not let the app use Bluetooth.",
        Where.DEVICE,
        Example(
            "SecurityException: Need android.permission.BLUETOOTH_CONNECT permission", "android"
        ),
        says=r"bluetooth.{0,60}(?:denied|permission|not (?:granted|authori[sz]ed|allowed)"
        r"|unauthorized)"
        r"|(?:denied|permission).{0,40}bluetooth",
        sides=_HERE,
    ),
    Rule(
        "The phone did not share its location with the app.",
        Where.DEVICE,
        Example("SecurityException: needs android.permission.ACCESS_FINE_LOCATION", "android"),
        says=r"access_(?:fine|coarse)_location|location ?services? .{0,12}(?:disabled|off)"
        r"|locationservicedisabled"
        r"|(?:denied|permission).{0,20}location|location.{0,20}(?:denied|permission)",
        sides=_HERE,
    ),
    Rule(
        "The phone did not let the app show alerts.",
        Where.DEVICE,
        Example("UNErrorDomain: Notifications are not allowed for this application", "cocoa"),
        says=r"unerrordomain|post_notifications|notifications?.{0,20}(?:not allowed|denied"
        r"|permission)",
        sides=_HERE,
    ),
    Rule(
        "The phone did not let the app use the customer's pictures.",
        Where.DEVICE,
        Example("PlatformException: photo_access_denied", "dart"),
        says=r"photo_?access|phphotos.{0,80}(?:denied|3311)|photo ?library|read_media|(?:read"
        r"|write)_external",
        sides=_HERE,
    ),
    Rule(
        "The phone did not let the app use one of its features.",
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
        "A part of the app is missing on the customer's device.",
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
        says=r"keychain|-34018\b|-25300\b|aeadbadtag|usernotauthenticatedexception|\bsecitem"
        r"|errsec|keystore|keypermanentlyinvalid|secure.?storage",
        sides=_HERE,
    ),
    Rule(
        "The check by face, fingerprint, or code did not go through.",
        Where.DEVICE,
        Example("LAErrorDomain: Canceled by user.", "cocoa"),
        says=r"\blaerror|security features are not enabled|biometr|face ?id|touch ?id|webauthn"
        r"|passkey",
    ),
    Rule(
        "The Bluetooth connection did not work.",
        Where.DEVICE,
        Example("CBErrorDomain: Bluetooth is off", "cocoa"),
        says=r"bluetooth|\bgatt|cberrordomain",
    ),
    Rule(
        "A card or tag could not be read by holding it close.",
        Where.DEVICE,
        Example("TagLostException: Tag was lost.", "android"),
        says=r"\bnfc|taglost|tag was lost",
    ),
    Rule(
        "The app could not restore what it had saved the last time.",
        Where.APP,
        Example("BadParcelableException: x when unmarshalling: app.State", "android"),
        says=r"badparcelable|when unmarshalling|parcel: unmarsh|unarchiv|restoreinstancestate"
        r"|hiveerror"
        r"|asyncstorage|sharedpreferences|nsuserdefaults",
        sides=_HERE,
    ),
    Rule(
        "The phone could not sign up for alerts.",
        Where.DEVICE,
        Example("IOException: SERVICE_NOT_AVAILABLE", "android"),
        says=r"^(?:java\.io\.)?ioexception: (?:service_not_available|authentication_failed"
        r"|fis_auth_error"
        r"|too_many_registrations|missing_instanceid_service|phone_registration_error)"
        r"|firebase.?installations|aps-environment|remote notifications",
        sides=_HERE,
    ),
    Rule(
        "The app could not go on to the next screen.",
        Where.APP,
        Example(
            "IllegalArgumentException: Navigation destination is unknown to this Controller",
            "android",
        ),
        says=r"navigation (?:action|destination)|generator for route|no route defined"
        r"|presentation source"
        r"|while a presentation is in progress|pushing the same view controller"
        r"|was not handled by any nav",
        sides=_HERE,
    ),
    Rule(
        "The customer's machine did not let the program use one of its files.",
        Where.DEVICE,
        Example("Error: EPERM: operation not permitted, rename 'x'", "cocoa"),
        says=r"\beperm\b|\beacces\b.{0,200}[a-z]:|nscocoaerrordomain.{0,200}code: (?:257|513)\b",
        sides=_HERE,
    ),
    Rule(
        "{Us} used something that was already closed.",
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
