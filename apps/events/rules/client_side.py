"""Rules for failures in browsers and apps, and for what customers enter and do."""

from apps.events.rules.rule import (
    CLIENT,
    IN_BROWSER,
    NOT_BROWSER,
    NOT_CLIENT,
    NOT_DEVICE,
    NOT_SERVER,
    ON_DEVICE,
    ON_SERVER,
    Example,
    Place,
    Reading,
    Rule,
    Side,
    UserAction,
    app_rule,
    browser_rule,
    call_rule,
    device_rule,
    input_rule,
    names_in,
    native_rule,
    network_rule,
    page_rule,
    reading,
    server_rule,
    vague_rule,
)

_JS = "javascript"
_PART = (
    r"chunkload|loading (?:css )?chunk|dynamically imported module|unable to preload css"
    r"|importing a module script failed|webassembly|importing binding name"
    r"|does not provide an export"
)

BROWSER = (
    page_rule(
        "An add-on in the customer's browser got in the way.",
        Example("Error: Extension context invalidated.", _JS),
        text=r"extension context|(?:chrome|moz|safari|safari-web)-extension|webkit-masked"
        r"|__firefox__|object not found matching id|receiving end does not exist|ethereum|metamask"
        r"|gcrweb|runtime\.sendmessage",
        files=r"-extension://|webkit-masked",
        slight=True,
        reads=Reading.NAMES,
    ),
    page_rule(
        "The app that the page was opened in got in the way.",
        Example("ReferenceError: _AutofillCallbackHandler is not defined", _JS),
        text=r"webkit\.messagehandlers|_autofillcallbackhandler|instantsearchsdk|zalojsv2"
        r"|java object is gone|enabledidusertypeonkeyboard|pcm\.hidemodal",
        slight=True,
        reads=Reading.NAMES,
    ),
    browser_rule(
        "A part of the page could not be loaded.",
        Example("ChunkLoadError: Loading chunk 7 failed", _JS),
        text=_PART,
        sides=frozenset((Side.BROWSER, Side.UNKNOWN)),
        reads=Reading.CODE,
    ),
    Rule(
        "{Us} could not load one of its parts.",
        Example("ChunkLoadError: Loading chunk 7 failed", "node"),
        text=_PART,
        sides=ON_DEVICE | ON_SERVER,
        reads=Reading.CODE,
    ),
    page_rule(
        "The page got the wrong file, most often right after an update.",
        Example("SyntaxError: Unexpected token '<'", _JS),
        text=r"^syntaxerror: (?:unexpected token '?<'?|expected expression, got '<')$"
        r"|expected a javascript|not a valid javascript mime",
        reads=Reading.NAMES,
    ),
    browser_rule(
        "A part of the page from another site failed, and the browser does not say why.",
        Example("Error: Script error.", _JS),
        text=r"^(?:error: )?script error\.?$",
    ),
    browser_rule(
        "The browser drew the page in two steps, which the customer would not notice.",
        Example("Error: ResizeObserver loop limit exceeded", _JS),
        text=r"resizeobserver loop",
        slight=True,
        sides=NOT_DEVICE,
    ),
    app_rule(
        "The app drew its screen in two steps, which the customer would not notice.",
        Example("Error: ResizeObserver loop limit exceeded", "dart"),
        text=r"resizeobserver loop",
        sides=ON_DEVICE,
        slight=True,
    ),
    page_rule(
        "The space that the browser sets aside for our site is full.",
        Example("QuotaExceededError: The quota has been exceeded.", _JS),
        text=r"exceeded the quota|quota_reached|quota has been exceeded|storage.{0,12}full",
        types=names_in("QuotaExceededError"),
    ),
    page_rule(
        "The browser did not let our site save its data.",
        Example("SecurityError: Failed to read the 'localStorage' property", _JS),
        text=r"(?:local|session)storage|access is denied for this document|operation is insecure"
        r"|indexed ?d(?:b|atabase)|idbdatabase|database connection is closing",
    ),
    page_rule(
        "The browser did not let the page talk to another site.",
        Example("Error: blocked by CORS policy", _JS),
        text=r"\bcors\b|cross-origin|access-control-allow|blocked a frame with origin"
        r"|accessed from origin",
    ),
    browser_rule(
        "The browser refused to load something on the page.",
        Example("Blocked 'font' from 'fonts.example'", _JS),
        text=r"^blocked .{0,40} from|content.security.policy|\bcsp\b"
        r"|refused to (?:load|execute|connect|apply|frame|evaluate)|trustedtype",
        sides=frozenset((Side.BROWSER, Side.UNKNOWN)),
    ),
    browser_rule(
        "The customer's location was not shared.",
        Example("GeolocationPositionError: User denied Geolocation", _JS),
        text=r"geolocation|kclerror|location permission|locationservicedisabled",
    ),
    page_rule(
        "The browser did not let a sound or video start on its own.",
        Example("NotAllowedError: play() failed because of no user gesture", _JS),
        text=r"\bplay\(\)|didn't interact|autoplay",
        slight=True,
    ),
    browser_rule(
        "{Us} could not play the sound or video.",
        Example("NotSupportedError: Failed to load because no supported source", _JS),
        text=r"no supported source|media_err|mediaerror|unable to decode audio|pipeline_error"
        r"|exoplayback|playbackexception|mediacodec|decoder init failed|avplayer|coremediaerror"
        r"|avfoundationerrordomain|hls\.js|bufferstall",
        sides=CLIENT,
    ),
    browser_rule(
        "The camera or microphone could not be used.",
        Example("NotFoundError: Requested device not found", _JS),
        text=r"getusermedia|(?:camera|microphone).{0,40}(?:denied|not |fail|error|access)"
        r"|overconstrainederror|requested device not found|could not start video"
        r"|^notallowederror: permission d",
    ),
    page_rule(
        "The browser did not let the page copy or share something.",
        Example("NotAllowedError: Write permission denied for the Clipboard", _JS),
        text=r"clipboard|navigator'?\.?.{0,12}share\b|share cancell?ed",
    ),
    page_rule(
        "The page sent the browser on to another page, which does no harm.",
        Example('Error: Redirected when going from "/a" to "/b" via a guard.', _JS),
        text=r"redirected when going|navigationduplicated|redundant navigation|next_redirect"
        r"|navigation cancelled from",
        slight=True,
    ),
    page_rule(
        "The browser was not allowed to show alerts.",
        Example("NotAllowedError: Registration failed - permission denied", _JS),
        text=r"registration failed.{0,10}permission"
        r"|notifications?.{0,30}(?:denied|blocked|permission)|permission.{0,20}notification",
    ),
    app_rule(
        "A picture could not be loaded.",
        Example("NetworkImageLoadException: HTTP request failed, statusCode: 404", "dart"),
        text=r"networkimage|imageload|failed to load image"
        r"|image.{0,30}(?:failed to load|could not be loaded)|glideexception|sdwebimage",
        sides=CLIENT,
        slight=True,
    ),
    page_rule(
        "Something else changed the page, such as a translation tool.",
        Example("NotFoundError: Failed to execute 'removeChild' on 'Node'", _JS),
        text=r"removechild|insertbefore|not a child of this node|node to be (?:removed|inserted)"
        r"|object can not be found here",
    ),
    app_rule(
        "The page our server sent did not match what the browser drew.",
        Example("Error: Hydration failed", _JS),
        text=r"hydrat|text content does not match|did not match.{0,20}server"
        r"|react error #(?:418|419|421|422|423|425)\b",
        sides=IN_BROWSER,
        reads=Reading.NAMES,
    ),
    app_rule(
        "A part that the page should show is not there.",
        Example("Error: Minified React error #130", _JS),
        text=r"react error #130\b|element type is invalid|failed to resolve component",
        sides=IN_BROWSER,
        reads=Reading.NAMES,
    ),
    app_rule(
        "The page was given data that it cannot show.",
        Example("Error: Objects are not valid as a React child", _JS),
        text=r"not valid as a react child|react error #31\b",
        sides=IN_BROWSER,
        reads=Reading.NAMES,
    ),
    app_rule(
        "The page kept drawing itself over and over.",
        Example("Error: Maximum update depth exceeded.", _JS),
        text=r"maximum update depth|too many re-renders|react error #(?:185|301)\b|infinite (?:loop"
        r"|render|digest)|maximum recursive updates",
        sides=IN_BROWSER,
        reads=Reading.NAMES,
    ),
    app_rule(
        "The page was put together in the wrong order.",
        Example("Error: Rendered fewer hooks than expected.", _JS),
        text=r"rendered (?:more|fewer) hooks|invalid hook call|react error #(?:300|310|321)\b"
        r"|expressionchangedafter",
        sides=IN_BROWSER,
        reads=Reading.NAMES,
    ),
    page_rule(
        "The customer's browser is too old for the page.",
        Example("TypeError: structuredClone is not a function", _JS),
        text=r"(?:structuredclone|replaceall|\.at|flatmap|allsettled|randomuuid|findlast|hasown"
        r"|queuemicrotask|(?:resize|intersection)observer|globalthis|bigint|fromentries)"
        r" is not (?:a function|defined)|invalid regular expression|invalid group specifier"
        r"|variable: (?:resizeobserver|intersectionobserver|globalthis|bigint|structuredclone)",
        reads=Reading.NAMES,
    ),
    app_rule(
        "The map could not be shown as it should be.",
        Example("Error: Map container is already initialized.", _JS),
        text=r"google ?maps|mapbox|maplibre|leaflet\.js|leaflet map|map container|places_impl"
        r"|lnglat|latlng|geojson"
        r"|style is not done|referernotallowedmap|mkerrordomain|\btile (?:server|layer)",
        sides=CLIENT,
    ),
    page_rule(
        "Something that only counts visits was missing from the page.",
        Example("ReferenceError: gtag is not defined", _JS),
        text=r"(?:variable: |[ :'])(?:ga|gtag|fbq|hbspt|datalayer|_hsq|ttq|clarity|mixpanel)\b"
        r"(?: is not defined|$)",
        slight=True,
        reads=Reading.NAMES,
    ),
    page_rule(
        "Something that the page loads from another site was missing.",
        Example("ReferenceError: jQuery is not defined", _JS),
        text=r"(?:variable: |[ :'])(?:\$|jquery|google|grecaptcha)\b(?: is not defined|$)"
        r"|failed to load (?:external )?script",
        reads=Reading.NAMES,
    ),
    Rule(
        "The live link between {us} and our server broke.",
        Example("Error: WebSocket connection failed", _JS),
        place=Place.BETWEEN,
        text=r"websocket|socket\.io|eventsource|signalr|\u63a5\u7d9a\u304c\u5207|verbindung.{0,20}"
        r"(?:getrennt|unterbrochen|verloren)|connexion.{0,20}(?:perdue|coup|interrompue)"
        r"|conexi.n.{0,20}(?:perdida|cortada|interrumpida)|connessione.{0,20}(?:persa|interrotta)",
        files=r"socket\.io|engine\.io|signalr|sockjs|phoenix\.js|pusher",
        sides=NOT_SERVER,
    ),
    network_rule(
        "The video or voice call did not work.",
        Example("RTCError: ICE failed", _JS),
        text=r"\bice (?:connection|candidate|fail|gather)|rtcpeer|webrtc|\brtcerror"
        r"|peer ?connection|livekit|jitsi|agorartc",
        sides=CLIENT,
    ),
    page_rule(
        "The browser could not update its saved copy of our site.",
        Example("TypeError: Failed to register a ServiceWorker", _JS),
        text=r"service ?worker|workbox",
    ),
    page_rule(
        "The customer's device could not draw what the page shows.",
        Example("Error: Error creating WebGL context.", _JS),
        text=r"webgl|\bcanvas\b.{0,40}(?:context|tainted|failed)|context lost",
    ),
    app_rule(
        "The page could not draw one of its parts.",
        Example("Error: Minified React error #482", _JS),
        text=r"minified react error|\bng0\d{3,4}\b|error boundary|effect_update_depth",
        sides=IN_BROWSER,
        vague=True,
        reads=Reading.NAMES,
    ),
    page_rule(
        "The browser could not read a part of the page.",
        Example("SyntaxError: Unexpected identifier 'x'", _JS),
        types=names_in("SyntaxError"),
        vague=True,
        reads=Reading.CODE,
    ),
    page_rule(
        "The browser did not let the page do that.",
        Example("NotAllowedError: not allowed by the user agent", _JS),
        types=names_in("NotAllowedError SecurityError"),
        vague=True,
    ),
    app_rule(
        "A step on the page failed and gave no reason.",
        Example("UnhandledRejection: Object captured as promise rejection with keys: a", _JS),
        text=r"promise rejection",
        types=names_in("UnhandledRejection"),
        sides=IN_BROWSER,
        vague=True,
    ),
    vague_rule(
        "A step in {us} failed and gave no reason.",
        Example("Error: Unhandled promise rejection: undefined", "node"),
        text=r"promise rejection",
        types=names_in("UnhandledRejection"),
        sides=NOT_BROWSER,
    ),
)


# Apps on phones and computers

_FROZEN = (
    r"(?:^|: )(?:background )?anr\b(?! detect)|application ?not ?responding"
    r"|\bapp[ _-]?hang(?:ing|s|ed)?\b|event loop blocked"
)

DEVICE = (
    native_rule(
        "The app on the customer's device froze for a while.",
        Example("ApplicationNotResponding: ANR", "android"),
        text=_FROZEN,
        mechanisms=names_in("AppHang ANR"),
    ),
    Rule(
        "{Us} froze for a while.",
        Example("ApplicationNotResponding: Application Not Responding for 5000 ms", "node"),
        text=_FROZEN,
        mechanisms=names_in("AppHang ANR"),
        sides=NOT_DEVICE,
    ),
    Rule(
        "The phone closed the app, perhaps because it used too much memory.",
        Example("WatchdogTermination: The OS watchdog terminated your app", "cocoa"),
        place=Place.APP_OR_DEVICE,
        text=r"watchdog ?termination|os watchdog|0x8badf00d|jetsam|low memory kill|overused ram",
        mechanisms=names_in("watchdog_termination"),
        sides=ON_DEVICE,
    ),
    native_rule(
        "The customer's device has run out of storage space.",
        Example("FileSystemException: No space left on device", "dart"),
        text=r"no space left|enospc|sqlite_full|disk (?:is )?full|database or disk"
        r"|not enough space|out of space|nscocoaerrordomain.{0,200}code: 640\b",
    ),
    Rule(
        "{Us} ran out of memory.",
        Example("OutOfMemoryError: Failed to allocate 12 bytes", "android"),
        text=r"out.?of.?memory|insufficient.?memory|\boom\b|oomkill|memory.?limit.{0,30}(?:exceed"
        r"|reach|hit)"
        r"|exceed.{0,30}memory.?limit"
        r"|allowed memory size|cannot allocate"
        r"|heap (?:space|out)|allocation failed|std::bad_alloc|enomem",
        types=names_in("MemoryError NoMemoryError"),
    ),
    device_rule(
        "The part of the customer's device that draws pictures failed.",
        Example("Fatal Error: GPU has crashed or was reset", "native"),
        text=r"gpu.{0,20}(?:crash|hung|hang|reset|lost|removed)|device_(?:hung|removed|lost)"
        r"|dxgi_error|metal.{0,20}command buffer",
        sides=NOT_SERVER,
    ),
    app_rule(
        "A list on the screen did not match its data.",
        Example(
            "NSInternalInconsistencyException: Invalid update: invalid number of rows in section 0",
            "cocoa",
        ),
        text=r"invalid number of (?:rows|items|sections)|invalid view holder|inconsistency detected"
        r"|invalid update: ",
        sides=ON_DEVICE,
        reads=Reading.CODE,
    ),
    Rule(
        "{Us} crashed because of a mistake in how it uses memory.",
        Example("EXC_BAD_ACCESS: Attempted to dereference garbage pointer", "cocoa"),
        text=r"exc_bad_access|sigsegv|\bsegv|segfault|segmentation fault|access_violation|sigbus"
        r"|memory access out of bounds|bus error|accessviolation|garbage pointer|stack_buffer"
        r"|heap.?corrupt|use.after.free",
        reads=Reading.NAMES,
    ),
    Rule(
        "{Us} tried to do something that its machine cannot do.",
        Example("SIGILL: Illegal instruction", "native"),
        text=r"sigill|exc_bad_instruction|illegal.instruction|sigfpe|exc_arithmetic",
        reads=Reading.NAMES,
    ),
    Rule(
        "{Us} shut down because it found a mistake in itself.",
        Example("SIGABRT: Abort", "native"),
        text=r"sigabrt|exc_crash|\babort\(|assertion failure|internalinconsistency|fortify"
        r"|sigtrap|fatal_app_exit",
        reads=Reading.NAMES,
    ),
    app_rule(
        "{Us} tried to change a screen that was already closed.",
        Example("FlutterError: setState() called after dispose()", "dart"),
        text=r"setstate\(\) called after|deactivated widget|onsaveinstancestate|not attached to"
        r"|badtoken|view not attached|isn't attached|activity has been destroyed"
        r"|unmounted component",
        reads=Reading.NAMES,
        sides=NOT_SERVER,
    ),
    app_rule(
        "A part of the screen did not fit on the customer's device.",
        Example("FlutterError: A RenderFlex overflowed by 42 pixels", "dart"),
        text=r"overflowed by|renderbox was not laid out|unbounded (?:height|width)",
        slight=True,
        reads=Reading.CODE,
        sides=ON_DEVICE,
    ),
    native_rule(
        "The customer's device had no app that could open this.",
        Example("ActivityNotFoundException: No Activity found to handle Intent", "android"),
        text=r"activitynotfound|no activity found|cannot open url|could not launch"
        r"|no app .{0,20}open",
        reads=Reading.CODE,
    ),
    native_rule(
        "The device did not let the app work in the background.",
        Example("ForegroundServiceStartNotAllowedException: not allowed", "android"),
        text=r"foregroundservice|startforeground|backgroundservicestart|bgtaskscheduler"
        r"|backgroundtask|remoteserviceexception",
    ),
    native_rule(
        "The app on the customer's device is too old.",
        Example("ApiException: this app version is no longer supported", "dart"),
        text=r"(?:client|app|version).{0,30}(?:outdated|too old|no longer supported)"
        r"|(?:update|upgrade) required",
        statuses=frozenset((426,)),
    ),
    device_rule(
        "The phone's own system failed.",
        Example("DeadSystemException: dead", "android"),
        text=r"deadsystem|deadobject|system_server|package manager has died"
        r"|\.finalize\(\) timed out",
    ),
    app_rule(
        "The app handed the phone too much data at once.",
        Example("TransactionTooLargeException: data parcel size 1048576 bytes", "android"),
        text=r"transactiontoolarge|failed binder transaction|row too big|cursorwindow",
        sides=ON_DEVICE,
    ),
    native_rule(
        "The device did not let the app use the camera or microphone.",
        Example("SecurityException: requires android.permission.CAMERA", "android"),
        text=r"permission\.(?:camera|record_audio)|cameraaccess|camera_?permission|avcapture"
        r"|avfoundation.{0,60}-118(?:52|14)\b"
        r"|(?:camera|microphone).{0,40}(?:denied|not (?:allowed|permitted|granted|authorized))",
    ),
    native_rule(
        "The device did not let the app use Bluetooth.",
        Example(
            "SecurityException: Need android.permission.BLUETOOTH_CONNECT permission", "android"
        ),
        text=r"bluetooth.{0,60}(?:denied|permission|not (?:granted|authori[sz]ed|allowed)"
        r"|unauthorized)"
        r"|(?:denied|permission).{0,40}bluetooth",
    ),
    native_rule(
        "The device did not share its location with the app.",
        Example("SecurityException: needs android.permission.ACCESS_FINE_LOCATION", "android"),
        text=r"access_(?:fine|coarse)_location|location ?services? .{0,12}(?:disabled|off)"
        r"|locationservicedisabled"
        r"|(?:denied|permission).{0,20}location|location.{0,20}(?:denied|permission)",
    ),
    native_rule(
        "The device did not let the app show alerts.",
        Example("UNErrorDomain: Notifications are not allowed for this application", "cocoa"),
        text=r"unerrordomain|post_notifications|notifications?.{0,20}(?:not allowed|denied"
        r"|permission)",
    ),
    native_rule(
        "The device did not let the app use the customer's pictures.",
        Example("PlatformException: photo_access_denied", "dart"),
        text=r"photo_?access|phphotos.{0,80}(?:denied|3311)|photo ?library|read_media|(?:read"
        r"|write)_external",
    ),
    native_rule(
        "The device did not let the app use one of its features.",
        Example("SecurityException: Permission Denial: reading contacts", "android"),
        text=r"securityexception|permission (?:denial|denied|not granted|required)|notdetermined"
        r"|user denied|not authorized|hkerror|authorization (?:not|denied)",
    ),
    app_rule(
        "A screen of the app could not be built.",
        Example("InflateException: Binary XML file line #21", "android"),
        text=r"inflateexception|resources.notfound|nib.{0,40}could not|storyboard|error inflating",
        sides=ON_DEVICE,
    ),
    app_rule(
        "A part of the app is missing on the customer's device.",
        Example("Invariant Violation: requireNativeComponent: was not found", "cocoa"),
        text=r"requirenativecomponent|missingplugin|turbomodule|native module|nativemodule"
        r"|unsatisfiedlink|library not loaded|unable to load asset|dlopen failed"
        r"|addressableassets|asset ?bundle|unknown module",
        reads=Reading.NAMES,
        sides=NOT_SERVER & NOT_BROWSER,
    ),
    native_rule(
        "A saved sign-in could not be read from the customer's device.",
        Example("KeyStoreException: key is gone", "android"),
        text=r"keychain.{0,80}(?:error|fail|denied|not |lock|-\d{4,5}\b)"
        r"|(?:error|fail|could not|unable).{0,60}keychain|aeadbadtag|usernotauthenticatedexception"
        r"|\bsecitem"
        r"|errsec|keystore|keypermanentlyinvalid|secure.?storage",
    ),
    device_rule(
        "The check by face, fingerprint, or code did not go through.",
        Example("LAErrorDomain: Canceled by user.", "cocoa"),
        text=r"\blaerror|security features are not enabled|biometr|face ?id|touch ?id|webauthn"
        r"|passkey",
    ),
    device_rule(
        "The Bluetooth connection did not work.",
        Example("CBErrorDomain: Bluetooth is off", "cocoa"),
        text=r"bluetooth.{0,80}(?:fail|error|\boff\b|not |lost|disconn|unavail|cannot|time)"
        r"|(?:fail|error|could not|cannot|unable|lost).{0,60}bluetooth|\bgatt|cberrordomain",
    ),
    device_rule(
        "A card or tag could not be read by holding it close.",
        Example("TagLostException: Tag was lost.", "android"),
        text=r"\bnfc|taglost|tag was lost",
    ),
    app_rule(
        "The app could not restore what it had saved the last time.",
        Example("BadParcelableException: x when unmarshalling: app.State", "android"),
        text=r"badparcelable|when unmarshalling|parcel: unmarsh|unarchiv|restoreinstancestate"
        r"|hiveerror|asyncstorage|sharedpreferences|nsuserdefaults",
        sides=ON_DEVICE,
    ),
    native_rule(
        "The device could not sign up for alerts.",
        Example("IOException: SERVICE_NOT_AVAILABLE", "android"),
        text=r"^(?:java\.io\.)?ioexception: (?:service_not_available|authentication_failed"
        r"|fis_auth_error|too_many_registrations|missing_instanceid_service"
        r"|phone_registration_error)|firebase.?installations|aps-environment|remote notifications",
    ),
    app_rule(
        "The app could not go on to the next screen.",
        Example(
            "IllegalArgumentException: Navigation destination is unknown to this Controller",
            "android",
        ),
        text=r"navigation (?:action|destination)|generator for route|no route defined"
        r"|presentation source|while a presentation is in progress|pushing the same view controller"
        r"|was not handled by any nav",
        sides=ON_DEVICE,
        reads=Reading.NAMES,
    ),
    native_rule(
        "The customer's machine did not let the app use one of its files.",
        Example("Error: EPERM: operation not permitted, rename 'x'", "cocoa"),
        text=r"\beperm\b|\beacces\b.{0,200}[a-z]:|nscocoaerrordomain.{0,200}code: (?:257|513)\b",
    ),
    Rule(
        "{Us} used something that was already closed.",
        Example("System.ObjectDisposedException: Cannot access a closed object", "csharp"),
        text=r"objectdisposed|has been (?:destroyed|disposed)|after (?:being|having been) (?:closed"
        r"|disposed)|i/o operation on closed|used after (?:being )?(?:free|dispos)"
        r"|already closed|closed channel|loop is closed",
        types=names_in("MissingReferenceException"),
        reads=Reading.CODE,
    ),
    native_rule(
        "The app could not use a part of the customer's device.",
        Example("PlatformException: error, channel failed", "dart"),
        text=r"^platformexception(?!.{0,80}network)",
        vague=True,
    ),
)


# Invalid input and requests

INPUT = reading(
    Reading.STATEMENT,
    input_rule(
        "What was sent was too large to accept.",
        Example("RequestEntityTooLarge: request entity too large"),
        text=r"(?:entity|payload|request|body|file|upload).{0,10}too ?(?:large|big)|maxuploadsize"
        r"|(?:maximum|max).{0,4}(?:upload|file).{0,4}size|requestdatatoobig|content too large"
        r"|exceeds.{0,30}upload|limit_file_size|toomanyfields|max_number_fields|post ?too ?large"
        r"|file ?size.{0,12}exceed|exceeds? (?:the )?(?:limit of |maximum (?:of )?)?\d{1,5} ?[kmg]b"
        r"|(?:datei|file|fichier|archivo)\b.{0,20}(?:zu gro|trop (?:gros|volum)|demasiado grande)"
        r"|larger than max",
        statuses=frozenset((413,)),
    ),
    input_rule(
        "The file could not be read, or it is not a kind we accept.",
        Example("UnidentifiedImageError: cannot identify image file"),
        text=r"cannot identify image|unsupported (?:media|file|image)|invalid image(?! index)"
        r"|not an image"
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
    app_rule(
        "A date or time could not be understood.",
        Example("RangeError: Invalid time value", "javascript"),
        text=r"invalid (?:time value|date)|time data .{0,80}does not match|datetimeparse"
        r"|unparseable date|(?:parse|parsing|convert).{0,30}(?:date|time)\b"
        r"|day is out of range|month must be in"
        r"|date value out of range|(?:ambiguous|nonexistent) ?time|ung.ltiges datum|date invalide"
        r"|fecha inv.lida|not a valid date|isoformat string|failed to parse time|invalid iso ?8601",
        types=names_in("DateError DateTimeParseException"),
    ),
    app_rule(
        "A price or amount was not a number.",
        Example("InvalidOperation: [<class 'decimal.ConversionSyntax'>] (amount)"),
        text=r"\(amount\)$|(?:price|amount|preis|betrag|prix|montant|precio|importe|prezzo|importo"
        r"|prijs|bedrag|cena|kwota)\b.{0,40}(?:not a (?:valid )?number|keine (?:g.ltige )?zahl"
        r"|non-numeric|invalid number|pas un nombre|no es un n.mero)",
    ),
    app_rule(
        "A value that should be a number was not one.",
        Example("ValueError: invalid literal for int() with base 10: 'ten'"),
        text=r"invalid literal for int|could not convert string to|non-numeric|invalid number"
        r"|keine (?:g.ltige )?zahl|strconv\.|not a (?:valid )?number|\bnan\b"
        r"|decimal.{0,40}(?:invalid|conversion)"
        r"|(?<!in )input string|invalid (?:radix|double|integer|float)",
        types=names_in("NumberFormatException ParseIntError ParseFloatError InvalidOperation"),
    ),
    server_rule(
        "Our server sent a whole page where the app expected data.",
        Example("SyntaxError: Unexpected token '<', \"<!DOCTYPE \"...", "javascript"),
        text=r"unexpected token '?<'?.{0,20}(?:<!doc|json|html)|json parse error: unrecog.{0,20}<"
        r"|<!doctype|<html|unexpected character.{0,40}[('\": ]<|parsing value: <",
        sides=CLIENT,
        reads=Reading.NAMES,
    ),
    call_rule(
        "Our server got a whole page where it needed data from another service.",
        Example("JSONDecodeError: <!DOCTYPE html>", "python"),
        text=r"unexpected token '?<|<!doctype|<html|unexpected character.{0,40}[('\": ]<"
        r"|parsing value: <|unexpected byte.{0,30}0x3c",
        reads=Reading.NAMES,
    ),
    Rule(
        "{Us} got data that it could not read.",
        Example("JSONDecodeError: Expecting value: line 1 column 1 (char 0)"),
        text=r"\bjson.{0,6}(?:decode|parse|syntax|reader|mapping|parser|exception)|expecting value:"
        r"|(?:unexpected|invalid|expected|unterminated).{0,60}\bjson\b"
        r"|unexpected end of (?:json|data)|formatexception: unexpected character|expected begin_"
        r"|in the correct format|unexpected byte at position|parseerror: unexpected token"
        r"|unexpected token at|not ?readable ?exception|jsondecod|mismatchedinput"
        r"|unrecognizedproperty|\bserde|missing field .{0,60} at line|missingfieldexception"
        r"|unexpected end of input|string did not match the expected pattern|protobuf"
        r"|invalid character .{0,20}looking for|deserializ",
        types=names_in("DecodingError DecodeError"),
    ),
    app_rule(
        "Some letters or symbols in a text could not be read or written.",
        Example("UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe9"),
        text=r"unicode(?:de|en)code|codec can't|invalid byte sequence|incompatible character"
        r"|illegal (?:character|byte)|malformedinput|malformed utf|invalid utf|uri malformed"
        r"|malformed uri|incorrect string value",
        types=names_in("URIError InvalidCharacterError UndefinedConversionError"),
    ),
    app_rule(
        "A file or message was not put together as it should be.",
        Example("XMLSyntaxError: Start tag expected, '<' not found"),
        text=r"xmlsyntax|saxparse|\bxml\b.{0,40}(?:error|invalid|pars)"
        r"|csv.{0,20}(?:error|malformed)|(?:row|line) \d{1,6}: expected|error tokenizing"
        r"|xmlexception|root element|expected \d{1,4} (?:columns|fields)|cvc-[a-z]"
        r"|unmarshalexception|wrong number of (?:columns|fields)|papaparse"
        r"|malformed(?:csv| csv|.{0,4}xml)|yaml.{0,20}(?:error|exception|pars|scan)",
    ),
    server_rule(
        "It had just been taken or changed by someone else.",
        Example("SlotTaken: the slot is no longer available"),
        text=r"already ?(?:been )?(?:taken|booked|reserved|changed)|no ?longer ?available"
        r"|(?:unique|duplicate).{0,160}(?:seat|slot|reservation)"
        r"|(?:slot|seat|room).{0,20}(?:taken|gone)|no availability"
        r"|fully ?booked|\b(?:slot|seat|room|table|date)s?.{0,30}not ?available|ausgebucht"
        r"|(?:platz|termin|artikel|zimmer|fahrzeug)\w{0,3}\b.{0,30}nicht mehr verf.gbar",
        types=names_in("Conflict ConflictException ConflictError ConflictHttpException"),
        statuses=frozenset((409, 412)),
    ),
    input_rule(
        "The address was not accepted.",
        Example("InvalidAddress: postcode '9170' not served"),
        text=r"(?:postcode|post code|zip ?code|postal ?code|\baddress\b).{0,30}"
        r"(?:not (?:served|valid|found|deliver)|invalid|unknown)"
        r"|(?:invalid|unknown).?(?:postcode|zip|street|address)|delivery (?:area|zone)"
        r"|geocod.{0,40}(?:zero|no result|fail|not )|could not geocode",
        sides=NOT_CLIENT,
    ),
    server_rule(
        "Our server had put together an answer that was not right.",
        Example("ResponseValidationError: 1 validation errors"),
        text=r"response ?validation|responseserializ",
        sides=NOT_CLIENT,
    ),
    input_rule(
        "What was entered was not accepted.",
        Example("ValidationError: Enter a whole phone number"),
        text=r"^(?!.{0,120}(?:environment|config|setting|certificate|pinning|chain))"
        r"(?:unprocessable|.{0,400}(?:validation.?(?:failed|error)|invalid input\b(?! into)"
        r"|beanpropertybindingresult|can't be blank|recordinvalid|got invalid value"
        r"|is not allowed to be empty)|(?=.{0,400}(?:validat|input\b|form\b|field|email|schema))"
        r".{0,400}(?:(?<!\d )is (?:required|not valid)\b|must not be (?:blank|empty)))",
        types=names_in(
            "ValidationError ValidationException MethodArgumentNotValidException RecordInvalid"
            " UnprocessableEntity ZodError ConstraintViolationException"
            " InvalidChangesetError RequestValidationError"
            " UnprocessableEntityHttpException UnprocessableEntityException UserInputError"
        ),
    ),
    server_rule(
        "A detail was missing from what was sent to our server.",
        Example("ActionController::ParameterMissing: param is missing: order", "ruby"),
        text=r"(?:parameter|param|field|argument|header|property).{0,40}(?:is missing|not present)"
        r"|missing (?:required )?(?:param|field|header)|is undefined in (?:form|url"
        r"|arguments)",
        types=names_in(
            "ParameterMissing MissingServletRequestParameterException BadRequestKeyError"
            " MultiValueDictKeyError"
        ),
        sides=NOT_CLIENT,
        reads=Reading.CODE,
    ),
    server_rule(
        "It went over a set limit.",
        Example("DailyLimitExceededException: limit of the day", "php"),
        text=r"(?:limit|quota|budget|allowance)s?\b.{0,30}(?:exceeded|reached|exhausted|used up)"
        r"|exceed.{0,30}(?:limit|quota|budget)|(?:limit|quota|budget) ?(?:exceeded|reached)"
        r"|maximum number of|limit.{0,20}(?:.berschritten|erreicht|d.pass|superad|superat)",
        vague=True,
    ),
    server_rule(
        "That step was not allowed at that point.",
        Example("AASM::InvalidTransition: cannot transition from 'cancelled'", "ruby"),
        text=r"cannot transition|invalid.{0,6}transition|transition.{0,20}not allowed"
        r"|already ?(?:been |being )?(?:cancell?ed|shipped|completed|processed|confirmed|invoiced)"
        r"|(?:order|booking|invoice|case) (?:is )?already closed"
        r"|bereits (?:storniert|versandt|bezahlt)|(?:not in|wrong|illegal"
        r"|invalid) (?:the )?(?:order |booking )?(?:state|status)\b(?! (?:code|param))",
        sides=NOT_CLIENT,
    ),
    app_rule(
        "A picture was too large to work with.",
        Example("DecompressionBombError: Image size exceeds limit"),
        text=r"decompression ?bomb|too large.{0,20}bitmap|image (?:size|dimension).{0,30}exceed"
        r"|(?<!program )(?:image|picture) (?:is )?too (?:large|big)|pixel limit",
    ),
    server_rule(
        "The page could not be found.",
        Example("Symfony\\Component\\NotFoundHttpException: No route found", "php"),
        text=r"no route (?:found|matches)|no handler found for|page not found|cannot get /",
        types=names_in(
            "Http404 NotFoundHttpException RoutingError NoRouteError NoHandlerFoundException"
            " NoResourceFoundException ActionNotFound UnknownAction"
        ),
        sides=NOT_CLIENT,
        reads=Reading.CODE,
    ),
    server_rule(
        "Our server does not accept that kind of call there.",
        Example("MethodNotAllowedHttpException: The POST method is not supported", "php"),
        text=r"method.?not.?allowed|method.{0,12}is not supported",
        statuses=frozenset((405,)),
        reads=Reading.CODE,
    ),
    server_rule(
        "A web address that {us} uses is not right.",
        Example("MissingSchema: Invalid URL 'shop': No scheme supplied"),
        text=r"invalid ur[li]|(?:parse|base) url|malformedurl|no sche(?:ma|me) supplied"
        r"|unsupported protocol",
        types=names_in("MissingSchema InvalidSchema InvalidURIError MalformedURLException"),
    ),
    app_rule(
        "Some text or a rule for the customer's language was missing.",
        Example("MissingTranslationData: translation missing: de.total", "ruby"),
        text=r"translation ?(?:is )?missing|missing ?translation|translation.{0,40}not found"
        r"|missing_message|not a valid locale|incorrect locale|invalid ?locale|missing message:"
        r"|no (?:translation|locale)",
        reads=Reading.CODE,
    ),
    server_rule(
        "Our server could not put the page together.",
        Example("Twig\\Error\\RuntimeError: Neither the property exists", "php"),
        text=r"\btwig\\|^jinja|^undefinederror|templatesyntax|templatedoesnotexist|actionview"
        r"|\bblade\.php|thymeleaf|freemarker|liquid::|template.{0,20}(?:error|not found|missing)"
        r"|view \[.{0,60}\] not found",
        types=names_in("NoReverseMatch MissingTemplate TemplateError UrlGenerationError"),
        sides=ON_SERVER,
        reads=Reading.NAMES,
    ),
    vague_rule(
        "A file could not be sent.",
        Example("Error: upload failed", "javascript"),
        text=r"upload (?:has )?fail|failed to upload|could ?n.t upload|error (?:while )?uploading"
        r"|\btus: |hochladen.{0,20}(?:fehl|nicht)|(?:error|fallo) al subir"
        r"|.chec.{0,20}t.l.versement|uploadfailed",
        action=UserAction.UPLOADING,
    ),
    server_rule(
        "Our server did not accept what it was asked to do.",
        Example("BadRequest: no"),
        types=names_in("BadRequest BadRequestHttpException BadRequestException BadRequestError"),
        sides=NOT_CLIENT,
    ),
    server_rule(
        "Our server was asked for a kind of answer it does not have.",
        Example("ActionController::UnknownFormat: no", "ruby"),
        types=names_in(
            "UnknownFormat HttpMediaTypeNotAcceptableException NotAcceptableHttpException"
            " NotAcceptable NotAcceptableError"
        ),
    ),
)


# Operations that failed for an unknown reason: better than only saying that something failed

_FAILED = (
    r"(?:fail|error (?:while|when|during|creat|send|import|export)|abort"
    r"|could not|unable|impossib|not be (?:made|sent|created)|gave up|giving up"
    r"|fehlgeschlagen|fehler|abgebrochen|nicht (?:erstellt|gesendet|m.glich|versendet)"
    r"|konnte .{0,40}nicht|.chou|no se pudo|fall[oó]|non riuscit|n.o foi poss|falha"
    r"|nie powiod|nie uda|mislukt|misslyck|feilet|mislyk)"
)


def _operation(
    sentence: str,
    title: str,
    words: str,
    *,
    sides: frozenset[Side] = frozenset(),
    action: UserAction | None = None,
) -> Rule:
    """Return a rule for these words and a word for a failure, in either order."""
    return Rule(
        sentence,
        Example(title, "other"),
        text=rf"\b(?:{words})\w{{0,12}}.{{0,60}}{_FAILED}|{_FAILED}.{{0,40}}\b(?:{words})",
        sides=sides,
        broad=True,
        action=action,
    )


OPERATIONS = (
    _operation(
        "A backup of our data could not be made.",
        "Backup failed: night",
        "backup|datensicherung|sauvegarde|copia de seguridad",
    ),
    _operation(
        "A message to another program could not be delivered.",
        "Webhook failed after many tries",
        "webhook",
    ),
    _operation(
        "A shipping label could not be made.",
        "Shipping label failed for it",
        "shipping label|parcel label|versandetikett|versandlabel|paketschein|.tiquette",
    ),
    _operation(
        "An invoice could not be made or sent.",
        "Invoice failed to be made",
        "invoice|rechnung|facture|factura|fattura|faktur|nota fiscal",
        action=UserAction.INVOICE,
    ),
    _operation(
        "The order could not be placed or processed.",
        "Order failed to be placed",
        "(?:orders?|checkout)\\b|bestellung|auftrag|commande|pedido|ordine|zam.wieni",
        action=UserAction.ORDERING,
    ),
    _operation(
        "The booking could not be made or processed.",
        "Booking failed to be made",
        "booking|reservation|buchung|r.servation|reserva\\b|prenotazion|rezerwacj",
        action=UserAction.BOOKING,
    ),
    _operation(
        "A price could not be calculated.",
        "Price failed to be made",
        "price|pricing|tariff|preis|shipping cost|versandkosten",
    ),
    _operation(
        "Data could not be imported or updated.",
        "Import of rows failed",
        r"import (?:of|from|der|des|job|run|fail)|data sync|synchroni|abgleich|importa[cz]i",
        sides=NOT_CLIENT,
    ),
    _operation(
        "Data could not be exported to a file.",
        "Export of rows failed",
        "export (?:of|to|der|des|job|run|fail)|exporta[cz]i",
        sides=NOT_CLIENT,
        action=UserAction.REPORT,
    ),
)
