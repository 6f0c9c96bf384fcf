"""Plain words for what was entered, sent or asked for and does not fit."""

from apps.events.rule import CLIENT, ON_SERVER, Deed, Example, Rule, Side, Where, names

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
