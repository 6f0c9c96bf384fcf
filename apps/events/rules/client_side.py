"""Plain words for the customer's browser: what it could not load, draw, keep or use."""

from apps.events.rules.rule import CLIENT, ON_SERVER, Deed, Example, Rule, Side, Where, names

_BROWSER = frozenset((Side.BROWSER,))
_LOOSE = frozenset((Side.BROWSER, Side.UNKNOWN))
_ON_SCREEN = frozenset((Side.BROWSER, Side.DEVICE))
_JS = "javascript"

BROWSER = (
    Rule(
        "An add-on of the customer's browser got in the way.",
        Where.BROWSER,
        Example("Error: Extension context invalidated.", _JS),
        says=r"extension context|(?:chrome|moz|safari|safari-web)-extension|webkit-masked"
        r"|__firefox__"
        r"|object not found matching id|receiving end does not exist|ethereum|metamask|gcrweb"
        r"|runtime\.sendmessage",
        files=r"-extension://|webkit-masked",
        sides=_BROWSER,
        slight=True,
    ),
    Rule(
        "The app that the page was opened in got in the way.",
        Where.BROWSER,
        Example("ReferenceError: _AutofillCallbackHandler is not defined", _JS),
        says=r"webkit\.messagehandlers|_autofillcallbackhandler|instantsearchsdk|zalojsv2"
        r"|java object is gone|enabledidusertypeonkeyboard|pcm\.hidemodal",
        sides=_BROWSER,
        slight=True,
    ),
    Rule(
        "A part of the page could not be loaded.",
        Where.BROWSER,
        Example("ChunkLoadError: Loading chunk 7 failed", _JS),
        says=r"chunkload|loading (?:css )?chunk|dynamically imported module|unable to preload css"
        r"|importing a module script failed"
        r"|webassembly|importing binding name|does not provide an export",
    ),
    Rule(
        "The page got the wrong file, most often right after an update.",
        Where.BROWSER,
        Example("SyntaxError: Unexpected token '<'", _JS),
        says=r"^syntaxerror: (?:unexpected token '?<'?|expected expression, got '<')$"
        r"|expected a javascript|not a valid javascript mime",
        sides=_BROWSER,
    ),
    Rule(
        "A part of the page from another site failed, and the browser does not say why.",
        Where.BROWSER,
        Example("Error: Script error.", _JS),
        says=r"^(?:error: )?script error\.?$",
    ),
    Rule(
        "The browser drew the page in two steps, which the customer does not notice.",
        Where.BROWSER,
        Example("Error: ResizeObserver loop limit exceeded", _JS),
        says=r"resizeobserver loop",
        slight=True,
    ),
    Rule(
        "The space that the browser sets aside for our site is full.",
        Where.BROWSER,
        Example("QuotaExceededError: The quota has been exceeded.", _JS),
        says=r"exceeded the quota|quota_reached|quota has been exceeded|storage.{0,12}full",
        types=names("QuotaExceededError"),
        sides=_BROWSER,
    ),
    Rule(
        "The browser did not let our site save its data.",
        Where.BROWSER,
        Example("SecurityError: Failed to read the 'localStorage' property", _JS),
        says=r"(?:local|session)storage|access is denied for this document|operation is insecure"
        r"|indexed ?d(?:b|atabase)|idbdatabase|database connection is closing",
        sides=_BROWSER,
    ),
    Rule(
        "The browser did not let the page talk to another site.",
        Where.BROWSER,
        Example("Error: blocked by CORS policy", _JS),
        says=r"\bcors\b|cross-origin|access-control-allow|blocked a frame with origin"
        r"|accessed from origin",
        sides=_BROWSER,
    ),
    Rule(
        "The browser refused to load something on the page.",
        Where.BROWSER,
        Example("Blocked 'font' from 'fonts.example'", _JS),
        says=r"^blocked .{0,40} from|content.security.policy|\bcsp\b"
        r"|refused to (?:load|execute|connect|apply|frame|evaluate)|trustedtype",
    ),
    Rule(
        "The customer's location was not shared.",
        Where.BROWSER,
        Example("GeolocationPositionError: User denied Geolocation", _JS),
        says=r"geolocation|kclerror|location permission|locationservicedisabled",
    ),
    Rule(
        "The browser did not let a sound or video start on its own.",
        Where.BROWSER,
        Example("NotAllowedError: play() failed because of no user gesture", _JS),
        says=r"\bplay\(\)|didn't interact|autoplay",
        sides=_BROWSER,
        slight=True,
    ),
    Rule(
        "{Us} could not play the sound or video.",
        Where.BROWSER,
        Example("NotSupportedError: Failed to load because no supported source", _JS),
        says=r"no supported source|media_err|mediaerror|unable to decode audio|pipeline_error"
        r"|exoplayback|playbackexception|mediacodec|decoder init failed|avplayer|coremediaerror"
        r"|avfoundationerrordomain|hls\.js|bufferstall",
        sides=_ON_SCREEN,
    ),
    Rule(
        "The camera or microphone could not be used.",
        Where.BROWSER,
        Example("NotFoundError: Requested device not found", _JS),
        says=r"getusermedia|(?:camera|microphone).{0,40}(?:denied|not |fail|error|access)"
        r"|overconstrainederror|requested device not found|could not start video"
        r"|^notallowederror: permission d",
    ),
    Rule(
        "The browser did not let the page copy or share something.",
        Where.BROWSER,
        Example("NotAllowedError: Write permission denied for the Clipboard", _JS),
        says=r"clipboard|navigator'?\.?.{0,12}share\b|share cancell?ed",
        sides=_BROWSER,
    ),
    Rule(
        "The page sent the browser on to another page, which does no harm.",
        Where.BROWSER,
        Example('Error: Redirected when going from "/a" to "/b" via a guard.', _JS),
        says=r"redirected when going|navigationduplicated|redundant navigation|next_redirect"
        r"|navigation cancelled from",
        sides=_BROWSER,
        slight=True,
    ),
    Rule(
        "The browser was not allowed to show alerts.",
        Where.BROWSER,
        Example("NotAllowedError: Registration failed - permission denied", _JS),
        says=r"registration failed.{0,10}permission|notifications?.{0,30}(?:denied|blocked"
        r"|permission)"
        r"|permission.{0,20}notification",
        sides=_BROWSER,
    ),
    Rule(
        "A picture could not be loaded.",
        Where.APP,
        Example("NetworkImageLoadException: HTTP request failed, statusCode: 404", "dart"),
        says=r"networkimage|imageload|failed to load image|image.{0,30}(?:failed to load"
        r"|could not be"
        r" loaded)|glideexception|sdwebimage",
        sides=_ON_SCREEN,
        slight=True,
    ),
    Rule(
        "Something else changed the page, such as a translation tool.",
        Where.BROWSER,
        Example("NotFoundError: Failed to execute 'removeChild' on 'Node'", _JS),
        says=r"removechild|insertbefore|not a child of this node|node to be (?:removed|inserted)"
        r"|object can not be found here",
        sides=_BROWSER,
    ),
    Rule(
        "The page our server sent did not match what the browser drew.",
        Where.APP,
        Example("Error: Hydration failed", _JS),
        says=r"hydrat|text content does not match|did not match.{0,20}server"
        r"|react error #(?:418|419|421|422|423|425)\b",
        sides=_BROWSER,
    ),
    Rule(
        "A part that the page should show is not there.",
        Where.APP,
        Example("Error: Minified React error #130", _JS),
        says=r"react error #130\b|element type is invalid|failed to resolve component",
        sides=_BROWSER,
    ),
    Rule(
        "The page was given data that it cannot show.",
        Where.APP,
        Example("Error: Objects are not valid as a React child", _JS),
        says=r"not valid as a react child|react error #31\b",
        sides=_BROWSER,
    ),
    Rule(
        "The page kept drawing itself over and over.",
        Where.APP,
        Example("Error: Maximum update depth exceeded.", _JS),
        says=r"maximum update depth|too many re-renders|react error #(?:185|301)\b|infinite (?:loop"
        r"|render|digest)|maximum recursive updates",
        sides=_BROWSER,
    ),
    Rule(
        "The page was put together in the wrong order.",
        Where.APP,
        Example("Error: Rendered fewer hooks than expected.", _JS),
        says=r"rendered (?:more|fewer) hooks|invalid hook call|react error #(?:300|310|321)\b"
        r"|expressionchangedafter",
        sides=_BROWSER,
    ),
    Rule(
        "The customer's browser is too old for the page.",
        Where.BROWSER,
        Example("TypeError: structuredClone is not a function", _JS),
        says=r"(?:structuredclone|replaceall|\.at|flatmap|allsettled|randomuuid|findlast|hasown"
        r"|queuemicrotask|(?:resize|intersection)observer|globalthis|bigint|fromentries)"
        r" is not (?:a function|defined)|invalid regular expression|invalid group specifier"
        r"|variable: (?:resizeobserver|intersectionobserver|globalthis|bigint|structuredclone)",
        sides=_BROWSER,
    ),
    Rule(
        "The map could not be shown as it should be.",
        Where.APP,
        Example("Error: Map container is already initialized.", _JS),
        says=r"google ?maps|mapbox|maplibre|leaflet\.js|leaflet map|map container|places_impl"
        r"|lnglat|latlng|geojson"
        r"|style is not done|referernotallowedmap|mkerrordomain|\btile (?:server|layer)",
        sides=_ON_SCREEN,
    ),
    Rule(
        "Something that the page loads from another site was missing.",
        Where.BROWSER,
        Example("ReferenceError: gtag is not defined", _JS),
        says=r"(?:variable: |[ :'])(?:\$|jquery|ga|gtag|fbq|google|grecaptcha|hbspt|datalayer)\b"
        r"(?: is not defined|$)"
        r"|failed to load (?:external )?script",
        sides=_BROWSER,
    ),
    Rule(
        "The live link between the page and our server broke.",
        Where.NETWORK,
        Example("Error: WebSocket connection failed", _JS),
        says=r"websocket|socket\.io|eventsource|signalr",
        files=r"socket\.io|engine\.io|signalr|sockjs|phoenix\.js|pusher",
        sides=_LOOSE,
    ),
    Rule(
        "The video or voice call did not work.",
        Where.NETWORK,
        Example("RTCError: ICE failed", _JS),
        says=r"\bice (?:connection|candidate|fail|gather)|rtcpeer|webrtc|\brtcerror"
        r"|peer ?connection"
        r"|livekit|jitsi|agorartc",
        sides=_ON_SCREEN,
    ),
    Rule(
        "The browser could not update its saved copy of our site.",
        Where.BROWSER,
        Example("TypeError: Failed to register a ServiceWorker", _JS),
        says=r"service ?worker|workbox",
        sides=_BROWSER,
    ),
    Rule(
        "The customer's device could not draw what the page shows.",
        Where.BROWSER,
        Example("Error: Error creating WebGL context.", _JS),
        says=r"webgl|\bcanvas\b.{0,40}(?:context|tainted|failed)|context lost",
        sides=_BROWSER,
    ),
    Rule(
        "The page could not draw one of its parts.",
        Where.APP,
        Example("Error: Minified React error #482", _JS),
        says=r"minified react error|\bng0\d{3,4}\b|error boundary|effect_update_depth",
        sides=_BROWSER,
        vague=True,
    ),
    Rule(
        "The browser could not read a part of the program.",
        Where.BROWSER,
        Example("SyntaxError: Unexpected identifier 'x'", _JS),
        types=names("SyntaxError"),
        sides=_BROWSER,
        vague=True,
    ),
    Rule(
        "The browser did not let the page do that.",
        Where.BROWSER,
        Example("NotAllowedError: not allowed by the user agent", _JS),
        types=names("NotAllowedError SecurityError"),
        sides=_BROWSER,
        vague=True,
    ),
    Rule(
        "A step on the page failed and gave no reason.",
        Where.APP,
        Example("UnhandledRejection: Object captured as promise rejection with keys: a", _JS),
        says=r"promise rejection",
        types=names("UnhandledRejection"),
        vague=True,
    ),
)


# Plain words for apps on phones and computers: what froze, was closed or was not let in.

_DEVICE = frozenset((Side.DEVICE,))

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
        sides=_DEVICE,
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
        sides=_DEVICE,
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
        sides=_DEVICE,
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
        sides=_DEVICE,
    ),
    Rule(
        "The phone did not let the app use the camera or microphone.",
        Where.DEVICE,
        Example("SecurityException: requires android.permission.CAMERA", "android"),
        says=r"permission\.(?:camera|record_audio)|cameraaccess|camera_?permission|avcapture"
        r"|avfoundation.{0,60}-118(?:52|14)\b"
        r"|(?:camera|microphone).{0,40}(?:denied|not (?:allowed|permitted|granted|authorized))",
        sides=_DEVICE,
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
        sides=_DEVICE,
    ),
    Rule(
        "The phone did not share its location with the app.",
        Where.DEVICE,
        Example("SecurityException: needs android.permission.ACCESS_FINE_LOCATION", "android"),
        says=r"access_(?:fine|coarse)_location|location ?services? .{0,12}(?:disabled|off)"
        r"|locationservicedisabled"
        r"|(?:denied|permission).{0,20}location|location.{0,20}(?:denied|permission)",
        sides=_DEVICE,
    ),
    Rule(
        "The phone did not let the app show alerts.",
        Where.DEVICE,
        Example("UNErrorDomain: Notifications are not allowed for this application", "cocoa"),
        says=r"unerrordomain|post_notifications|notifications?.{0,20}(?:not allowed|denied"
        r"|permission)",
        sides=_DEVICE,
    ),
    Rule(
        "The phone did not let the app use the customer's pictures.",
        Where.DEVICE,
        Example("PlatformException: photo_access_denied", "dart"),
        says=r"photo_?access|phphotos.{0,80}(?:denied|3311)|photo ?library|read_media|(?:read"
        r"|write)_external",
        sides=_DEVICE,
    ),
    Rule(
        "The phone did not let the app use one of its features.",
        Where.DEVICE,
        Example("SecurityException: Permission Denial: reading contacts", "android"),
        says=r"securityexception|permission (?:denial|denied|not granted|required)|notdetermined"
        r"|user denied|not authorized|hkerror|authorization (?:not|denied)",
        sides=_DEVICE,
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
        sides=_DEVICE,
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
        sides=_DEVICE,
    ),
    Rule(
        "The phone could not sign up for alerts.",
        Where.DEVICE,
        Example("IOException: SERVICE_NOT_AVAILABLE", "android"),
        says=r"^(?:java\.io\.)?ioexception: (?:service_not_available|authentication_failed"
        r"|fis_auth_error"
        r"|too_many_registrations|missing_instanceid_service|phone_registration_error)"
        r"|firebase.?installations|aps-environment|remote notifications",
        sides=_DEVICE,
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
        sides=_DEVICE,
    ),
    Rule(
        "The customer's machine did not let the program use one of its files.",
        Where.DEVICE,
        Example("Error: EPERM: operation not permitted, rename 'x'", "cocoa"),
        says=r"\beperm\b|\beacces\b.{0,200}[a-z]:|nscocoaerrordomain.{0,200}code: (?:257|513)\b",
        sides=_DEVICE,
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


# Plain words for what was entered, sent or asked for and does not fit.

_OPEN = frozenset((Side.SERVER, Side.UNKNOWN))

INPUT = (
    Rule(
        "What was sent was too large to accept.",
        Where.SERVER,
        Example("RequestEntityTooLarge: request entity too large"),
        says=r"(?:entity|payload|request|body|file|upload).{0,10}too ?(?:large|big)|maxuploadsize"
        r"|(?:maximum|max).{0,4}(?:upload|file).{0,4}size|requestdatatoobig|content too large"
        r"|exceeds.{0,30}upload|limit_file_size|toomanyfields|max_number_fields|post ?too ?large"
        r"|file ?size.{0,12}exceed|exceeds? (?:the )?(?:limit of |maximum (?:of )?)?\d{1,5} ?[kmg]b"
        r"|(?:datei|file|fichier|archivo)\b.{0,20}(?:zu gro|trop (?:gros|volum)|demasiado grande)"
        r"|larger than max",
        statuses=frozenset((413,)),
    ),
    Rule(
        "The file could not be read, or it is not a kind we accept.",
        Where.SERVER,
        Example("UnidentifiedImageError: cannot identify image file"),
        says=r"cannot identify image|unsupported (?:media|file|image)|invalid image|not an image"
        r"|not a (?:valid )?(?:zip|pdf|image)|bad ?zip|magick|decode delegate|libvips"
        r"|unidentifiedimage|zip ?exception|gd-jpeg|imagecreatefrom|does not support .{0,12}file"
        r"|unable to identify a reader|heic|heif"
        r"|premature end of|unable to decode input|notofficexml|pdfread|eof marker not found"
        r"|end of central directory|not a gzip|unknown file (?:type|format)|missingpdf"
        r"|file ?type (?:is )?not (?:supported|allowed|accepted)|invalid ?file ?(?:type|format)"
        r"|invalidfileexception|(?:dateityp|dateiformat).{0,20}nicht|format de fichier"
        r"|(?:corrupt|truncated).{0,12}(?:file|image|pdf|archive)|image file is truncated"
        r"|invalid ?pdf",
        statuses=frozenset((415,)),
    ),
    Rule(
        "A date or time could not be understood.",
        Where.APP,
        Example("RangeError: Invalid time value", "javascript"),
        says=r"invalid (?:time value|date)|time data .{0,80}does not match|datetimeparse"
        r"|unparseable date|(?:parse|parsing|convert).{0,30}(?:date|time)\b"
        r"|day is out of range|month must be in"
        r"|date value out of range|(?:ambiguous|nonexistent) ?time|ung.ltiges datum|date invalide"
        r"|fecha inv.lida|not a valid date|isoformat string|failed to parse time|invalid iso ?8601",
        types=names("DateError DateTimeParseException"),
    ),
    Rule(
        "Something that should be a number was not one.",
        Where.APP,
        Example("ValueError: invalid literal for int() with base 10: 'ten'"),
        says=r"invalid literal for int|could not convert string to|non-numeric|invalid number"
        r"|keine (?:g.ltige )?zahl|strconv\.|not a (?:valid )?number|\bnan\b"
        r"|decimal.{0,40}(?:invalid|conversion)"
        r"|(?<!in )input string|invalid (?:radix|double|integer|float)",
        types=names("NumberFormatException ParseIntError ParseFloatError InvalidOperation"),
    ),
    Rule(
        "Our server sent a whole page where the app expected data.",
        Where.SERVER,
        Example("SyntaxError: Unexpected token '<', \"<!DOCTYPE \"...", "javascript"),
        says=r"unexpected token '?<'?.{0,20}(?:<!doc|json|html)|json parse error: unrecog.{0,20}<"
        r"|<!doctype|<html|unexpected character.{0,40}[('\": ]<|parsing value: <",
        sides=CLIENT,
    ),
    Rule(
        "Our server got a whole page where it needed data from another service.",
        Where.SERVICE,
        Example("JSONDecodeError: <!DOCTYPE html>", "python"),
        says=r"unexpected token '?<|<!doctype|<html|unexpected character.{0,40}[('\": ]<"
        r"|parsing value: <"
        r"|unexpected byte.{0,30}0x3c",
        sides=ON_SERVER,
    ),
    Rule(
        "{Us} got data that it could not read.",
        None,
        Example("JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
        says=r"\bjson.{0,6}(?:decode|parse|syntax|reader|mapping|parser|exception)|expecting value:"
        r"|(?:unexpected|invalid|expected|unterminated).{0,60}\bjson\b"
        r"|unexpected end of (?:json|data)|formatexception: unexpected character"
        r"|expected begin_|in the correct format|unexpected byte at position"
        r"|parseerror: unexpected token|unexpected token at|not ?readable ?exception"
        r"|jsondecod|mismatchedinput|unrecognizedproperty"
        r"|\bserde|missing field .{0,60} at line|missingfieldexception|unexpected end of input"
        r"|string did not match the expected pattern|protobuf"
        r"|invalid character .{0,20}looking for|deserializ",
        types=names("DecodingError DecodeError"),
    ),
    Rule(
        "Some letters or symbols in a text could not be read or written.",
        Where.APP,
        Example("UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe9"),
        says=r"unicode(?:de|en)code|codec can't|invalid byte sequence|incompatible character"
        r"|illegal (?:character|byte)|malformedinput|malformed utf|invalid utf|uri malformed"
        r"|malformed uri|incorrect string value",
        types=names("URIError InvalidCharacterError UndefinedConversionError"),
    ),
    Rule(
        "A file or message was not put together as it should be.",
        Where.APP,
        Example("XMLSyntaxError: Start tag expected, '<' not found"),
        says=r"xmlsyntax|saxparse|\bxml\b.{0,40}(?:error|invalid|pars)"
        r"|csv.{0,20}(?:error|malformed)|(?:row|line) \d{1,6}: expected|error tokenizing"
        r"|xmlexception|root element"
        r"|expected \d{1,4} (?:columns|fields)|cvc-[a-z]|unmarshalexception"
        r"|wrong number of (?:columns|fields)|papaparse"
        r"|malformed(?:csv| csv|.{0,4}xml)|yaml.{0,20}(?:error|exception|pars|scan)",
    ),
    Rule(
        "It had just been taken or changed by someone else.",
        Where.SERVER,
        Example("SlotTaken: the slot is no longer available"),
        says=r"already ?(?:been )?(?:taken|booked|reserved|changed)|no ?longer ?available"
        r"|(?:unique|duplicate).{0,160}(?:seat|slot|reservation)"
        r"|(?:slot|seat|room).{0,20}(?:taken|gone)|no availability"
        r"|fully ?booked|\b(?:slot|seat|room|table|date)s?.{0,30}not ?available|ausgebucht"
        r"|(?:platz|termin|artikel|zimmer|fahrzeug)\w{0,3}\b.{0,30}nicht mehr verf.gbar",
        types=names("Conflict ConflictException ConflictError ConflictHttpException"),
        statuses=frozenset((409, 412)),
        sides=frozenset((*CLIENT, *_OPEN)),
    ),
    Rule(
        "The address was not accepted.",
        Where.SERVER,
        Example("InvalidAddress: postcode '9170' not served"),
        says=r"(?:postcode|post code|zip ?code|postal ?code|\baddress\b).{0,30}"
        r"(?:not (?:served|valid|found|deliver)|invalid|unknown)"
        r"|(?:invalid|unknown).?(?:postcode|zip|street|address)|delivery (?:area|zone)"
        r"|geocod.{0,40}(?:zero|no result|fail|not )|could not geocode",
        sides=_OPEN,
    ),
    Rule(
        "Our server had put together an answer that was not right.",
        Where.SERVER,
        Example("ResponseValidationError: 1 validation errors"),
        says=r"response ?validation|responseserializ",
    ),
    Rule(
        "What was entered was not accepted.",
        Where.SERVER,
        Example("ValidationError: Enter a whole phone number"),
        says=r"(?<!chain )validation.?(?:failed|error)|is (?:required|not valid)\b|^unprocessable"
        r"|invalid input"
        r"|must not be (?:blank|empty)|can't be blank|recordinvalid|got invalid value",
        types=names(
            "ValidationError ValidationException MethodArgumentNotValidException RecordInvalid"
            " UnprocessableEntity ZodError ConstraintViolationException BindException"
            " InvalidChangesetError RequestValidationError"
            " UnprocessableEntityHttpException UnprocessableEntityException"
        ),
    ),
    Rule(
        "A detail was missing from what was sent to our server.",
        Where.SERVER,
        Example("ActionController::ParameterMissing: param is missing: order", "ruby"),
        says=r"(?:parameter|param|field|argument|header|property).{0,40}(?:is missing|not present)"
        r"|missing (?:required )?(?:param|field|key|header)|is undefined in (?:form|url|arguments)",
        types=names(
            "ParameterMissing MissingServletRequestParameterException BadRequestKeyError"
            " MultiValueDictKeyError BadRequest BadRequestHttpException"
        ),
        sides=_OPEN,
    ),
    Rule(
        "It went over a set limit.",
        Where.SERVER,
        Example("DailyLimitExceededException: limit of the day", "php"),
        says=r"(?:limit|quota|budget|allowance)s?\b.{0,30}(?:exceeded|reached|exhausted|used up)"
        r"|exceed.{0,30}(?:limit|quota|budget)|(?:limit|quota|budget) ?(?:exceeded|reached)"
        r"|maximum number of|limit.{0,20}(?:.berschritten|erreicht|d.pass|superad|superat)",
        vague=True,
    ),
    Rule(
        "That step was not allowed at that point.",
        Where.SERVER,
        Example("AASM::InvalidTransition: cannot transition from 'cancelled'", "ruby"),
        says=r"cannot transition|invalid.{0,6}transition|transition.{0,20}not allowed"
        r"|already ?(?:been |being )?(?:cancell?ed|shipped|completed|processed|confirmed|invoiced)"
        r"|(?:order|booking|invoice|case) (?:is )?already closed|bereits (?:storniert|versandt"
        r"|bezahlt)"
        r"|(?:not in|wrong|illegal|invalid) (?:the )?(?:order |booking )?(?:state"
        r"|status)\b(?! (?:code|param))",
        sides=_OPEN,
    ),
    Rule(
        "A picture was too large to work with.",
        Where.APP,
        Example("DecompressionBombError: Image size exceeds limit"),
        says=r"decompression ?bomb|too large.{0,20}bitmap|image (?:size|dimension).{0,30}exceed"
        r"|(?:image|picture) (?:is )?too (?:large|big)|pixel limit",
    ),
    Rule(
        "The page could not be found.",
        Where.SERVER,
        Example("Symfony\\Component\\NotFoundHttpException: No route found", "php"),
        says=r"no route (?:found|matches)|no handler found for|page not found|cannot get /",
        types=names(
            "Http404 NotFoundHttpException RoutingError NoRouteError NoHandlerFoundException"
            " NoResourceFoundException ActionNotFound UnknownAction ResourceNotFoundException"
        ),
        sides=_OPEN,
    ),
    Rule(
        "Our server does not accept that kind of call there.",
        Where.SERVER,
        Example("MethodNotAllowedHttpException: The POST method is not supported", "php"),
        says=r"method.?not.?allowed|method.{0,12}is not supported",
        statuses=frozenset((405,)),
    ),
    Rule(
        "A web address that the program uses is not right.",
        Where.SERVER,
        Example("MissingSchema: Invalid URL 'shop': No scheme supplied"),
        says=r"invalid ur[li]|(?:parse|base) url|malformedurl|no sche(?:ma|me) supplied"
        r"|unsupported protocol",
        types=names("MissingSchema InvalidSchema InvalidURIError MalformedURLException"),
    ),
    Rule(
        "Some text or a rule for the customer's language was missing.",
        Where.APP,
        Example("MissingTranslationData: translation missing: de.total", "ruby"),
        says=r"translation ?(?:is )?missing|missing ?translation|translation.{0,40}not found"
        r"|missing_message|not a valid locale|incorrect locale|invalid ?locale|missing message:"
        r"|no (?:translation|locale)",
    ),
    Rule(
        "Our server could not put the page together.",
        Where.SERVER,
        Example("Twig\\Error\\RuntimeError: Neither the property exists", "php"),
        says=r"\btwig\b|jinja|^undefinederror|templatesyntax|templatedoesnotexist|actionview"
        r"|\bblade\b|thymeleaf"
        r"|freemarker|liquid::|template.{0,20}(?:error|not found|missing)"
        r"|view \[.{0,60}\] not found",
        types=names("NoReverseMatch MissingTemplate TemplateError"),
        sides=ON_SERVER,
    ),
    Rule(
        "A file could not be sent.",
        None,
        Example("Error: upload failed", "javascript"),
        says=r"upload (?:has )?fail|failed to upload|could ?n.t upload|error (?:while )?uploading"
        r"|\btus: "
        r"|hochladen.{0,20}(?:fehl|nicht)|(?:error|fallo) al subir|.chec.{0,20}t.l.versement"
        r"|uploadfailed",
        vague=True,
        deed=Deed.UPLOADING,
    ),
    Rule(
        "Our server was asked for a kind of answer it does not have.",
        Where.SERVER,
        Example("ActionController::UnknownFormat: no", "ruby"),
        types=names(
            "UnknownFormat HttpMediaTypeNotAcceptableException NotAcceptableHttpException"
            " NotAcceptable NotAcceptableError"
        ),
    ),
)


# Plain words for what was being done, where nothing tells why it failed. All are broad: they are
# asked last, and say more than that something failed.

_FAILED = (
    r"(?:fail|error (?:while|when|during|creat|send|import|export)|abort"
    r"|could not|unable|impossib|not be (?:made|sent|created)|gave up|giving up"
    r"|fehlgeschlagen|fehler|abgebrochen|nicht (?:erstellt|gesendet|m.glich|versendet)"
    r"|konnte .{0,40}nicht|.chou|no se pudo|fall[oó]|non riuscit|n.o foi poss|falha"
    r"|nie powiod|nie uda|mislukt|misslyck|feilet|mislyk)"
)

_OURS = frozenset((Side.SERVER, Side.UNKNOWN))


def _of(words: str) -> str:
    """The thing that was done and that it failed, in either order."""
    return rf"\b(?:{words})\w{{0,12}}.{{0,60}}{_FAILED}|{_FAILED}.{{0,40}}\b(?:{words})"


DOINGS = (
    Rule(
        "A backup of our data could not be made.",
        None,
        Example("Backup failed: night", "other"),
        says=_of("backup|datensicherung|sauvegarde|copia de seguridad"),
        vague=True,
        broad=True,
    ),
    Rule(
        "A message to another program could not be delivered.",
        None,
        Example("Webhook failed after many tries", "other"),
        says=_of("webhook"),
        vague=True,
        broad=True,
    ),
    Rule(
        "A shipping label could not be made.",
        None,
        Example("Shipping label failed for it", "other"),
        says=_of("shipping label|parcel label|versandetikett|versandlabel|paketschein|.tiquette"),
        vague=True,
        broad=True,
    ),
    Rule(
        "An invoice could not be made or sent.",
        None,
        Example("Invoice failed to be made", "other"),
        says=_of("invoice|rechnung|facture|factura|fattura|faktur|nota fiscal"),
        vague=True,
        broad=True,
        deed=Deed.INVOICE,
    ),
    Rule(
        "The order could not be placed or processed.",
        None,
        Example("Order failed to be placed", "other"),
        says=_of("(?:orders?|checkout)\\b|bestellung|auftrag|commande|pedido|ordine|zam.wieni"),
        vague=True,
        broad=True,
        deed=Deed.ORDERING,
    ),
    Rule(
        "The booking could not be made or processed.",
        None,
        Example("Booking failed to be made", "other"),
        says=_of("booking|reservation|buchung|r.servation|reserva\\b|prenotazion|rezerwacj"),
        vague=True,
        broad=True,
        deed=Deed.BOOKING,
    ),
    Rule(
        "A price could not be calculated.",
        None,
        Example("Price failed to be made", "other"),
        says=_of("price|pricing|tariff|preis|shipping cost|versandkosten"),
        vague=True,
        broad=True,
    ),
    Rule(
        "Data could not be brought in or updated.",
        None,
        Example("Import of rows failed", "other"),
        says=_of(
            r"import (?:of|from|der|des|job|run|fail)|data sync|synchroni|abgleich|importa[cz]i"
        ),
        sides=_OURS,
        vague=True,
        broad=True,
    ),
    Rule(
        "Data could not be exported to a file.",
        None,
        Example("Export of rows failed", "other"),
        says=_of("export (?:of|to|der|des|job|run|fail)|exporta[cz]i"),
        sides=_OURS,
        vague=True,
        broad=True,
        deed=Deed.REPORT,
    ),
)
