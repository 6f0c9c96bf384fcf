"""The image and compose.yaml: they pass linters, and the image keeps its contract."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile

import pytest
import requests
import yaml
from compose_spec import PyCompose

from apps.demo.world import World
from apps.web.management.commands import init_env
from tests.attacks.production import environment
from tests.bench.crowd import PASSWORD, Browser
from tests.demo_sentry import DemoSentry
from tests.image import DOCKERFILE, Container, Image, stages
from tests.servers import free_port
from tests.shell import DATABASE, ROOT, start_with

_PEOPLE = f"""
from django.contrib.auth.models import Group, User
user = User.objects.create_user("ana", password="{PASSWORD}")
user.groups.add(Group.objects.get(name="agent"))
"""
_WRITES = """
import os, sys
for place in ("/", "/app", "/opt/static", "/opt/venv", "/tmp", "/etc", "/usr", "/data"):
    try:
        open(os.path.join(place, "probe"), "w").close()
    except OSError:
        continue
    print(place)
print(os.getuid(), os.getgid(), len(os.getgroups()), os.environ.get("HOME"))
"""


def test_the_dockerfile_passes_its_linter_and_pins_what_it_downloads() -> None:
    linter = Path(sys.prefix) / "bin/hadolint"
    done = subprocess.run([linter, DOCKERFILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    for build in stages():
        assert re.search(r":[0-9.]+-slim-\w+@sha256:[0-9a-f]{64}\b", build[0].text)
    installs = [one.text for one in stages()[0] if "pip install" in one.text]
    assert len(installs) == 1
    assert "--require-hashes --only-binary :all:" in installs[0]
    assert stages()[1][-1].text.startswith("["), "a shell would keep signals to itself"


def test_compose_is_valid_and_each_service_is_watched_and_restarted() -> None:
    answers = {one.variable: "" for one in init_env._QUESTIONS} | {"ADDRESS": "https://x"}
    written = init_env._content(answers)
    values = dict(re.findall(r"^([A-Z_]+)=(.*)$", written, re.MULTILINE))
    text = re.sub(
        r"\$\{([A-Z_]+):-[^}]*\}", lambda used: values[used[1]], (ROOT / "compose.yaml").read_text()
    )
    compose = yaml.safe_load(text)
    PyCompose.from_json(json.dumps(compose)).validate()
    init = compose["services"].pop("init")
    assert init["command"] == ["python", "manage.py", "init_env"]
    assert init["profiles"], "it isn't started with the others"
    assert set(compose["services"]) == {"migrate", "web", "worker", "database", "redis"}
    for name, service in compose["services"].items():
        assert service["restart"] in ("unless-stopped", "on-failure"), name
        assert name in ("migrate", "web") or service["healthcheck"]["test"], name
        if service["image"] != "triage":
            assert re.search(r":\d+\.\d+[\w.-]*$", service["image"]), name
            continue
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert [one["path"] for one in service["env_file"]] == [".env"], name
        start = start_with({**service["environment"], "TRIAGE_ENV_FILE": os.devnull})
        assert start.returncode == 0, start.stderr


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image, built once."""
    assert os.geteuid() == 0, "mounting needs root"
    return Image(tmp_path_factory.mktemp("container"))


def wait_for(port: int, container: Container, log: Path) -> None:
    """Wait until the site responds."""
    for _ in range(300):
        assert container.process.poll() is None, log.read_text()
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


def test_the_image_runs_as_nobody_with_one_writable_folder(image: Image) -> None:
    done = image.run("python", "-c", _WRITES)
    assert done.stdout.split("\n")[:2] == ["/data", "10001 10001 0 None"], done.stderr
    asked = ("init_env", "--no-input", "--address", "https://triage.example.org")
    made = image.run("python", "manage.py", *asked, TRIAGE_ENV_FILE="/data/env")
    assert made.returncode == 0, made.stderr
    assert (image.files / "data/env").stat().st_mode & 0o777 == 0o600
    assert not list((image.files / "app").rglob("*.sqlite3"))
    for name in (".env", ".git", "tests", "var"):
        assert not (image.files / "app" / name).exists()


def test_lookups_survive_a_stop(image: Image, migrated: Path, tmp_path: Path) -> None:
    moment = datetime.now(UTC) - timedelta(days=1)
    world = World()
    for number in range(4):
        world.add_event(user_id=f"200{number}", timestamp=moment)
    with DemoSentry(world) as sentry:
        variables = environment(
            Path("/data"), SENTRY_BASE_URL=sentry.url, SENTRY_AUTH_TOKEN="demo-token"
        )
        variables |= {"SENTRY_ORG": "acme", "PATH": image.variables["PATH"]}
        variables.pop("HOME", None)
        copyfile(migrated, image.files / "data" / DATABASE)
        os.chown(image.files / "data" / DATABASE, 10001, 10001)
        made = image.run("python", "manage.py", "shell", "-v", "0", "-c", _PEOPLE, **variables)
        assert made.returncode == 0, made.stderr
        port, log = free_port(), tmp_path / "log"
        assert not image.healthy(port)
        browser = Browser(port, "198.51.100.7")

        with image.running(image.serve(port), log, **variables) as container:
            wait_for(port, container, log)
            assert image.healthy(port)
            style = browser.send("/static/web/triage.css")
            assert style.status == 200
            assert style.text == (image.files / "opt/static/web/triage.css").read_text()
            browser.send("/accounts/login/")
            form = {"username": "ana", "password": PASSWORD}
            assert browser.send("/accounts/login/", form).status == 302
            browser.send("/")
            pages = []
            for number in range(4):
                asked = {"customer": f"200{number}", "at": moment.isoformat(), "window": "5"}
                pages.append(browser.send("/lookups/", asked).headers["Location"])
            sentry.settings.latency_s = 0.7
            with ThreadPoolExecutor(3) as threads:  # within the request, as without JavaScript
                opened = [threads.submit(browser.send, page) for page in pages[:3]]
                browser.cookies["triage_live"] = "1"  # the fourth goes on in the background
                assert browser.send(pages[3]).status == 200
                while len({call.path for call in sentry.calls}) < 2:
                    time.sleep(0.05)
                assert container.stop(signal.SIGTERM, within_s=40) == 0, log.read_text()
            assert [one.result().status for one in opened] == [200, 200, 200]
            assert all("data-facts" in one.result().text for one in opened), "they were finished"

        sentry.settings.latency_s = 0
        with image.running(image.serve(port), log, **variables) as container:
            wait_for(port, container, log)
            del browser.cookies["triage_live"]
            for number, page in enumerate(pages):
                reply = browser.send(page)
                assert reply.status == 200, number
                assert "data-facts" in reply.text, number
            assert container.stop(signal.SIGTERM, within_s=40) == 0
    assert "Traceback" not in log.read_text()


def test_the_worker_runs_is_watched_and_stops(image: Image, migrated: Path, tmp_path: Path) -> None:
    copyfile(migrated, image.files / "data" / DATABASE)
    os.chown(image.files / "data" / DATABASE, 10001, 10001)
    worker = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["worker"]
    probe = worker["healthcheck"]["test"][1:]
    variables = environment(Path("/data"), PATH=image.variables["PATH"])
    variables.pop("HOME", None)
    assert image.run(*probe, **variables).returncode == 1
    log = tmp_path / "log"
    with image.running(worker["command"], log, **variables) as container:
        for _ in range(60):
            if image.run(*probe, **variables).returncode == 0:
                break
            assert container.process.poll() is None, log.read_text()
        else:
            raise AssertionError(log.read_text())
        assert container.stop(signal.SIGTERM, within_s=40) == 0
    assert image.run(*probe, **variables).returncode == 1, "it said goodbye"
    assert "Traceback" not in log.read_text()
