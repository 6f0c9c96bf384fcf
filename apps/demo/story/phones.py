"""Nadia, Yara and Sakura use the mobile apps and what stands behind them."""

from __future__ import annotations

from apps.demo.story.scene import Crumb, Scene, frame
from apps.demo.story.stacks import ANDROID, COCOA, NATIVE, PHOENIX, REACT_NATIVE, RUST
from apps.demo.world import Json

APP_RELEASE = "com.example.shop@5.2.0+520"

SCAN = """
     override fun onResult(result: Result?) {
>        val code = result!!.text
         viewModel.add(code)
     }
"""
ADDRESS = """
   const city = address.city;
>  return city.split(" ").map(capitalise).join(" ");
"""
PHOTO = """
     func resized(_ image: UIImage) -> UIImage {
>        let pixels = image.cgImage!
         return UIImage(cgImage: scaled(pixels))
     }
"""
DECODE = """
   const uint8_t* end = data + header->length;
>  while (*cursor != 0xD9 && cursor < end) {
     cursor = next_marker(cursor);
   }
"""
JOIN = """
   def handle_info({:order, id}, socket) do
>    %{status: status} = Orders.fetch!(id)
     push(socket, "status", %{status: status})
"""
PRICE = """
     let rate = rates.get(&currency);
>    let rate = rate.expect("no rate for currency");
     Money::new(amount * rate, currency)
"""


def phone(name: str, system: str, version: str) -> Json:
    """The contexts a phone's SDK sends."""
    return {
        "device": {"name": name, "model": name, "free_memory": 182_000_000, "online": True},
        "os": {"name": system, "version": version},
        "app": {"app_identifier": "com.example.shop", "app_version": "5.2.0"},
    }


SAMSUNG = phone("SM-S921B", "Android", "15")
PIXEL = phone("Pixel 9", "Android", "15")
IPHONE = phone("iPhone16,1", "iOS", "18.1")
SCAN_CRUMBS: tuple[Crumb, ...] = (
    (8.0, "ui.lifecycle", None, {"screen": "ScannerActivity", "state": "resumed"}),
    (0.6, "touch", "زر المسح", {"view.id": "btn_scan"}),
)
RESIZED = frame(
    "PhotoEditor.swift",
    "PhotoEditor.resized(_:)",
    209,
    PHOTO,
    package="Shop",
    instructionAddr="0x1045b8c1c",
)
SKIPPED = frame(
    "jpeg_decoder.cpp",
    "shop::jpeg::Decoder::skip_scan",
    318,
    DECODE,
    absPath="C:\\build\\src\\jpeg_decoder.cpp",
    package="C:\\Program Files\\Shop\\codec.dll",
    instructionAddr="0x7ff6a1b24c10",
    symbolAddr="0x7ff6a1b24b00",
    trust="cfi",
)


def nadia(scene: Scene) -> None:
    """Arabic: the scanner crashes twice, and the address screen fails in JavaScript."""
    for seconds in (-75, 30):
        _scanner(scene, seconds)
    scene.add(
        -20,
        project="mobile-app",
        issue="address-city",
        exception=("TypeError", "undefined is not an object (evaluating 'city.split')"),
        frames=[*REACT_NATIVE, frame("src/address/format.ts", "formatCity", 12, ADDRESS)],
        mechanism="onunhandledrejection",
        tags={"lang": "ar"},
        transaction="AddressScreen",
        release=APP_RELEASE,
        dist="520",
        contexts=SAMSUNG,
    )


def _scanner(scene: Scene, seconds: float) -> None:
    scene.add(
        seconds,
        project="mobile-app",
        platform="java",
        issue="scanner-null",
        issue_status="resolved",
        exception=("java.lang.NullPointerException", "تعذّر قراءة الرمز: القيمة فارغة"),
        frames=[
            *ANDROID,
            frame("Scanner.kt", "onResult", 61, SCAN, module="com.example.shop.Scanner"),
        ],
        level="fatal",
        mechanism="UncaughtExceptionHandler",
        threads=[{"id": 2, "name": "main", "current": True, "crashed": True, "state": "R"}],
        breadcrumbs=scene.crumbs(seconds, SCAN_CRUMBS),
        tags={"lang": "ar"},
        transaction="ScannerActivity",
        release=APP_RELEASE,
        contexts=SAMSUNG,
    )


def yara(scene: Scene) -> None:
    """iPhone: a crash while resizing, a kill for want of memory, and a decoder in C++."""
    nil = "Unexpectedly found nil while unwrapping an Optional value"
    scene.add(
        -140,
        project="mobile-app",
        platform="cocoa",
        issue="resize-nil",
        exception=("EXC_BREAKPOINT", nil),
        frames=[*COCOA, RESIZED],
        level="fatal",
        mechanism="mach",
        release=APP_RELEASE,
        contexts=IPHONE,
    )
    killed = "The OS watchdog terminated your app, possibly because it overused RAM."
    scene.add(
        -10,
        project="mobile-app",
        platform="cocoa",
        issue="out-of-memory",
        exception=("WatchdogTermination", killed),
        level="fatal",
        mechanism="watchdog_termination",
        release=APP_RELEASE,
        contexts=IPHONE,
        trace_id="",
    )
    _native_fault(scene, 95)


def _native_fault(scene: Scene, seconds: float) -> None:
    """The stack is the crashed thread's; the exception itself has none."""
    scene.add(
        seconds,
        project="edge",
        platform="native",
        issue="jpeg-overrun",
        exceptions=[{"type": "EXCEPTION_ACCESS_VIOLATION_READ", "value": None, "frames": None}],
        threads=[
            {"id": 5120, "current": True, "crashed": True, "frames": [*NATIVE, SKIPPED]},
            {"id": 5124, "name": "io-worker", "frames": [*NATIVE]},
        ],
        title="EXCEPTION_ACCESS_VIOLATION_READ",
        culprit="shop::jpeg::Decoder::skip_scan",
        level="fatal",
        mechanism="minidump",
        release="codec@1.9.3",
        contexts={"os": {"name": "Windows", "version": "11"}, "device": {"arch": "x86_64"}},
    )


def sakura(scene: Scene) -> None:
    """Japanese: the app loses its channel, the server behind it fails, and so does pricing."""
    _channel_closed(scene, -60)
    scene.add(
        -60.8,
        project="realtime",
        issue="order-status",
        exception=("MatchError", "no match of right hand side value: {:error, :not_found}"),
        frames=[*PHOENIX, frame("lib/shop_web/order_channel.ex", "handle_info/2", 33, JOIN)],
        tags={"channel": "order:A-7788"},
        release="realtime@0.44.0",
    )
    scene.add(
        15,
        project="edge",
        platform="rust",
        issue="no-rate",
        exception=("panic", "no rate for currency: JPY"),
        frames=[*RUST, frame("src/pricing.rs", "pricing::convert", 71, PRICE)],
        mechanism="panic",
        level="fatal",
        tags={"lang": "ja"},
        transaction="convert",
        release="pricing@2.0.7",
    )


def _channel_closed(scene: Scene, seconds: float) -> None:
    scene.add(
        seconds,
        project="mobile-app",
        issue="channel-closed",
        exception=("Error", "接続が切断されました「注文番号 A-7788」"),
        frames=[*REACT_NATIVE, frame("src/live/channel.ts", "onClose", 40)],
        handled=True,
        breadcrumbs=scene.crumbs(
            seconds, [(1.0, "websocket", "切断", {"code": 1011}), (0.2, "touch", "再接続", None)]
        ),
        tags={"lang": "ja"},
        transaction="注文画面",
        release=APP_RELEASE,
        contexts=PIXEL,
    )
