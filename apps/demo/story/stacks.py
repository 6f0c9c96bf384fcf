"""Library frames as the platforms' SDKs send them, oldest call first."""

from __future__ import annotations

from apps.demo.story.scene import library
from apps.demo.world import Json

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
