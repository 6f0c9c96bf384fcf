"""What is sent: one message of a question of ours and the redacted export, and nothing else."""

import hashlib
import json
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils import timezone

from apps.explain.configured import Llm
from apps.exports import Preset, estimate_tokens, render
from apps.lookups.known import with_replies
from apps.lookups.reading import LookupResult

# Within what every export holds back for its question, so that the facts are those of the page.
_QUESTION = Preset(
    "explain",
    "Explain",
    "Why did this happen to the customer? Write one JSON object per line and nothing else, "
    'likeliest first, at most 5: {"cause": "...", "confidence": "high|medium|low", '
    '"events": ["..."], "confirm": "..."}. In events name the ids of the events in the data that '
    "show it; without one, leave it empty. In confirm say what would prove it.",
)
# Other models cut words finer than the one that is counted for.
_SPARE, _FRAME = 4, 100


@dataclass(frozen=True, slots=True)
class Message:
    """The text as it is shown and sent. `most_in` is how many tokens it has at most."""

    text: str
    tokens: int
    most_in: int
    digest: str


def message_for(result: LookupResult, llm: Llm) -> Message:
    """The message about this result. There is no way to have one without redaction.

    Its digest covers where it goes too: a preview for one model is none for another.
    """
    lookup, zone = result.lookup, ZoneInfo(result.lookup.zone)
    today = timezone.localdate(timezone=zone)
    rendered = render(
        with_replies(result.answer, zone=zone, today=today),
        format="markdown",
        preset=_QUESTION,
        lookup_id=str(lookup.uuid),
        marker=lookup.marker,
        from_cache=lookup.from_cache,
        zone=lookup.zone,
        today=today,
    )
    tokens = estimate_tokens(rendered.text)
    told = json.dumps([llm.base_url, llm.model, llm.answer_tokens, rendered.text])
    return Message(
        text=rendered.text,
        tokens=tokens,
        most_in=tokens + tokens // _SPARE + _FRAME,
        digest=hashlib.sha256(told.encode()).hexdigest(),
    )
