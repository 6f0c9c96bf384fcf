"""`make screenshots`: capture every state at desktop and phone width, light and dark.

    python -m tests.browser.screenshots [FOLDER [STATE ...]]

The folder defaults to `var/screenshots`.
"""

import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ViewportSize

from tests.browser.site import ROOT, Site, chromium, running_site
from tests.browser.state import State
from tests.browser.states import STATES, set_faults
from tests.browser.visitor import Visitor

SIZES: dict[str, ViewportSize] = {
    "desktop": {"width": 1200, "height": 900},
    "phone": {"width": 360, "height": 740},
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0]) if arguments else ROOT / "var" / "screenshots"
    selected = set(arguments[1:])
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as files,
        running_site(Path(files)) as site,
        chromium() as browser,
    ):
        for state in STATES:
            if not selected or state.name in selected:
                _take(state, site, browser, folder)


def _take(state: State, site: Site, browser: Browser, folder: Path) -> None:
    for size, viewport in SIZES.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                viewport=viewport, color_scheme=scheme, timezone_id="Europe/Berlin"
            )
            visitor = Visitor(site, context)
            visitor.resume_session(state.role)
            state.enter(visitor)
            path = folder / f"{state.name}-{size}-{scheme}.png"
            visitor.page.screenshot(path=path, full_page=True)
            print(path, flush=True)
            set_faults(visitor)
            context.close()


if __name__ == "__main__":
    main(sys.argv[1:])
