"""Plain words for mistakes of the program itself, in any language. All of them are vague: what
another table tells of the same event is told first.
"""

from apps.events.rule import Example, Rule, Where, names

CODE = (
    Rule(
        "{Us} went around in circles and stopped.",
        None,
        Example("RecursionError: maximum recursion depth exceeded"),
        says=r"recursion|stack.?overflow|call stack|stack level too deep|maximum function nesting",
    ),
    Rule(
        "{Us} tried to use something that was missing.",
        None,
        Example("NullPointerException: Cannot invoke foo() because bar is null", "java"),
        says=r"\bof (?:undefined|null)\b|(?:is|are) (?:undefined|null|not an object)|on null\b"
        r"|nonetype|for nil\b|nil:nilclass|nil pointer|unexpectedly found nil|(?:null|nil) object"
        r"|undefined or null|null (?:value|check|pointer|reference)|\bon a .none. value"
        r"|undefined value|on undefined|: nil\b|access array offset|\bnil dereference"
        r"|null cannot be"
        r"|must not be null|addr 0x0|\bcannot (?:read|set) propert(?!y symbol)"
        r"|'null' is not a subtype"
        r"|cannot be nil\b|nil string|null given|non-nullable field|entry in nil map",
        types=names(
            "NullPointerException NullReferenceException ArgumentNullException"
            " UninitializedPropertyAccessException KotlinNullPointerException"
        ),
        vague=True,
    ),
    Rule(
        "{Us} used something before it was ready.",
        None,
        Example("LateInitializationError: Field 'city' was used too soon", "dart"),
        says=r"late ?initiali[sz]ation|before initiali[sz]ation|not (?:been |yet )?initiali[sz]ed"
        r"|must be used within|no queryclient|correct provider|app registry not ready"
        r"|appregistrynotready|not ready yet|no firebase app",
        vague=True,
    ),
    Rule(
        "A part of {us} used something that only another part can use.",
        None,
        Example("CalledFromWrongThreadException: Only the original thread may", "android"),
        says=r"only the original thread|networkonmainthread|from the main thread|looper\.prepare"
        r"|main thread (?:only|checker)|cross-thread|different thread owns"
        r"|already (?:mutably )?borrowed",
        vague=True,
    ),
    Rule(
        "{Us} was given a list with the same thing in it twice.",
        None,
        Example('IllegalArgumentException: Key "12" was already used.', "android"),
        says=r"key .{0,60}was already used|duplicate(?:d)? (?:globalkey|keys? )|with the same key",
        vague=True,
    ),
    Rule(
        "{Us} looked for an item that was not in a list.",
        None,
        Example("IndexError: list index out of range"),
        says=r"index.{0,30}out of (?:range|bounds)|of empty (?:array|list)|out[ _]?of ?bounds"
        r"|out_?of_?range|invalid array length"
        r"|list index|rangeerror \(index|index \d{1,9} (?:beyond|exceeds)|slice bounds",
        types=names("IndexError NSRangeException StringIndexOutOfBoundsException"),
        vague=True,
    ),
    Rule(
        "{Us} looked for a detail that was not in its data.",
        None,
        Example("KeyError: 'currency'"),
        says=r"undefined (?:array )?(?:key|index|offset)|key not found|no value present"
        r"|no ?such ?element"
        r"|no element|sequence contains no|element .{0,80} is undefined"
        r"|undefined property|not present in the dictionary|lazily initialize",
        types=names("KeyError KeyNotFoundException NoSuchElementException StopIteration"),
        vague=True,
    ),
    Rule(
        "{Us} got something it was not built to handle.",
        None,
        Example("MatchError: no match of right hand side value: :error", "elixir"),
        says=r"no match of|no function clause|no (?:case|cond|with) clause|(?:match|clause)error"
        r"|unhandled (?:case|enum)|not a valid (?:enum|choice)|no enum constant"
        r"|unexpected response",
        vague=True,
    ),
    Rule(
        "{Us} asked one of its parts to do something it cannot do.",
        None,
        Example("TypeError: cart.total is not a function", "javascript"),
        says=r"is not a (?:function|constructor)|is not iterable|has no attribute|undefined method"
        r"|unrecognized selector|no implicit conversion|not callable|doesn't respond to"
        r"|object does not support|has no (?:instance )?(?:method|getter)"
        r"|can't locate object method",
        types=names("AttributeError NoMethodError MissingMethodException BadMethodCallException"),
        vague=True,
    ),
    Rule(
        "{Us} used the name of something that does not exist.",
        None,
        Example("ReferenceError: total is not defined", "javascript"),
        says=r"is not defined|can't find variable|undefined (?:local |global )?variable"
        r"|undefined (?:constant|function)|variable .{0,60}is undefined|call to undefined",
        types=names("ReferenceError NameError UnboundLocalError"),
        vague=True,
    ),
    Rule(
        "{Us} got a different kind of data than it needs.",
        None,
        Example("TypeError: unsupported operand type(s) for +: 'int' and 'str'"),
        says=r"unsupported operand|only concatenate|comparison of .{0,60} failed"
        r"|not supported between"
        r"|cannot be cast|can't convert|is not a subtype|invalid ?cast"
        r"|classcast"
        r"|cannot convert|must be of type|to string conversion|in arithmetic expression"
        r"|unexpected keyword argument|positional argument"
        r"|wrong number"
        r"|must be (?:an? )?(?:str|int|string|array|number|bytes)|typemismatch|interface conversion"
        r"|cannot unmarshal|not (?:json )?serializable|invalid argument type|argumenterror",
        types=names("ClassCastException InvalidCastException ArgumentError ArgumentException"),
        vague=True,
    ),
    Rule(
        "{Us} tried to divide a number by zero.",
        None,
        Example("ZeroDivisionError: division by zero"),
        says=r"divi(?:sion|de|ded) by (?:zero|0)|dividebyzero|zerodivision|divisionbyzero"
        r"|: / by zero",
    ),
    Rule(
        "{Us} got a number that was too large for it.",
        None,
        Example("OverflowError: Python int too large to convert to C long"),
        says=r"overflowerror|arithmetic.{0,8}overflow|integer overflow|too large to convert"
        r"|floatdomain|too large or too small|too big or too small|number too large"
        r"|with overflow|invalid count value",
    ),
    Rule(
        "{Us} found that something was not as it should be.",
        None,
        Example("AssertionError"),
        says=r"assertion.?(?:error|failed)|failed assertion|invariant",
        types=names("AssertionError AssertionException AssertionFailedError"),
        vague=True,
    ),
    Rule(
        "{Us} changed a list while it was reading it.",
        None,
        Example("java.util.ConcurrentModificationException", "java"),
        says=r"concurrentmodification|during (?:iteration|enumeration)|collection was modified"
        r"|concurrent map|while (?:being )?enumerat",
    ),
    Rule(
        "{Us} tried to change something that cannot be changed.",
        None,
        Example("FrozenError: can't modify frozen String", "ruby"),
        says=r"frozenerror|modify frozen|read.?only property|not extensible|cannot redefine|immutab"
        r"|constant variable",
        types=names("FrozenInstanceError UnsupportedOperationException"),
    ),
    Rule(
        "{Us} could not get its data ready to send or save.",
        None,
        Example("TypeError: Converting circular structure to JSON", "javascript"),
        says=r"circular structure|cyclic object|could not be cloned|datacloneerror|picklingerror"
        r"|not json serializable|invaliddefinition",
    ),
    Rule(
        "{Us} was asked for something that is not built yet.",
        None,
        Example("NotImplementedError: gift wrap"),
        says=r"not ?implemented|unimplemented|not (?:yet )?supported|todo!",
        types=names("NotSupportedException"),
        vague=True,
    ),
    Rule(
        "{Us} was not ready for a step that it was told to take.",
        None,
        Example("IllegalStateException: order is closed", "java"),
        types=names(
            "IllegalStateException InvalidOperationException StateError InvalidStateError"
            " IllegalArgumentException LogicException IllegalMonitorStateException"
        ),
        vague=True,
    ),
    Rule(
        "{Us} counted on a step that had failed.",
        None,
        Example('panic: called `Result::unwrap()` on an `Err` value: "no"', "rust"),
        says=r"on an .err. value|result::(?:unwrap|expect)",
        vague=True,
    ),
    Rule(
        "{Us} got a value that it cannot use.",
        None,
        Example("ValueError: no such size"),
        types=names(
            "ValueError RangeError InvalidArgumentException UnexpectedValueException"
            " FormatException"
        ),
        vague=True,
    ),
    Rule(
        "{Us} stopped at a point it should never reach.",
        None,
        Example("EXC_BREAKPOINT: Fatal error", "cocoa"),
        says=r"exc_breakpoint|brk 1\b|fatal error:",
        vague=True,
    ),
    Rule(
        "Something took too long and was stopped.",
        None,
        Example("TimeoutError: timed out", "other"),
        says=r"time.?out|timed out|deadline",
        vague=True,
        broad=True,
    ),
    Rule(
        "Something took a very long time.",
        None,
        Example("export took 12 s", "other"),
        says=r"\bslow(?!down)|\btook \d",
        vague=True,
        broad=True,
    ),
    Rule(
        "Something that was needed was not there.",
        Where.APP,
        Example("WidgetNotFound: 17"),
        says=r"not ?found|nosuch|does ?not ?exist|missing",
        vague=True,
        broad=True,
    ),
    Rule(
        "{Us} ran into something it did not expect and stopped.",
        None,
        Example("TypeError: odd"),
        types=names("TypeError RuntimeError RuntimeException panic"),
        says=r"^panic|unexpected",
        vague=True,
        broad=True,
    ),
)
