"""Plain words for the customer's browser: what it could not load, draw, keep or use."""

from apps.events.rule import Example, Rule, Side, Where, names

_HERE = frozenset((Side.BROWSER,))
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
        sides=_HERE,
        slight=True,
    ),
    Rule(
        "The app that the page was opened in got in the way.",
        Where.BROWSER,
        Example("ReferenceError: _AutofillCallbackHandler is not defined", _JS),
        says=r"webkit\.messagehandlers|_autofillcallbackhandler|instantsearchsdk|zalojsv2"
        r"|java object is gone|enabledidusertypeonkeyboard|pcm\.hidemodal",
        sides=_HERE,
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
        sides=_HERE,
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
        sides=_HERE,
    ),
    Rule(
        "The browser did not let our site save its data.",
        Where.BROWSER,
        Example("SecurityError: Failed to read the 'localStorage' property", _JS),
        says=r"(?:local|session)storage|access is denied for this document|operation is insecure"
        r"|indexed ?d(?:b|atabase)|idbdatabase|database connection is closing",
        sides=_HERE,
    ),
    Rule(
        "The browser did not let the page talk to another site.",
        Where.BROWSER,
        Example("Error: blocked by CORS policy", _JS),
        says=r"\bcors\b|cross-origin|access-control-allow|blocked a frame with origin"
        r"|accessed from origin",
        sides=_HERE,
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
        sides=_HERE,
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
        sides=_HERE,
    ),
    Rule(
        "The page sent the browser on to another page, which does no harm.",
        Where.BROWSER,
        Example('Error: Redirected when going from "/a" to "/b" via a guard.', _JS),
        says=r"redirected when going|navigationduplicated|redundant navigation|next_redirect"
        r"|navigation cancelled from",
        sides=_HERE,
        slight=True,
    ),
    Rule(
        "The browser was not allowed to show alerts.",
        Where.BROWSER,
        Example("NotAllowedError: Registration failed - permission denied", _JS),
        says=r"registration failed.{0,10}permission|notifications?.{0,30}(?:denied|blocked"
        r"|permission)"
        r"|permission.{0,20}notification",
        sides=_HERE,
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
        sides=_HERE,
    ),
    Rule(
        "The page our server sent did not match what the browser drew.",
        Where.APP,
        Example("Error: Hydration failed", _JS),
        says=r"hydrat|text content does not match|did not match.{0,20}server"
        r"|react error #(?:418|419|421|422|423|425)\b",
        sides=_HERE,
    ),
    Rule(
        "A part that the page should show is not there.",
        Where.APP,
        Example("Error: Minified React error #130", _JS),
        says=r"react error #130\b|element type is invalid|failed to resolve component",
        sides=_HERE,
    ),
    Rule(
        "The page was given data that it cannot show.",
        Where.APP,
        Example("Error: Objects are not valid as a React child", _JS),
        says=r"not valid as a react child|react error #31\b",
        sides=_HERE,
    ),
    Rule(
        "The page kept drawing itself over and over.",
        Where.APP,
        Example("Error: Maximum update depth exceeded.", _JS),
        says=r"maximum update depth|too many re-renders|react error #(?:185|301)\b|infinite (?:loop"
        r"|render|digest)|maximum recursive updates",
        sides=_HERE,
    ),
    Rule(
        "The page was put together in the wrong order.",
        Where.APP,
        Example("Error: Rendered fewer hooks than expected.", _JS),
        says=r"rendered (?:more|fewer) hooks|invalid hook call|react error #(?:300|310|321)\b"
        r"|expressionchangedafter",
        sides=_HERE,
    ),
    Rule(
        "The customer's browser is too old for the page.",
        Where.BROWSER,
        Example("TypeError: structuredClone is not a function", _JS),
        says=r"(?:structuredclone|replaceall|\.at|flatmap|allsettled|randomuuid|findlast|hasown"
        r"|queuemicrotask|(?:resize|intersection)observer|globalthis|bigint|fromentries)"
        r" is not (?:a function|defined)|invalid regular expression|invalid group specifier"
        r"|variable: (?:resizeobserver|intersectionobserver|globalthis|bigint|structuredclone)",
        sides=_HERE,
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
        sides=_HERE,
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
        sides=_HERE,
    ),
    Rule(
        "The customer's device could not draw what the page shows.",
        Where.BROWSER,
        Example("Error: Error creating WebGL context.", _JS),
        says=r"webgl|\bcanvas\b.{0,40}(?:context|tainted|failed)|context lost",
        sides=_HERE,
    ),
    Rule(
        "The page could not draw one of its parts.",
        Where.APP,
        Example("Error: Minified React error #482", _JS),
        says=r"minified react error|\bng0\d{3,4}\b|error boundary|effect_update_depth",
        sides=_HERE,
        vague=True,
    ),
    Rule(
        "The browser could not read a part of the program.",
        Where.BROWSER,
        Example("SyntaxError: Unexpected identifier 'x'", _JS),
        types=names("SyntaxError"),
        sides=_HERE,
        vague=True,
    ),
    Rule(
        "The browser did not let the page do that.",
        Where.BROWSER,
        Example("NotAllowedError: not allowed by the user agent", _JS),
        types=names("NotAllowedError SecurityError"),
        sides=_HERE,
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
