"""Kowalski's invoices, Pepe's parcels, Beatriz's sign-in."""

from __future__ import annotations

from apps.demo.story.scene import Crumb, Scene, call, frame, moved
from apps.demo.story.stacks import ASP_NET, RAILS, SPRING, SYMFONY
from apps.demo.world import Json

TOTALS = """
         foreach (var line in invoice.Lines)
         {
>            total += line.Tax.Rate * line.Net;
         }
         return total;
"""
LOAD_TAX = """
         await using var db = await _factory.CreateDbContextAsync(token);
>        return await db.TaxRates.SingleAsync(r => r.Country == country, token);
"""
BOOK_PARCEL = """
         $response = $this->client->request('POST', '/v2/parcels', ['json' => $parcel]);
         if ($response->getStatusCode() === 429) {
>            throw new CarrierBusyException($response->getContent(false));
         }
"""
ATTACH = """
   def attach(claim, upload)
     blob = upload.read
>    raise UploadTooLarge.new(blob.bytesize) if blob.bytesize > LIMIT
     claim.photos.attach(io: StringIO.new(blob), filename: upload.original_filename)
"""
PICK = """
         Shelf shelf = shelves.get(order.shelfCode());
>        return shelf.firstFreeSlot().orElseThrow();
"""
CALLBACK = """
   def callback
     state = session.delete(:oauth_state)
>    raise StateMismatch, params[:state] unless state == params[:state]
     sign_in User.from_omniauth(auth)
"""


INVOICE_CHAIN: tuple[Json, ...] = (
    {
        "type": "Npgsql.NpgsqlException",
        "value": "Exception while reading from stream",
        "module": "Npgsql",
        "frames": [frame("src/Data/TaxRates.cs", "LoadAsync", 31, LOAD_TAX)],
    },
    {
        "type": "System.InvalidOperationException",
        "value": "Nie znaleziono stawki VAT dla kraju „PL”",
        "module": "System.Private.CoreLib",
        "frames": [frame("src/Data/TaxRates.cs", "RateFor", 18)],
    },
    {
        "type": "Invoices.InvoiceException",
        "value": "Invoice 2026/11/0417 could not be issued",
        "module": "Invoices",
        "frames": [*ASP_NET, frame("src/InvoiceController.cs", "Issue", 77)],
    },
)
NULL_CRUMBS: tuple[Crumb, ...] = (
    (4.0, "Microsoft.EntityFrameworkCore.Database", "Executed DbCommand (31ms)", None),
    (1.0, "auth", "Signed in as CORP\\kowalski", {"scheme": "Negotiate"}),
)
INVOICES_RELEASE = "invoices@4.0.2+build.88"


def kowalski(scene: Scene) -> None:
    """Three exceptions in a chain, twice, then the bare null reference the user saw."""
    for seconds in (-280, -45):
        scene.add(
            seconds,
            project="invoices",
            issue="issue-invoice",
            exceptions=INVOICE_CHAIN,
            request={"method": "POST", "url": "https://invoices.corp.example/2026/11/0417/issue"},
            tags={"server_name": "INV-02", "tenant": "corp-pl"},
            transaction="Invoice.Issue",
            release=INVOICES_RELEASE,
        )
    null = "Object reference not set to an instance of an object."
    scene.add(
        5,
        project="invoices",
        issue="null-tax",
        issue_status="resolved",
        exception=("System.NullReferenceException", null),
        frames=[*ASP_NET, frame("src/Totals.cs", "Total", 52, TOTALS, module="Invoices.Totals")],
        breadcrumbs=scene.crumbs(5, NULL_CRUMBS),
        request={"method": "GET", "url": "https://invoices.corp.example/2026/11/0417"},
        transaction="Invoice.Show",
        release=INVOICES_RELEASE,
    )


def pepe(scene: Scene) -> None:
    """Spanish: the carrier answers 429, then a claim's photo is too large, then no shelf."""
    for seconds in (-250, -140, -20):
        _carrier_busy(scene, seconds)
    _photo_too_large(scene, 130)
    scene.add(
        200,
        project="warehouse",
        issue="no-slot",
        exception=("java.util.NoSuchElementException", "No value present"),
        frames=[
            *SPRING,
            frame("PickService.java", "pick", 140, PICK, module="example.warehouse.PickService"),
        ],
        threads=[{"id": 41, "name": "http-nio-8080-exec-7", "current": True, "crashed": True}],
        transaction="POST /picks",
        release="warehouse@9.1.0",
    )


def _carrier_busy(scene: Scene, seconds: float) -> None:
    busy = "Demasiadas solicitudes: el transportista no admite más envíos (429)"
    called = call(0.4, "POST", "https://carrier.example/v2/parcels", 429)
    scene.add(
        seconds,
        project="storefront",
        issue="carrier-busy",
        exception=("App\\Shipping\\CarrierBusyException", busy),
        frames=[
            *SYMFONY,
            frame("/src/Shipping/Carrier.php", "Carrier::bookParcel", 92, BOOK_PARCEL),
        ],
        breadcrumbs=scene.crumbs(seconds, [called]),
        request={
            "method": "POST",
            "url": "https://storefront.example/es/envios",
            "data": {"destino": "Málaga", "bultos": 3},
        },
        tags={"lang": "es", "carrier": "rapido"},
        transaction="app_shipping_book",
        release="storefront@12.8.0",
    )


def _photo_too_large(scene: Scene, seconds: float) -> None:
    scene.add(
        seconds,
        project="back-office",
        issue="upload-too-large",
        exception=("UploadTooLarge", "el archivo «foto del daño.heic» ocupa 31 MB, máximo 10 MB"),
        frames=[*RAILS, frame("app/services/claims.rb", "attach", 27, ATTACH)],
        handled=True,
        level="warning",
        request={
            "method": "POST",
            "url": "https://office.example/claims/77/photos",
            "headers": [["Content-Length", "32505856"], ["Content-Type", "multipart/form-data"]],
        },
        transaction="ClaimsController#attach",
        release="back-office@3.19.5",
    )


def beatriz(scene: Scene) -> None:
    """Portuguese: twelve sign-in failures, four of them within the very same second."""
    moments = [*range(-88, -8, 10), 0.1, 0.4, 0.4, 0.9]
    for at, seconds in enumerate(moments):
        scene.add(
            seconds,
            project="back-office",
            issue="oauth-state",
            exception=("StateMismatch", f"o estado não confere (tentativa {at + 1})"),
            frames=[*RAILS, frame("app/controllers/sessions.rb", "callback", 44, CALLBACK)],
            breadcrumbs=scene.crumbs(
                seconds,
                [
                    moved(0.8, "/entrar", "/auth/start"),
                    moved(0.1, "/auth/start", "/auth/callback"),
                ],
            ),
            request={
                "method": "GET",
                "url": "https://office.example/auth/callback",
                "query": [["state", "[Filtered]"], ["code", "[Filtered]"]],
            },
            tags={"lang": "pt"},
            transaction="SessionsController#callback",
            release="back-office@3.19.5",
        )
