"""Words that stand where a secret could, and are none."""

# In place of a value, quoted or not.
NOTHING = frozenset((
    "true", "false", "null", "none", "nil", "undefined", "nan", "yes", "no", "empty", "n/a",
    "unset", "filtered", "redacted",
))  # fmt: skip
# After a name in a sentence: `password: required`, `token: missing`.
WORDS = NOTHING | frozenset((
    "a", "absent", "active", "an", "and", "any", "are", "array", "async", "at", "await",
    "bad", "basic", "bearer", "bool", "boolean", "by", "bytes", "can't", "cannot", "changed",
    "closed", "could", "created", "declined", "default", "deleted", "denied", "dict",
    "digest", "disabled", "does", "enabled", "ended", "eof", "error", "expected", "expired",
    "failed", "failure", "field", "for", "found", "from", "function", "given", "got", "has",
    "have", "hidden", "identifier", "if", "in", "inactive", "incorrect", "int", "integer",
    "invalid", "is", "lambda", "length", "list", "malformed", "masked", "mismatch", "missing",
    "must", "name", "new", "no-store", "not", "number", "object", "of", "ok", "okay", "old",
    "on", "open", "optional", "or", "please", "provided", "punc", "received", "refused",
    "rejected", "required", "reset", "revoked", "rotated", "saved", "sent", "set", "should",
    "started", "stored", "str", "string", "text", "the", "this", "to", "too", "type",
    "unexpected", "unknown", "updated", "valid", "was", "with", "wrong", "yield", "your",
))  # fmt: skip
