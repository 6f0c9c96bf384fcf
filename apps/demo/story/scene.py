"""The language of the story: rows of errors, the frames and breadcrumbs in them, and the people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.demo.world import Json, Person, World

Crumb = tuple[float, str, str | None, Json | None]
# An error with its times, in seconds around the scene's, and the fields of its draft.
Row = tuple[Sequence[float], Json]

CRUMB_KINDS = {"xhr": "http", "fetch": "http", "http": "http", "navigation": "navigation"}
RELEASES = {
    "checkout-api": "checkout-api@7.3.1",
    "web-shop": "web-shop@2026.11.4",
    "mobile-app": "com.example.shop@5.2.0+520",
    "storefront": "storefront@12.8.0",
    "back-office": "back-office@3.19.5",
    "invoices": "invoices@4.0.2+build.88",
    "warehouse": "warehouse@9.1.0",
    "realtime": "realtime@0.44.0",
}


def error(
    seconds: float | Sequence[float],
    place: str,
    name: str | None = None,
    value: str | None = None,
    *frames: Json,
    **fields: Any,
) -> Row:
    """Return the row of an error in `project/issue`, at one or several times.

    A request can be just `METHOD address` or an address. `crumbs` are breadcrumbs. With `nobody`,
    the event doesn't name the customer.
    """
    project, issue = place.split("/")
    fields |= {"project": project, "issue": issue}
    if name:
        fields |= {"exception": (name, value), "frames": frames or None}
    if isinstance(request := fields.get("request"), str):
        method, _, url = request.rpartition(" ")
        fields["request"] = {"method": method or None, "url": url}
    return seconds if isinstance(seconds, Sequence) else (seconds,), fields


def message(seconds: float, place: str, text: str, level: str, logger: str, **fields: Any) -> Row:
    """Return the row of a message without an exception."""
    fields |= {"message": text, "level": level, "logger": logger, "handled": None}
    return error(seconds, place, **fields)


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

    def add(self, *rows: Row) -> None:
        """Add errors of the customer; what a row says itself overrides the customer's fields."""
        for times, row in rows:
            release: Json = {"release": RELEASES.get(row["project"])}
            fields = release | self.person | row
            crumbs = fields.pop("crumbs", ())
            if fields.pop("nobody", False):
                fields = {name: one for name, one in fields.items() if name not in self.person}
            for seconds in times:
                if crumbs:
                    fields["breadcrumbs"] = self.crumbs(seconds, crumbs)
                self.world.add_event(timestamp=self.time(seconds), **fields)

    def log(self, seconds: float, message: str, severity: str = "info", **fields: Any) -> None:
        """Add a log entry of the customer, or of no one with `user=None`."""
        self.world.add_log(self.time(seconds), message, severity, **{"user": self.user, **fields})

    def span(
        self, seconds: float, duration_ms: float, op: str, description: str, **fields: Any
    ) -> None:
        """Add a span of the customer, or of no one with `user=None`."""
        fields = {"user": self.user, **fields}
        self.world.add_span(self.time(seconds), duration_ms, op, description, **fields)

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


FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/133.0 Firefox/133.0"


def system(name: str, version: str) -> Json:
    """Return a context that has a name and a version."""
    return {"name": name, "version": version}


def phone(model: str, name: str, version: str) -> Json:
    """Return the contexts of a phone's SDK."""
    return {
        "device": {"name": model, "model": model, "free_memory": 182_000_000, "online": True},
        "os": system(name, version),
        "app": {"app_identifier": "com.example.shop", "app_version": "5.2.0"},
    }


BROWSER = {"browser": system("Firefox", "133.0"), "os": system("Windows", "10")}

# The customers as their apps report them, and what all their errors have in common.
# fmt: off
PEOPLE: dict[str, Json] = {
    "ada": {
        "user_id": "1001", "email": "ada.lovett@example.com", "username": "ada",
        "ip": "203.0.113.24", "contexts": BROWSER,
        "user": {"geo": {"country_code": "GB", "city": "Leeds", "region": "United Kingdom"}},
    },
    "leo": {"user_id": "1742", "email": "leo.martin@example.fr", "ip": "198.51.100.7"},
    "mia": {
        "user_id": "1893", "email": "mia+shop@example.org", "username": "mia.wolf",
        "tags": {"lang": "de"},
    },
    "mallory": {"user_id": "6660", "email": "mallory@example.net", "username": "mallory"},
    "kowalski": {"username": "CORP\\kowalski", "email": "p.kowalski@corp.example"},
    "nadia": {
        "user_id": "2208", "email": "NADIA.HADDAD@EXAMPLE.COM", "tags": {"lang": "ar"},
        "contexts": phone("SM-S921B", "Android", "15"),
    },
    "oda": {"user_id": "3003", "username": "oda", "release": None},
    "pepe": {"user_id": "2950", "username": 'José "Pepe" Muñoz'},
    "busy": {"user_id": "20417", "email": "einkauf@grosskunde.example"},
    "yara": {
        "user_id": "9b2f6c1e-4d7a-4f0e-8a53-2c6d1e9b7f10", "ip": "2001:db8::5:17",
        "contexts": phone("iPhone16,1", "iOS", "18.1"),
    },
    "sakura": {"user_id": "4471", "username": "sakura_田中", "tags": {"lang": "ja"}},
    "hanna": {"user_id": "3310", "email": "hanna.berg@example.se", "contexts": BROWSER},
    "nils": {"user_id": "3311", "email": "nils@berg.example"},
    "beatriz": {
        "user_id": "3120", "email": "beatriz.costa@example.pt", "tags": {"lang": "pt"},
    },
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
    library("DispatcherServlet.java", "doDispatch", 1089,
            module="org.springframework.web.servlet.DispatcherServlet"),
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
    library("ControllerActionInvoker.cs", "InvokeActionMethodAsync", 412,
            module="Microsoft.AspNetCore.Mvc.Infrastructure.ControllerActionInvoker",
            package="Microsoft.AspNetCore.Mvc.Core, Version=8.0.0.0"),
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
    {"function": "UIApplicationMain", "inApp": False,
     "package": "/System/Library/PrivateFrameworks/UIKitCore.framework/UIKitCore",
     "instructionAddr": "0x18e7ad4c4", "symbolAddr": "0x18e7ad3a0"},
)
NATIVE: tuple[Json, ...] = (
    {"function": "BaseThreadInitThunk", "package": "C:\\Windows\\System32\\kernel32.dll",
     "instructionAddr": "0x7ffb1c2a7374", "symbolAddr": "0x7ffb1c2a7360", "inApp": False},
    {"function": None, "package": "C:\\Windows\\System32\\ntdll.dll",
     "instructionAddr": "0x7ffb1d5bcc91", "symbolAddr": None, "inApp": False},
)
# fmt: on
