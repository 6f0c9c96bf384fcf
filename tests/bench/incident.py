"""What an incident costs in calls, held against its formula (`apps/sentry/incident.py`).

`python -m tests.bench.incident` adds the longest list, which takes minutes, and the time from
confirming a list to the first failures on the page of a running site.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import requests
from requests import Session

from apps.demo.world import World
from apps.events.incident import Finding, shared_failures
from apps.sentry.client import SentryClient
from apps.sentry.config import SentryConfig
from apps.sentry.incident import (
    INCIDENT_DEADLINE_S,
    MAX_BASELINE_PAGES,
    MAX_REPRESENTED,
    IncidentSource,
    fetch_batch,
    fetch_rest,
    plan_batches,
)
from tests.browser.site import running_site
from tests.demo_sentry import DemoSentry
from tests.sentry import incidents
from tests.sentry.incidents import NOW

Target = tuple[str, str, bool]

SIZES = (100, 500)
AIM_OF_500 = 60


def measure(sizes: Sequence[int] = SIZES) -> list[Target]:
    """Print the table and return whether the targets were met."""
    print(
        "Incidents: customers of all kinds, seven failures and three decoys, in calls\n\n"
        "  customers  events  batches |  lists  seen  baseline  issues  bodies |  all  formula"
        "  one by one"
    )
    targets: list[Target] = []
    with DemoSentry(World()) as demo:
        demo.settings.change({"rate_limit": 1_000_000})
        for size in sizes:
            targets += _measure(demo, size)
    print()
    return targets


def _measure(demo: DemoSentry, size: int) -> list[Target]:
    made = incidents.build(demo.world, size, size)
    config = SentryConfig(demo.url, "acme", "demo-token", deadline_s=INCIDENT_DEADLINE_S)
    question = incidents.QUESTION
    client = SentryClient(replace(config, deadline_s=600))
    visible = client.projects()
    demo.calls.clear()
    findings: list[Finding] = []
    source = IncidentSource(client, question, visible, NOW)
    batches = plan_batches(made.customers, question.fields)
    for batch in batches:
        findings += fetch_batch(source, batch).findings
    lists = len(demo.calls)
    rest = fetch_rest(source, made.customers, findings)
    client.close()
    kinds = {"seen": 0, "baseline": 0, "issues": 0, "bodies": 0}
    for call in demo.calls[lists:]:
        fields = call.query.get("field", [])
        of_table = "baseline" if "issue.id" in fields else "seen"
        kinds[of_table if fields else "issues" if call.path.endswith("issues/") else "bodies"] += 1
    events = sum(len(finding.events) for finding in findings)
    empty = [one for one, found in zip(made.customers, findings, strict=True) if not found.events]
    formula = (
        len(batches)
        + events // 100
        + len(plan_batches(empty, question.fields))
        + min(MAX_BASELINE_PAGES, ceil(max(size, 100) / 30))
        + ceil(len(rest.issues) / 100)
        + min(len(rest.issues), MAX_REPRESENTED)
        + len(made.noisy)
    )
    calls = len(demo.calls)
    one_by_one = size + sum(len({e.issue_id for e in found.events}) + 1 for found in findings)
    print(
        f"  {size:9} {events:7} {len(batches):8} | {lists:6} {kinds['seen']:5}"
        f" {kinds['baseline']:9} {kinds['issues']:7} {kinds['bodies']:7} | {calls:4} {formula:8}"
        f" {one_by_one:11}"
    )
    keys = made.issue_ids()
    pairs = {(one.line, keys[own.issue_id or ""]) for one in findings for own in one.events}
    failures = shared_failures(findings, rest.issues, rest.bodies, rest.baseline)
    noise = {keys[one.problem.issue_id] for one in failures if one.problem.is_noise}
    wrong = len(pairs ^ made.truth) + len(noise ^ set(made.decoys))
    targets = [
        (f"{size} customers: at most the formula's {formula} calls", str(calls), calls <= formula),
        (f"{size} customers: nothing missing, foreign, or misnamed", str(wrong), not wrong),
    ]
    if size == 500:
        targets.append((f"500 customers: {AIM_OF_500} calls", str(calls), calls <= AIM_OF_500))
    return targets


LATENCY_S = 0.3
AIM_OF_FIRST_S = 5.0


def first_failures() -> list[Target]:
    """Return the seconds until a page shows failures, on a site with a Sentry that takes a while.

    The list has the demo's 160 customers and 340 unknown ones.
    """
    with TemporaryDirectory() as folder, running_site(Path(folder)) as site, Session() as lead:
        requests.put(f"{site.sentry}/_demo/settings", json={"latency_s": LATENCY_S}, timeout=10)
        address = f"{site.url}/accounts/login/"
        sent = {"login": "lead", "password": site.passwords["lead"]}
        _post(lead, address, sent)
        page = lead.get(f"{site.url}/incidents/", timeout=60).text
        listed = re.findall(r'name="(customers|at|zone|window)" value="([^"]*)"', page)
        sent = {name: unescape(value) for name, value in listed}
        sent["customers"] += "\n" + "\n".join(f"unknown{n}@example.net" for n in range(340))
        requests.delete(f"{site.sentry}/_demo/calls", timeout=10)
        started = time.perf_counter()
        incident = _post(lead, f"{site.url}/incidents/", {**sent, "confirmed": "1"})
        while 'class="issue shared"' not in lead.get(incident, timeout=60).text:
            time.sleep(0.1)
        seconds = time.perf_counter() - started
        calls = len(requests.get(f"{site.sentry}/_demo/calls", timeout=10).json())
    what = f"first failures of 500 customers, {LATENCY_S:.1f} s per call: {AIM_OF_FIRST_S:.0f} s"
    return [(what, f"{seconds:.1f} s after {calls} calls", seconds <= AIM_OF_FIRST_S)]


def _post(person: Session, address: str, sent: dict[str, str]) -> str:
    """Post a form, and return where that leads."""
    page = person.get(address, timeout=60).text
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
    headers = {"Referer": address}
    sent = {**sent, "csrfmiddlewaretoken": token}
    return person.post(address, data=sent, headers=headers, timeout=60).url


if __name__ == "__main__":
    for what, measured, is_met in first_failures():
        print(f"  {'ok    ' if is_met else 'MISSED'}  {what}: {measured}")
    for what, measured, is_met in measure((*SIZES, 2000)):
        print(f"  {'ok    ' if is_met else 'MISSED'}  {what}: {measured}")
