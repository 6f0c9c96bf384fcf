"""A visitor that detects whether hostile content runs or sends requests."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request

from apps.demo.story import build_world
from apps.demo.world import customers, started_at
from tests.attacks.poisoned import SHORT, Poisoner, poisoning
from tests.attacks.production import environment, manage, serving
from tests.browser.site import Site
from tests.browser.visitor import Visitor
from tests.demo_sentry import DemoSentry

PASSWORD = "a-password-of-this-test"
ACCOUNTS = f"""
from django.contrib.auth.models import Group, User
for name, role, staff in (("agent", "agent", False), ("admin", "admin", True)):
    user = User.objects.create_user(name, password={PASSWORD!r}, first_name=name, is_staff=staff)
    user.is_superuser = staff
    user.save()
    user.groups.add(Group.objects.get(name=role))
"""
ACTIVE_ATTRIBUTES = """() => [...document.querySelectorAll("*")].flatMap((element) =>
  [...element.attributes].filter((one) => one.name.startsWith("on") || one.name === "srcdoc"
    || (["href", "src", "action", "formaction", "xlink:href"].includes(one.name)
        && /^[\\s\\x00-\\x1f]*([a-z][a-z0-9+.-]*:|[\\/\\\\]{2})/i.test(one.value)
        && !/^http:\\/\\/127\\.0\\.0\\.1:/.test(one.value)))
  .map((one) => `${element.tagName} ${one.name}=${one.value.slice(0, 80)}`))"""
"""Finds attributes that could run a script or point to another site."""


# Poisons rows of every model that Manage lists, bypassing its forms.
HOSTILE_ROWS = """
from django.contrib import admin
from django.db import models
hostile = HOSTILE
unchanged = {"zone", "marker", "cache_key", "customer_hash", "token_hash", "password", "codename"}
admin.autodiscover()
for model in admin.site._registry:
    if model._meta.app_label in ("audit", "contenttypes"):
        continue
    for row in model._base_manager.all():
        if getattr(row, "username", "") in ("agent", "admin"):
            continue
        changed = {}
        for field in model._meta.concrete_fields:
            is_text = isinstance(field, models.CharField | models.TextField)
            if field.name in unchanged or field.choices or isinstance(field, models.SlugField):
                continue
            if is_text:
                changed[field.name] = f"{row.pk}{hostile}"[: field.max_length or 5000]
            elif isinstance(field, models.JSONField) and isinstance(getattr(row, field.name), list):
                changed[field.name] = [hostile]
        model._base_manager.filter(pk=row.pk).update(**changed)
""".replace("HOSTILE", repr(SHORT), 1)


@dataclass(frozen=True)
class HostileSite:
    """A running site whose Sentry is poisoned."""

    site: Site
    sentry: Poisoner
    folder: Path
    variables: dict[str, str]

    def run(self, program: str) -> None:
        """Run Python code inside the site."""
        result = manage(environment(self.folder, **self.variables), "shell", "-c", program)
        assert result.returncode == 0, result.stderr


@contextmanager
def hostile_site(folder: Path, migrated: Path) -> Iterator[HostileSite]:
    """Run a site with a poisoned Sentry, an agent, and an admin."""
    with ExitStack() as running:
        demo = running.enter_context(DemoSentry(build_world(started_at())))
        sentry = running.enter_context(poisoning(demo))
        url = f"http://127.0.0.1:{sentry.server_address[1]}"
        variables = {
            "SENTRY_BASE_URL": url,
            "SENTRY_AUTH_TOKEN": "demo-token",
            "SENTRY_ORG": "acme",
            "ALLOWED_HOSTS": "127.0.0.1",
            "TRIAGE_HTTPS": "0",
            "DJANGO_SETTINGS_MODULE": "tests.attacks.patient_settings",
        }
        server = running.enter_context(serving(folder, migrated, **variables))
        site = Site(
            folder=folder,
            url=f"http://127.0.0.1:{server.port}",
            sentry=url,
            passwords={"agent": PASSWORD, "admin": PASSWORD},
            moments={
                customer.identifier: f"{customer.moment:%Y-%m-%d %H:%M}Z"
                for customer in customers()
            },
        )
        hostile = HostileSite(site, sentry, folder, variables)
        hostile.run(ACCOUNTS)
        yield hostile


class Witness(Visitor):
    """Records requests to other sites and checks pages for active content."""

    def __init__(self, site: Site, browser: Browser) -> None:
        super().__init__(site, browser.new_context())
        self.external_requests: list[str] = []
        self.context.on("request", self._watch)

    def _watch(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if f"{parts.scheme}://{parts.netloc}" != self.site.url:
            self.external_requests.append(request.url)

    def assert_harmless(self, page: Page | None = None) -> None:
        page = page or self.page
        page.wait_for_load_state()
        page.evaluate(
            "for (const one of document.querySelectorAll('main details')) one.open = true"
        )
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.__pwned") is None
        assert page.evaluate(ACTIVE_ATTRIBUTES) == []
        foreign = 'img:not([src^="/static/"]), iframe, base, object, embed, meta[http-equiv]'
        assert page.locator(foreign).count() == 0
        assert page.locator("style, [style*=fixed], script:not([src])").count() == 0
        assert not [cookie for cookie in self.context.cookies() if cookie["name"] == "pwned"]
        assert self.external_requests == []
        assert self.console_errors == []

    def go(self, url: str) -> None:
        """Open a page and check that it is harmless."""
        self.page.goto(url)
        self.assert_harmless()

    def links(self, pattern: str) -> set[str]:
        """Return the linked paths that match the pattern."""
        found = self.page.eval_on_selector_all("a[href]", "all => all.map((a) => a.pathname)")
        return {path for path in found if re.fullmatch(pattern, path)}
