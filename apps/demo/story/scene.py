"""Building blocks of the story: scenes, frames, breadcrumbs, and requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.demo.items import add_log, add_span
from apps.demo.world import Event, Json, Person, World

Crumb = tuple[float, str, str | None, Json | None]

CRUMB_KINDS = {"xhr": "http", "fetch": "http", "http": "http", "navigation": "navigation"}


@dataclass(frozen=True)
class Scene:
    """One customer and one time, at which something goes wrong."""

    world: World
    at: datetime
    person: Json

    @property
    def user(self) -> Person:
        """The customer as the user object of replays and feedback."""
        names = {"id": "user_id", "email": "email", "username": "username", "ip_address": "ip"}
        return {key: self.person.get(name) for key, name in names.items()}

    def time(self, seconds: float) -> datetime:
        """Return the time some seconds after the scene's, or before it if negative."""
        return self.at + timedelta(seconds=seconds)

    def add(self, seconds: float, **fields: Any) -> Event:
        """Add an event for the customer; `fields` are those of a `Draft`."""
        return self.world.add_event(**{"timestamp": self.time(seconds), **self.person, **fields})

    def log(self, seconds: float, message: str, severity: str = "info", **fields: Any) -> None:
        """Add a log entry of the customer, or of nobody with `user=None`."""
        add_log(self.world, self.time(seconds), message, severity, **{"user": self.user, **fields})

    def span(
        self, seconds: float, duration_ms: float, op: str, description: str, **fields: Any
    ) -> None:
        """Add a span of the customer, or of nobody with `user=None`."""
        fields = {"user": self.user, **fields}
        add_span(self.world, self.time(seconds), duration_ms, op, description, **fields)

    def crumbs(self, seconds: float, crumbs: Sequence[Crumb]) -> list[Json]:
        """Return breadcrumbs from `(seconds before the event, category, message, data)`."""
        return [
            {
                "timestamp": self.time(seconds - before),
                "category": category,
                "type": CRUMB_KINDS.get(category, "default"),
                "level": "error" if category == "error" else "info",
                "message": message,
                "data": data,
            }
            for before, category, message, data in crumbs
        ]


def call(before: float, method: str, url: str, status: int, *, category: str = "http") -> Crumb:
    """Return the breadcrumb of an HTTP request."""
    return (before, category, None, {"method": method, "url": url, "status_code": status})


def navigation(before: float, start: str, end: str) -> Crumb:
    """Return the breadcrumb of a page change."""
    return (before, "navigation", None, {"from": start, "to": end})


def frame(filename: str, function: str, line: int, code: str = "", **more: Any) -> Json:
    """Return an in-app frame.

    `code` is the source around the line, which is marked with `>`; other lines start with a
    space. `more` are other keys of the API.
    """
    return {
        "filename": filename,
        "absPath": more.pop("absPath", f"/srv/app/{filename}"),
        "function": function,
        "lineNo": line,
        "context": numbered(code, line),
        "inApp": True,
        **more,
    }


def library(filename: str, function: str, line: int, **more: Any) -> Json:
    """Return a frame of a library, without source."""
    return {"filename": filename, "function": function, "lineNo": line, "inApp": False, **more}


def numbered(code: str, line: int) -> list[list[int | str]]:
    """Return source lines with their numbers; the one marked `>` is number `line`."""
    lines = code.strip("\n").split("\n") if code else []
    marked = next((at for at, text in enumerate(lines) if text.startswith(">")), 0)
    return [[line - marked + at, text[1:]] for at, text in enumerate(lines)]


# The customers as their apps report them.
PEOPLE: dict[str, Json] = {
    "ada": {
        "user_id": "1001",
        "email": "ada.lovett@example.com",
        "username": "ada",
        "ip": "203.0.113.24",
        "user": {"geo": {"country_code": "GB", "city": "Leeds", "region": "United Kingdom"}},
    },
    "leo": {"user_id": "1742", "email": "leo.martin@example.fr", "ip": "198.51.100.7"},
    "mia": {"user_id": "1893", "email": "mia+shop@example.org", "username": "mia.wolf"},
    "mallory": {"user_id": "6660", "email": "mallory@example.net", "username": "mallory"},
    "kowalski": {"username": "CORP\\kowalski", "email": "p.kowalski@corp.example"},
    "nadia": {"user_id": "2208", "email": "NADIA.HADDAD@EXAMPLE.COM"},
    "oda": {"user_id": "3003", "username": "oda"},
    "pepe": {"user_id": "2950", "username": 'José "Pepe" Muñoz'},
    "busy": {"user_id": "20417", "email": "einkauf@grosskunde.example"},
    "yara": {"user_id": "9b2f6c1e-4d7a-4f0e-8a53-2c6d1e9b7f10", "ip": "2001:db8::5:17"},
    "sakura": {"user_id": "4471", "username": "sakura_田中"},
    "hanna": {"user_id": "3310", "email": "hanna.berg@example.se"},
    "nils": {"user_id": "3311", "email": "nils@berg.example"},
    "beatriz": {"user_id": "3120", "email": "beatriz.costa@example.pt"},
    "tom": {"user_id": "3402", "email": "tom.keller@example.de", "username": "tkeller"},
    "priya": {"user_id": "3417", "email": "priya.rao@example.in"},
    "jonas": {"user_id": "3425", "email": "jonas.lind@example.se"},
    "ines": {"user_id": "3431", "email": "ines.moreau@example.fr"},
    "bea": {"user_id": "3440", "email": "bea.novak@example.cz"},
    "karl": {"user_id": "3456", "email": "karl.huber@example.at"},
}

# Library frames, oldest call first.

DJANGO: tuple[Json, ...] = (
    library("django/core/handlers/exception.py", "inner", 55, module="django.core.handlers"),
    library("django/core/handlers/base.py", "_get_response", 197, module="django.core.handlers"),
    library("rest_framework/views.py", "dispatch", 509, module="rest_framework.views"),
)
REACT: tuple[Json, ...] = (
    library("/static/js/vendor.5c1e.js", "HTMLDivElement.callCallback", 4164, colNo=14),
    library("/static/js/vendor.5c1e.js", "invokeGuardedCallbackDev", 4213, colNo=16),
    library("/static/js/vendor.5c1e.js", "batchedUpdates", 26179, colNo=12),
)
REACT_NATIVE: tuple[Json, ...] = (
    library("node_modules/react-native/Libraries/Core/Timers.js", "callTimer", 139),
    library("node_modules/promise/setimmediate/core.js", "tryCallOne", 37),
)
NODE: tuple[Json, ...] = (
    library("node:internal/process/task_queues", "process.processTicksAndRejections", 95),
    library("/app/node_modules/bullmq/dist/cjs/classes/worker.js", "Worker.processJob", 394),
)
SYMFONY: tuple[Json, ...] = (
    library("/vendor/symfony/http-kernel/HttpKernel.php", "HttpKernel::handleRaw", 181),
    library("/vendor/symfony/http-kernel/HttpKernel.php", "HttpKernel::handle", 76),
)
RAILS: tuple[Json, ...] = (
    library("action_dispatch/routing/mapper.rb", "serve", 48),
    library("abstract_controller/base.rb", "process_action", 224),
)
SPRING: tuple[Json, ...] = (
    library("HttpServlet.java", "service", 590, module="jakarta.servlet.http.HttpServlet"),
    library(
        "DispatcherServlet.java",
        "doDispatch",
        1089,
        module="org.springframework.web.servlet.DispatcherServlet",
    ),
)
ANDROID: tuple[Json, ...] = (
    library("ActivityThread.java", "main", 8177, module="android.app.ActivityThread"),
    library("Looper.java", "loop", 288, module="android.os.Looper"),
    library("Handler.java", "dispatchMessage", 106, module="android.os.Handler"),
)
GO: tuple[Json, ...] = (
    library("net/http/server.go", "HandlerFunc.ServeHTTP", 2171, module="net/http"),
    library("github.com/go-chi/chi/v5/mux.go", "(*Mux).routeHTTP", 459, module="chi"),
)
ASP_NET: tuple[Json, ...] = (
    library(
        "ControllerActionInvoker.cs",
        "InvokeActionMethodAsync",
        412,
        module="Microsoft.AspNetCore.Mvc.Infrastructure.ControllerActionInvoker",
        package="Microsoft.AspNetCore.Mvc.Core, Version=8.0.0.0",
    ),
)
PHOENIX: tuple[Json, ...] = (
    library("lib/gen_server.erl", "try_handle_info/3", 1095, module=":gen_server"),
    library("lib/phoenix/channel/server.ex", "handle_info/2", 372, module="Phoenix.Channel"),
)
RUST: tuple[Json, ...] = (
    library("library/std/src/panicking.rs", "rust_begin_unwind", 652),
    library("core/src/result.rs", "core::result::unwrap_failed", 1679),
)
COCOA: tuple[Json, ...] = (
    library("main.swift", "main", 12, package="/usr/lib/dyld", instructionAddr="0x1b0c3fda8"),
    {
        "function": "UIApplicationMain",
        "package": "/System/Library/PrivateFrameworks/UIKitCore.framework/UIKitCore",
        "instructionAddr": "0x18e7ad4c4",
        "symbolAddr": "0x18e7ad3a0",
        "inApp": False,
    },
)
NATIVE: tuple[Json, ...] = (
    {
        "function": "BaseThreadInitThunk",
        "package": "C:\\Windows\\System32\\kernel32.dll",
        "instructionAddr": "0x7ffb1c2a7374",
        "symbolAddr": "0x7ffb1c2a7360",
        "inApp": False,
    },
    {
        "function": None,
        "package": "C:\\Windows\\System32\\ntdll.dll",
        "instructionAddr": "0x7ffb1d5bcc91",
        "symbolAddr": None,
        "inApp": False,
    },
)


API_RELEASE = "checkout-api@7.3.1"
SHOP_RELEASE = "web-shop@2026.11.4"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/133.0 Firefox/133.0"
BROWSER = {
    "browser": {"name": "Firefox", "version": "133.0"},
    "os": {"name": "Windows", "version": "10"},
}

PLACE_ORDER = """
     order = Order.objects.select_for_update().get(pk=order_id)
     with transaction.atomic():
>        payment = payments.charge(order, request.data["card_token"])
     notify.order_paid.delay(order.pk)
"""


def api_request(path: str, data: Any = None) -> Json:
    """Return a POST to the checkout API as the Django SDK reports it."""
    return {
        "method": "POST",
        "url": f"https://api.shop.example{path}",
        "query": [["lang", "en"]],
        "headers": [
            ["Content-Type", "application/json"],
            ["User-Agent", FIREFOX],
            ["Authorization", "[Filtered]"],
        ],
        "cookies": [["sessionid", "[Filtered]"]],
        "data": data,
        "env": {"SERVER_NAME": "api-5f9c", "SERVER_PORT": "443"},
        "inferredContentType": "application/json",
    }
