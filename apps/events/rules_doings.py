"""Plain words for what was being done, where nothing tells why it failed. All are broad: they are
asked last, and say more than that something failed.
"""

from apps.events.rule import Deed, Example, Rule, Side

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
