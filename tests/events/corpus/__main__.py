"""Print recall and false positives: `python -m tests.events.corpus [1|2]`."""

import sys
from collections import Counter

from tests.events.corpus import rows

half = sys.argv[1] if len(sys.argv) > 1 else "*"
pieces: Counter[str] = Counter()
leaked: Counter[str] = Counter()
for row in rows(f"secrets_{half}"):
    pieces[row.kind] += len(row.pieces)
    leaked[row.kind] += len(row.leaks)
    if row.leaks:
        print("leaks  ", row.origin, row.kind, repr(row.text), "->", repr(row.shown))
harmless: Counter[str] = Counter()
damaged: Counter[str] = Counter()
for row in rows(f"lookalikes_{half}"):
    harmless[row.kind] += 1
    damaged[row.kind] += row.is_damaged
    if row.is_damaged:
        print("damaged", row.origin, row.kind, repr(row.text), "->", repr(row.shown))
for kind, count in sorted(pieces.items()):
    print(f"recall {kind:10} {1 - leaked[kind] / count:.3f} of {count}")
print(f"recall all        {1 - leaked.total() / pieces.total():.3f} of {pieces.total()}")
for kind, count in sorted(harmless.items()):
    print(f"wrong  {kind:10} {damaged[kind] / count:.3f} of {count}")
print(f"wrong  all        {damaged.total() / harmless.total():.3f} of {harmless.total()}")
