"""Sample tickets with the moments and questions expected from each, all read at `NOW`."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
FRIDAY = date(2026, 11, 20)
TIMED = datetime(2026, 11, 20, 13, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Row:
    """A text and the moments expected from it, in UTC.

    `minutes` are those of the first reading, `questions` parts of the expected questions. Without
    questions the reading must be sure.
    """

    text: str
    utc: tuple[str, ...] = ()
    minutes: int | None = None
    questions: tuple[str, ...] = ()
    written: date | datetime | None = FRIDAY
    zone: str = "Europe/Berlin"


def sure(text: str, utc: str, minutes: int | None = None, **more: str | date | None) -> Row:
    """Return a row that can only mean this moment."""
    return Row(text, (utc,), minutes, **more)  # type: ignore[arg-type] # the fields of Row


def ambiguous(
    text: str, utc: str, questions: str, minutes: int | None = None, **more: str | date | None
) -> Row:
    """Return a row that means these comma-separated moments and raises these questions."""
    moments = tuple(filter(None, utc.split(", ")))
    return Row(text, moments, minutes, tuple(questions.split("|")), **more)  # type: ignore[arg-type]


SURE = [
    sure("yesterday around 3:15 pm Berlin time it broke", "2026-11-19 14:15", 15),
    sure("It broke yesterday at 15:15.", "2026-11-19 14:15"),
    sure("the day before yesterday at 3:15pm", "2026-11-18 14:15"),
    sure("today at 9:05 am", "2026-11-20 08:05"),
    sure("YESTERDAY AT 3:15 P.M.", "2026-11-19 14:15"),
    sure("at 3:15 pm yesterday", "2026-11-19 14:15"),
    sure("yesterday (19 November) at 3:15 pm", "2026-11-19 14:15"),
    sure("3 days ago at 15:15", "2026-11-17 14:15"),
    sure("on 20 November 2026 at 14:05", "2026-11-20 13:05"),
    sure("on Nov 20, 2026, 2:05 PM", "2026-11-20 13:05"),
    sure("on the 20th of November, about 2:05 pm", "2026-11-20 13:05", 15),
    sure("20-Nov-2026 14:05", "2026-11-20 13:05"),
    sure("2026-11-20 04:05", "2026-11-20 03:05"),
    sure("2026-11-20T14:05:00Z ERROR timeout", "2026-11-20 14:05"),
    sure("2026-11-20T14:05:00.123+05:30 ERROR", "2026-11-20 08:35"),
    sure("2026-11-20T14:05:00-05:00 ERROR", "2026-11-20 19:05"),
    sure("20.11.2026 um 14:05 Uhr", "2026-11-20 13:05"),
    sure("20.11.2026, 14.05 Uhr", "2026-11-20 13:05"),
    sure("am 19.11. um 14:05", "2026-11-19 13:05"),
    sure("am Montagabend um 21 Uhr", "2026-11-16 20:00", 15),
    sure("Mittwochnachmittag gegen 15:30", "2026-11-18 14:30", 15),
    sure("maandagavond om 20:15", "2026-11-16 19:15"),
    sure("på tisdagskvällen kl 19", "2026-11-17 18:00", 15),
    sure("15/11/2026 14:05", "2026-11-15 13:05"),
    sure("Thursday 11/12/2026 at 14:05", "2026-11-12 13:05"),
    sure("on 12 March at 14:05", "2026-03-12 13:05"),
    sure("on Tuesday at 14:05", "2026-11-17 13:05"),
    sure("yesterday at 14:05 UTC", "2026-11-19 14:05"),
    sure("yesterday at 2:05 UTC+2", "2026-11-19 00:05"),
    sure("yesterday at 14:05 CET", "2026-11-19 13:05", zone="America/New_York"),
    sure("yesterday at 2 pm EST", "2026-11-19 19:00", 15),
    sure("yesterday at 2:05 pm Pacific time", "2026-11-19 22:05"),
    sure("yesterday at 2:05 pm (New York time)", "2026-11-19 19:05"),
    sure("yesterday 14:05 Asia/Tokyo", "2026-11-19 05:05"),
    sure("3 pm yesterday EST", "2026-11-19 20:00", 15),
    sure("yesterday at 3:15 p.m. Eastern", "2026-11-19 20:15"),
    sure("Thu 19th Nov at approx. 17.40 CET", "2026-11-19 16:40", 15),
    sure("Thu at 14:05", "2026-11-19 13:05"),
    sure("since yesterday at 3 pm", "2026-11-19 14:00", 15),
    sure("yesterday at noon", "2026-11-19 11:00", 15),
    sure("this morning", "2026-11-20 08:00", 180),
    sure("yesterday afternoon", "2026-11-19 14:00", 180),
    sure("yesterday afternoon around 3", "2026-11-19 14:00", 15),
    sure("yesterday at 5 in the morning", "2026-11-19 04:00", 15),
    sure("last night at 11", "2026-11-19 22:00", 15),
    sure(
        "Last night, on 23 November 2026 at 01:31 UTC, it broke", "2026-11-23 01:31", written=None
    ),
    sure("last night", "2026-11-19 23:00", 360),
    sure("on 19 November 2026", "2026-11-19 11:00", 720),
    sure("between 3 and 4 pm yesterday", "2026-11-19 14:30", 30),
    sure("yesterday from 14:00 to 16:00", "2026-11-19 14:00", 60),
    sure("yesterday 11-1 pm", "2026-11-19 11:00", 60),
    sure("two hours ago", "2026-11-20 11:20", 30, written=TIMED),
    sure("20 minutes ago", "2026-11-20 13:00", 10, written=TIMED),
    sure("just now", "2026-11-20 13:20", 10, written=TIMED),
    sure("gestern gegen 15:15 Uhr", "2026-11-19 14:15", 15),
    sure("heute Morgen um 9 Uhr", "2026-11-20 08:00", 15),
    sure("gestern Nachmittag um halb 4", "2026-11-19 14:30"),
    sure("am Montag um 14:05", "2026-11-16 13:05"),
    sure("am 3. März 2026 um 14:05 Uhr", "2026-03-03 13:05"),
    sure("vor 2 Stunden", "2026-11-20 11:20", 30, written=TIMED),
    sure("hier vers 15h15", "2026-11-19 14:15", 15),
    sure("le 19 novembre 2026 à 15h", "2026-11-19 14:00", 15),
    sure("hier soir vers 20h", "2026-11-19 19:00", 15),
    sure("ayer a las 15:15", "2026-11-19 14:15"),
    sure("el 19 de noviembre de 2026 a las 15:15", "2026-11-19 14:15"),
    sure("Time of issue (UTC): 14:05\nDate of issue: 19 Nov 2026", "2026-11-19 14:05"),
    sure("Time (EST): 2:05 PM, 19 Nov 2026", "2026-11-19 19:05"),
    sure("ten past nine this morning", "2026-11-20 08:10"),
    sure("yesterday twenty past three in the afternoon", "2026-11-19 14:20"),
    sure("gestern um zehn nach drei nachmittags", "2026-11-19 14:10"),
    sure("18 Nov 09:00 Z", "2026-11-18 09:00"),
    sure("le 17/11/2026 entre 13h et 15h", "2026-11-17 13:00", 60),
    sure("today around 10", "2026-11-20 09:00", 15, written=TIMED),
    sure("ayer entre las 3 y las 4 de la tarde", "2026-11-19 14:30", 30),
    sure("heute morgen um 7 Uhr 20", "2026-11-20 06:20"),
    sure("le 18 novembre à 14 h 05", "2026-11-18 13:05"),
    sure("avant-hier à midi", "2026-11-18 11:00", 15),
    sure("esta mañana a las 9 y media", "2026-11-20 08:30"),
    sure("ce matin à 9 heures et quart", "2026-11-20 08:15"),
    sure("anteayer a las 8 de la tarde", "2026-11-18 19:00", 15),
    sure("18-11-2026 22h", "2026-11-18 21:00", 15),
    sure("crash at 5:15p on 11/19", "2026-11-19 16:15"),
    sure("at 1405hrs yesterday", "2026-11-19 13:05"),
    sure("0905 this morning", "2026-11-20 08:05"),
    sure("Screenshot 2026-11-20 at 14.05.33.png", "2026-11-20 13:05"),
    sure("20261118T220500Z", "2026-11-18 22:05"),
    sure("jdoe [20/Nov/2026:14:05:12 +0000] 502", "2026-11-20 14:05"),
    sure("on the 3rd, around 11am", "2026-11-03 10:00", 15),
    sure("Teusday at 2:05 pm", "2026-11-17 13:05"),
    sure("Date: 2026-11-19\nTime: 05:15p\nTZ: America/New_York", "2026-11-19 22:15"),
    sure("a couple of hours ago", "2026-11-20 11:20", 30, written=TIMED),
    sure("1h ago", "2026-11-20 12:20", 15, written=TIMED),
    sure("hace una hora", "2026-11-20 12:20", 15, written=TIMED),
    sure("yesterday at 15:15 and it said 10 errors at 5 places", "2026-11-19 14:15"),
]

SURE += [
    sure("11/18/2026-04:10 PM it failed", "2026-11-18 15:10"),
    sure("2026-11-18_16:10:05 fatal", "2026-11-18 15:10"),
    sure("Wed Nov 18 16:10:05 2026 worker died", "2026-11-18 15:10"),
    sure("yesterday 4ish pm", "2026-11-19 15:00", 15),
    sure("yesterday at 4pm-ish", "2026-11-19 15:00", 15),
    sure("around 4:30ish pm yesterday", "2026-11-19 15:30", 15),
    sure("yesterday at 4:10\u202fPM", "2026-11-19 15:10"),
    sure("yesterday at quarter to five in the afternoon", "2026-11-19 15:45"),
    sure("yesterday at four in the afternoon", "2026-11-19 15:00", 15),
    sure("gestern nachmittags um halb fünf", "2026-11-19 15:30"),
    sure("hier à quatre heures et demie de l'après-midi", "2026-11-19 15:30"),
    sure("ayer a las cuatro y media de la tarde", "2026-11-19 15:30"),
    sure("ieri alle 16:10", "2026-11-19 15:10"),
    sure("ontem às 16h10", "2026-11-19 15:10"),
    sure("gisteren om half drie 's middags", "2026-11-19 13:30"),
    sure("i går kl. 16.10", "2026-11-19 15:10"),
    sure("igår kl 16:10", "2026-11-19 15:10"),
    sure("eilen klo 16.10", "2026-11-19 15:10"),
    sure("wczoraj o 16:10", "2026-11-19 15:10"),
    sure("昨日16:10にエラー", "2026-11-19 15:10"),
    sure("2026年11月19日 午後4時10分", "2026-11-19 15:10"),
    sure("yesterday around 3ish PM ET", "2026-11-19 20:00", 15),
    sure("gestern gegen halb fünf am Nachmittag", "2026-11-19 15:30", 15),
    sure("20261118 16:10 fatal", "2026-11-18 15:10"),
    sure("yesterday at 4:10 pm Europe/Paris", "2026-11-19 15:10"),
    sure("yesterday at 16:10 permission denied", "2026-11-19 15:10"),
    sure("19.11.2026 um Viertel vor sechs abends", "2026-11-19 16:45"),
    sure("gestern 17 Uhr 45", "2026-11-19 16:45"),
    sure("yesterday 5 past 4pm", "2026-11-19 15:05"),
    sure("yesterday 5 items were gone", "2026-11-19 11:00", 720),
    sure("mardi 10 à 16h10", "2026-11-10 15:10"),
    sure("am Dienstag, den 10. um 16:10 Uhr", "2026-11-10 15:10"),
    sure("Tuesday the 10th at 4:10 pm", "2026-11-10 15:10"),
    sure("el día 18 a las 16:10", "2026-11-18 15:10"),
    sure("2026. November 18, 16:10", "2026-11-18 15:10"),
]

# The words around a time connect it with the problem.
SURE += [
    sure("yesterday at three thirty-five pm", "2026-11-19 14:35"),
    sure("yesterday around noonish PT", "2026-11-19 20:00", 15),
    sure("Site returns 502 as of 16:51 UTC, 18-11-2026", "2026-11-18 16:51"),
    sure("On 18 Nov at 16:10 I tried to place an order and got an error", "2026-11-18 15:10"),
    sure("I could not open the invoice on 18 Nov at 16:10", "2026-11-18 15:10"),
    sure("I paid on 18 Nov at 16:10 and got an error", "2026-11-18 15:10"),
    sure("my login yesterday at 16:10 failed", "2026-11-19 15:10"),
    sure("During the meeting on 18 Nov at 16:10 the page crashed", "2026-11-18 15:10"),
    sure("I was in a meeting on 18 Nov at 16:10 when the page crashed", "2026-11-18 15:10"),
    sure("The mail was not delivered on 18 Nov at 16:10", "2026-11-18 15:10"),
    sure("The customer reported that on 18 Nov at 16:10 the page crashed", "2026-11-18 15:10"),
    sure("Yesterday at 16:10 I was in the shop. The page went white.", "2026-11-19 15:10"),
    sure("When did it happen? 18 Nov 16:10\nWho? 77", "2026-11-18 15:10"),
    sure("Blank for all since 18 Nov 16:10, it is still down", "2026-11-18 15:10"),
    sure("The app closed itself yesterday at 16:10", "2026-11-19 15:10"),
    sure("I couldn't log in yesterday at 16:10", "2026-11-19 15:10"),
    sure("I can't log in since yesterday 16:10", "2026-11-19 15:10"),
    sure("hier 16h10 erreur 500 au paiement", "2026-11-19 15:10"),
    sure("ts=2026-11-18T16:10:09Z level=error user=77", "2026-11-18 16:10"),
    sure("### When did it happen?\n\n2026-11-18 16:10\n### Version\n4.2", "2026-11-18 15:10"),
    sure("Mon panier a disparu hier à 16h10.", "2026-11-19 15:10"),
    sure("Die Seite war am 18.11.2026 um 16:10 Uhr nicht erreichbar.", "2026-11-18 15:10"),
    sure("Le paiement a échoué le 18 novembre à 16h10.", "2026-11-18 15:10"),
    sure("Am 18.11. um 16:10 Uhr brach der Upload mit einem Fehler ab", "2026-11-18 15:10"),
]

SURE += [
    sure("see the crash in IMG_20261119_161005.jpg", "2026-11-19 15:10"),
    sure("It crashed, see Screen Shot 2026-11-19 at 4 10 05 PM", "2026-11-19 15:10"),
    sure("It crashed at 2026-11-18T1610", "2026-11-18 15:10"),
    sure("20261118T1610Z error", "2026-11-18 16:10"),
    sure("2026-11-18T161009.250Z error", "2026-11-18 16:10"),
    sure("It crashed, see Screenshot 2026-11-19 161005.png", "2026-11-19 15:10"),
    sure("Screenshot_20261119-161005_Shop.jpg of the crash", "2026-11-19 15:10"),
    sure("19.11. 16:10 Absturz", "2026-11-19 15:10"),
    sure("19.11. 16:10 weiße Seite bei Kunde 5123", "2026-11-19 15:10"),
    sure("kaatui eilen kello 14 maissa", "2026-11-19 13:00", 15),
    sure("The page has not been fixed, it crashed yesterday at 16:10", "2026-11-19 15:10"),
    sure("The app crashed without an error yesterday at 16:10", "2026-11-19 15:10"),
    sure("Kunde meldet: gestern 16:10 Absturz", "2026-11-19 15:10"),
    sure("gestern um 16:10 ist es wieder abgestürzt", "2026-11-19 15:10"),
    sure("It crashed yesterday at 16:10 and again 20 minutes later", "2026-11-19 15:10"),
]

# A failure that ended, was reported, or wasn't there at that time.
AMBIGUOUS = [
    ambiguous(text, "2026-11-19 15:10", said)
    for text, said in (
        ("We fixed the crash yesterday at 16:10", "“fixed the crash”"),
        ("Der Fehler wurde gestern um 16:10 behoben", "“behoben”"),
        ("Le bug a été corrigé hier à 16h10", "“corrigé”"),
        ("The error is gone since yesterday 16:10", "“gone since”"),
        ("Seit gestern 16:10 geht es wieder", "“wieder”"),
        ("No errors since yesterday 16:10", "“errors since”"),
        ("Keine Fehler gestern um 16:10", "“Fehler”"),
        ("Yesterday at 16:10 it didn't crash", "“crash”"),
        ("I reported the crash yesterday at 16:10", "“reported the crash”"),
        ("Ich habe den Absturz gestern um 16:10 gemeldet", "“gemeldet”"),
        ("Yesterday at 16:10 all was fine, then it broke", "“was fine”"),
        ("I began yesterday at 16:10, 20 minutes later it broke", "“minutes later”"),
        ("Lunch at 16:10 yesterday can't be saved", "“Lunch at”"),
        ("It broke yesterday at 16:10, I mean 17:10", "“I mean”"),
        ("Every day at 16:10 it breaks, also yesterday", "“Every day at”"),
        ("It shows the wrong date: yesterday 16:10", "“wrong date”"),
        ("Works until yesterday 16:10", "“until”"),
        ("Hier à 16h10 plus d’erreur", "“d’erreur”"),
        ("All is running again since yesterday 16:10", "“running again since”"),
        ("Gestern um 16:10 ging es noch", "“noch”"),
        ("Ayer a las 16:10 todavía funcionaba", "Nothing near it"),
        ("I called yesterday at 16:10 about the crash", "“called”"),
        ("It broke between Monday and yesterday 16:10", "“between Monday and”"),
        ("Since the order yesterday at 16:10 the page is blank", "“the order”"),
        ("Yesterday at 16:10 nothing was wrong", "“wrong”"),
        ("We upgraded yesterday at 16:10 and it is slow", "“We upgraded”"),
        ("Yesterday at 16:10 we paid", "“paid”"),
        ("I bought it yesterday at 16:10 and it never came", "“I bought it”"),
        ("Payment from yesterday 16:10 did not arrive", "“Payment from”"),
    )
]

AMBIGUOUS += [
    ambiguous("On November 18 at 4:10 pm I wrote: it is blank", "2026-11-18 15:10", "“wrote”"),
    ambiguous("Meeting notes 18 Nov 16:10", "2026-11-18 15:10", "“Meeting notes”"),
    ambiguous("Account closed 3 Nov, not mails", "2026-11-03 11:00", "“Account closed”", 720),
    ambiguous("Customer since 3 Nov, blank page", "2026-11-03 11:00", "“Customer since”", 720),
    ambiguous("The order of 3 Nov is blank", "2026-11-03 11:00", "“The order of”", 720),
    ambiguous("Invoice date 2026-11-03. It fails.", "2026-11-03 11:00", "“Invoice date”", 720),
    ambiguous("Order placed 3 Nov 16:10: error", "2026-11-03 15:10", "“Order placed”"),
    ambiguous(
        "The failed order was refunded on 3 Nov", "2026-11-03 11:00", "“was refunded on”", 720
    ),
    ambiguous("Since the update on 3 Nov it crashes", "2026-11-03 11:00", "“the update on”", 720),
    ambiguous("Last good sign-in 18 Nov 16:10", "2026-11-18 15:10", "“Last good sign-in”"),
    ambiguous("Gala set for 18 Nov 16:10, page blank", "2026-11-18 15:10", "“Gala set for”"),
    ambiguous("Lid sinds 3 mei 2026, kan niet", "2026-05-03 10:00", "“Lid sinds”", 720),
    ambiguous("On 18 Nov 16:10 we released 4.2", "2026-11-18 15:10", "“released”"),
    ambiguous("Rechnung vom 03.11.2026 ist leer", "2026-11-03 11:00", "“Rechnung vom”", 720),
    ambiguous("Commande du 3 novembre vide", "2026-11-03 11:00", "“Commande du”", 720),
    ambiguous("Pedido del 3 de noviembre vacío", "2026-11-03 11:00", "“Pedido del”", 720),
    ambiguous("Möte den 18 november kl 16:10", "2026-11-18 15:10", "“Möte”"),
    ambiguous("Plan: Pro | Cycle: 3 Nov | all empty", "2026-11-03 11:00", "“Cycle”", 720),
    ambiguous("Kim, floor 3, 3 Nov\nNothing to see", "2026-11-03 11:00", "Nothing near it", 720),
    ambiguous("We ate out on 18 Nov at 16:10. It fails.", "2026-11-18 15:10", "Nothing near it"),
    ambiguous("Gala on 18 Nov at 16:10, page blank", "2026-11-18 15:10", "Nothing near it"),
    ambiguous("We sailed on 3 Nov and lost all maps", "2026-11-03 11:00", "Nothing near it", 720),
    ambiguous("I left on 18 Nov at 16:10 and it isn't up", "2026-11-18 15:10", "Nothing near it"),
    ambiguous("My trip (no. 1, 18 Nov 16:10) vanished", "2026-11-18 15:10", "Nothing near it"),
    ambiguous("Closing after we will freeze on 3 Nov", "2026-11-03 11:00", "“will freeze on”", 720),
    ambiguous(
        '{"created_at":"2026-11-18T16:10:09Z","status":"failed"}', "2026-11-18 16:10", "“created"
    ),
    ambiguous("A photo from 18 Nov 16:10 is blank", "2026-11-18 15:10", "“A photo from”"),
    ambiguous("We ate at 16:10 yesterday. Now it hangs.", "2026-11-19 15:10", "Nothing near it"),
    ambiguous("at home yesterday, ill today", "2026-11-19 11:00", "Nothing near it", 720),
    ambiguous("yesterday at 16:10, at 16:20", "2026-11-19 15:10", "Nothing near it"),
    ambiguous("18/Nov/26 4:10 PM", "2026-11-18 15:10", "as the year 2026"),
    ambiguous("yesterday at half four", "2026-11-19 11:00", "“half” near it", 720),
    ambiguous("yesterday at 1610", "2026-11-19 11:00", "“at 1610” near it", 720),
    ambiguous("on Tuesday-ish", "2026-11-17 11:00", "may be another day", 720),
    ambiguous("today at noon. We are on EST.", "2026-11-20 11:00, 2026-11-20 17:00", "“EST”", 15),
    ambiguous("Monday or Tuesday at 3 pm", "2026-11-17 14:00", "“Monday or”", 15),
    ambiguous("yesterday at 3:10 pm or 4", "2026-11-19 14:10", "“or 4”"),
    ambiguous("around Nov 18 or so, 4 pm", "2026-11-18 15:00", "“Nov 18 or so”", 15),
    ambiguous("yesterday's build at 16:10", "2026-11-19 15:10", "“'s”"),
    ambiguous("this time yesterday", "2026-11-19 11:00", "“this time” near it", 720),
    ambiguous("the Tuesday before last at 16:10", "2026-11-17 15:10", "“before last”"),
    ambiguous("it worked yesterday at 16:10", "2026-11-19 15:10", "“it worked”"),
    ambiguous("3 weeks and 2 days ago", "2026-11-18 11:00", "“weeks and” before it", 720),
    ambiguous("Was it yesterday at 16:10?", "2026-11-19 15:10", "in a question"),
    ambiguous(
        "Ticket 1 created by Kim on 18 Nov 2026 16:10", "2026-11-18 15:10", "created by Kim on"
    ),
    ambiguous("yesterday, a quarter of six p.m.", "2026-11-19 17:00", "“quarter of”", 15),
    ambiguous("19.11.2026 um 5 Uhr", "2026-11-19 04:00, 2026-11-19 16:00", "a.m. or p.m.", 15),
    ambiguous("on 12 December at 14:05", "2025-12-12 13:05", "gives no year"),
    ambiguous("sabato scorso alle 16:10", "2026-11-07 15:10, 2026-11-14 15:10", "could be"),
    ambiguous("last Wed 16:10", "2026-11-11 15:10, 2026-11-18 15:10", "could be"),
    ambiguous("tonight at 1 am", "2026-11-20 00:00, 2026-11-21 00:00", "after midnight", 15),
    ambiguous("just before six yesterday evening", "2026-11-19 20:00", "“before six” near", 180),
    ambiguous(
        "It failed at 9:20 am, first time yesterday 5:45 pm.",
        "2026-11-19 08:20, 2026-11-20 08:20",
        "gives no day",
    ),
    ambiguous("my mail from yesterday 16:10", "2026-11-19 15:10", "“my mail from”"),
    ambiguous("avant le 18 novembre à 16h10", "2026-11-18 15:10", "“avant”"),
    ambiguous("between yesterday 4:10 pm and noon", "2026-11-19 15:10", "“between”"),
    ambiguous(
        "On 18 November I paid, on 19. listopadx 2026 at 16:10 it failed",
        "2026-11-18 15:10",
        "“19. listopadx 2026” near it may be its day",
    ),
    ambiguous(
        "it broke yesterday at 16:10 (1510 UTC)",
        "2026-11-19 15:10, 2026-11-19 16:10",
        "“1510 UTC” near it may be the time of day",
    ),
    ambiguous(
        "on 11/12/2026 at 14:05", "2026-11-12 13:05", "11 Dec 2026 or Thu 12 Nov|in the future"
    ),
    ambiguous(
        "on 10/11/2026 at 14:05", "2026-10-11 12:05, 2026-11-10 13:05", "10 Nov 2026 or Sun 11"
    ),
    ambiguous(
        "on 11/12 at 14:05", "2025-12-11 13:05, 2026-11-12 13:05", "11 Dec 2025 or Thu 12 Nov"
    ),
    ambiguous("11-10-2026 14:05", "2026-10-11 12:05, 2026-11-10 13:05", "could be"),
    ambiguous("on 19/11/26 at 14:05", "2026-11-19 13:05", "two-digit year"),
    ambiguous(
        "on 10/11/26 at 14:05", "2026-10-11 12:05, 2026-11-10 13:05", "two-digit year|could be"
    ),
    ambiguous("on Friday 11/12/2026 at 14:05", "", "in the future"),
    ambiguous("on Monday 11/12/2026 at 14:05", "2026-11-12 13:05", "doesn't match the date"),
    ambiguous(
        "yesterday at 5", "2026-11-19 04:00, 2026-11-19 16:00", "doesn't say a.m. or p.m.", 15
    ),
    ambiguous(
        "yesterday around 3", "2026-11-19 02:00, 2026-11-19 14:00", "doesn't say a.m. or p.m.", 15
    ),
    ambiguous("yesterday, 5:15", "2026-11-19 04:15, 2026-11-19 16:15", "doesn't say a.m. or p.m."),
    ambiguous(
        "yesterday at 12:30", "2026-11-18 23:30, 2026-11-19 11:30", "doesn't say a.m. or p.m."
    ),
    ambiguous(
        "gestern um halb vier", "2026-11-19 02:30, 2026-11-19 14:30", "doesn't say a.m. or p.m."
    ),
    ambiguous(
        "half past four yesterday", "2026-11-19 03:30, 2026-11-19 15:30", "doesn't say a.m. or p.m."
    ),
    ambiguous("midnight yesterday", "2026-11-18 23:00, 2026-11-19 23:00", "Midnight", 15),
    ambiguous("25.10.2026 um 02:30 Uhr", "2026-10-25 00:30, 2026-10-25 01:30", "happened twice"),
    ambiguous("29.03.2026 um 02:30 Uhr", "2026-03-29 00:30, 2026-03-29 01:30", "did not exist"),
    ambiguous(
        "on 25 October 2026 at 2:30 am EST and so on",
        "2026-10-25 06:30, 2026-10-25 07:30",
        "more than one time zone",
    ),
    ambiguous(
        "yesterday 2 pm CST", "2026-11-19 06:00, 2026-11-19 20:00", "more than one time zone", 15
    ),
    ambiguous(
        "yesterday 2 pm IST",
        "2026-11-19 08:30, 2026-11-19 12:00, 2026-11-19 14:00",
        "more than one time zone",
        15,
    ),
    ambiguous("on 3 July 2026 at 2 pm BST", "2026-07-03 08:00, 2026-07-03 13:00", "zone", 15),
    ambiguous("on 3 July 2026 at 2 pm EST", "2026-07-03 18:00, 2026-07-03 19:00", "zone", 15),
    ambiguous("yesterday 3 pm Springfield time", "2026-11-19 14:00", "don't recognize", 15),
    ambiguous("on Friday at 14:05", "2026-11-13 13:05, 2026-11-20 13:05", "Fri 13 Nov"),
    ambiguous("last Monday at 14:05", "2026-11-09 13:05, 2026-11-16 13:05", "could be"),
    ambiguous(
        "last night at 2", "2026-11-19 01:00, 2026-11-20 01:00", "before or after midnight", 15
    ),
    ambiguous("on may 5 it broke", "2026-05-05 10:00", "not be a month", 720),
    ambiguous("at 3:15 pm it broke", "2026-11-19 14:15, 2026-11-20 14:15", "gives no day"),
    ambiguous("before 3 pm yesterday", "2026-11-19 14:00", "not an exact time", 60),
    ambiguous("before Monday 9 am", "2026-11-16 08:00", "“before”, not an exact time", 15),
    ambiguous("yesterday 3 pm WAT", "2026-11-19 14:00", "don't recognize “WAT”", 15),
    ambiguous(
        "yesterday at 3 pm in New York",
        "2026-11-19 14:00, 2026-11-19 20:00",
        "may or may not be the time zone",
        15,
    ),
    ambiguous("tomorrow at 5 pm we meet", "", "in the future"),
    ambiguous("next Monday at 3 pm", "", "in the future"),
    ambiguous("today at 5 pm", "2026-11-20 16:00", "later than the ticket", 15, written=TIMED),
    ambiguous("yesterday at 3 pm", "", "is counted from the day", written=None),
    ambiguous("on Monday at 3 pm", "", "is counted from the day", written=None),
    ambiguous("at 3:15 pm", "", "gives no day", written=None),
    ambiguous("two hours ago", "", "Enter that time too"),
    ambiguous("two hours ago", "", "minute the ticket was written", written=None),
    ambiguous(
        "quarter past four yesterday 20:00",
        "2026-11-19 03:15, 2026-11-19 15:15",
        "doesn't say a.m. or p.m.",
    ),
    ambiguous("yesterday at 3 pm my time", "2026-11-19 14:00", "“my time”", 15),
    ambiguous("yesterday at 3 pm local time", "2026-11-19 14:00", "“local time”", 15),
    ambiguous("this morning before work", "2026-11-20 08:00", "“before work”", 180),
    ambiguous("3pm Sydney on 19 Nov", "2026-11-19 04:00, 2026-11-19 14:00", "may or may not", 15),
    ambiguous("2-3 hours ago", "2026-11-20 10:20", "“2-” before it", 45, written=TIMED),
    ambiguous("today, 930 am", "2026-11-20 11:00", "“930 am” near it", 720),
    ambiguous("nine fifteen this morning", "2026-11-20 08:00", "“nine fifteen” near it", 180),
    ambiguous("yesterday five minutes past noon", "2026-11-19 11:00", "“minutes past”", 15),
    ambiguous("gestern um 14 Uhr 5", "2026-11-19 13:00", "may be the minutes", 15),
    ambiguous("yesterday at 2:05 pm in Austin", "2026-11-19 13:05", "“in Austin”"),
    ambiguous("19 Nov 14:05 (customer's local time)", "2026-11-19 13:05", "customer's local time"),
    ambiguous(
        "I'm in Sydney. Yesterday, 3 pm", "2026-11-19 04:00, 2026-11-19 14:00", "may or may", 15
    ),
    ambiguous("early yesterday morning", "2026-11-19 08:00", "“early”, not an exact time", 180),
    ambiguous("yesterday morning, maybe 4 or 5", "2026-11-19 08:00", "may be the time", 180),
    ambiguous(
        "yesterday, ten to 5", "2026-11-19 03:50, 2026-11-19 15:50", "doesn't say a.m. or p.m."
    ),
    ambiguous("yesterday at 5 o'clockish", "2026-11-19 11:00", "may be the time", 720),
    ambiguous("voice mail, received 19 Nov 2026 16:32", "2026-11-19 15:32", "“mail, received”"),
    ambiguous(
        "on the 20th at 5:15 pm", "2026-10-20 15:15, 2026-11-20 16:15", "doesn't say which month"
    ),
    ambiguous("on the 25th at 5:15 pm", "2026-10-25 16:15", "doesn't say which month"),
    ambiguous(
        "Yesterday I paid. Then it rained a lot here. At 4:20 pm I saw the error.",
        "2026-11-19 15:20",
        "further up",
    ),
]

NOTHING = [
    "you may try 3 times, and may 5 times fail",
    "The meeting is in May. 5 of us attend. May 5 users log in?",
    "sold at 17.40 EUR on sun and sat",
    "I may be wrong, but in March we march on",
    "I was charged 3.15 for 5 items with version 2.14.0 at 10.11.12.13:80",
    "error in app.js:10:15, and 50% of 1,234 requests, 24/7",
    "about 5 people at our office waited 12:30 minutes",
    "call 555-1234 or +49 30 1234567",
    "order 20261120, 11-12 boxes",
    "Das ist hier morgen nicht so",
    "the second time",
    "3 out of 5 items, Gen 2 2026, do 5 things at once, la 5, alle 16 Stunden",
    "le 14 à la page 3, el 5 a las órdenes, am 3. um zu testen, next Wed 17 items",
    "Open Mon to Fri 9-5, a call of 0:43",
    "99/99/2026 at 77:88, 31 February 2026, 2026-13-45",
]

NOTED = [
    ("on 20 December 2026 at 3 pm", "in the future"),
    ("born on 12 May 1985", "too long ago"),
    ("since last week", "isn't one specific day"),
    ("over the weekend", "isn't one specific day"),
]

# How many minutes before the ticket.
DURATIONS = [
    ("1.5 hours ago", 90),
    ("1,5 hours ago", 90),
    ("0.5h ago", 30),
    ("1½ hours ago", 90),
    ("1 1/2 hours ago", 90),
    ("an hour and a half ago", 90),
    ("about two and a half hours ago", 150),
    ("half an hour ago", 30),
    ("an hour & a half ago", 90),
    ("a quarter of an hour ago", 15),
    ("three quarters of an hour ago", 45),
    ("twenty-five minutes ago", 25),
    ("forty five minutes ago", 45),
    ("1 h 20 min ago", 80),
    ("1 hour and 20 minutes ago", 80),
    ("1:20 hours ago", 80),
    ("an hour or so ago", 60),
    ("vor 1,5 Stunden", 90),
    ("vor anderthalb Stunden", 90),
    ("vor zweieinhalb Stunden", 150),
    ("vor 1 Std. 20 Min.", 80),
    ("vor einer halben Stunde", 30),
    ("vor einer Viertelstunde", 15),
    ("vor fünfundzwanzig Minuten", 25),
    ("il y a 1h20", 80),
    ("il y a une heure et demie", 90),
    ("il y a une demi-heure", 30),
    ("il y a un quart d'heure", 15),
    ("il y a vingt-cinq minutes", 25),
    ("hace hora y media", 90),
    ("hace dos horas y media", 150),
    ("hace media hora", 30),
    ("hace tres cuartos de hora", 45),
    ("hace veinticinco minutos", 25),
    ("due ore e mezza fa", 150),
    ("há uma hora e meia", 90),
    ("anderhalf uur geleden", 90),
    ("två timmar sedan", 120),
    ("en och en halv timme sedan", 90),
    ("twee en een half uur geleden", 150),
    ("halvanden time siden", 90),
    ("puolitoista tuntia sitten", 90),
    ("pół godziny temu", 30),
    ("30分前", 30),
]
# The same, with a part of the question.
OPEN_DURATIONS = [
    ("2-3 hours ago", 180, "“2-” before it"),
    ("more than 2 hours ago", 120, "“more than” before it"),
    ("vor mehr als 2 Stunden", 120, "“vor mehr als 2 Stunden”"),
    ("an hour or two ago", 60, "“or two” after it"),
    ("hace dos horas y pico", 120, "“y pico”"),
    ("twenty minutes to an hour ago", 60, "before it"),
    ("a few hours ago", 300, "exactly how long ago"),
    ("1.5 days ago", 2160, "exactly how long ago"),
]
# Words that may be a time, but can't be read.
UNREAD = [
    ("hace 2 o 3 horas", "hace 2 o 3 horas"),
    ("in the last two hours", "last two hours"),
    ("zeventien uur geleden", "zeventien uur geleden"),
    ("an hour and a bit ago", "hour and a bit ago"),
    ("seit 2 Stunden", "seit 2 Stunden"),
    ("the app has been down for 45 mins", "been down for 45 mins"),
    ("not working for about two hours now", "working for about two hours"),
    ("v1.5 hours ago", "v1.5 hours ago"),
    ("20. listopadx 2026 we paid", "20. listopadx 2026"),
    ("31/02/2026", "31/02/2026"),
    ("it was half four, you see", "half four"),
    ("down, currently 235 PST", "235 PST"),
    ("down since 1405 UTC", "1405 UTC"),
]
