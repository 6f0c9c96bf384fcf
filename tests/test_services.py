"""Real databases and Redis servers as a start finds them: refused, unreachable, or in use."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests
from redis import Redis as Client
from redis.exceptions import ConnectionError as RedisGone

from tests.attacks.production import OVER_TLS, environment, manage
from tests.postgres import running_cluster
from tests.servers import Redis, free_port, running_gunicorn
from tests.shell import DATABASE, ROOT, Finished, Shell

SECRET = "p@ss/w#rd"
ENCODED = "p%40ss%2Fw%23rd"
_START = "from triage_site.start import check_services; check_services()"
_USE = """
from django.core.cache import caches
from apps.jobs.doorbell import storage
caches["lookups"].set("tried", "1", 60)
storage().enqueue(b"look")
print(caches["lookups"].get("tried"), storage().queue_size() > 0, storage().dequeue())
from apps.redis_outage import is_redis_lost
print("lost" if is_redis_lost() else "shared")
"""


def start(folder: Path, **variables: str) -> Finished:
    """Return how the checks of a start end."""
    done = subprocess.run(
        [sys.executable, "-c", _START],
        cwd=ROOT,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def redis_servers(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Redis with a password, on TCP, TLS, a socket, and IPv6, and a sentinel that watches it."""
    plain, secure, sentinel = free_port(), free_port(), free_port()
    certificate = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    subprocess.run([*certificate, *names, *files], check=True, capture_output=True)
    tls = {"tls-port": secure, "tls-auth-clients": "no", "tls-cert-file": tmp_path / "cert.pem"}
    tls |= {"tls-key-file": tmp_path / "key.pem", "tls-ca-cert-file": tmp_path / "cert.pem"}
    options = {"port": plain, "bind": "127.0.0.1 -::1", "unixsocket": tmp_path / "redis.sock"}
    configuration = "\n".join(f"{name} {value}" for name, value in {**options, **tls}.items())
    (tmp_path / "redis.conf").write_text(
        f'{configuration}\nrequirepass "{SECRET}"\nsave ""\ndir {tmp_path}\n'
    )
    (tmp_path / "sentinel.conf").write_text(
        f"port {sentinel}\nbind 127.0.0.1\ndir {tmp_path}\nrequirepass watch\n"
        f'sentinel monitor main 127.0.0.1 {plain} 1\nsentinel auth-pass main "{SECRET}"\n'
    )
    programs = (
        ["redis-server", str(tmp_path / "redis.conf")],
        ["redis-server", str(tmp_path / "sentinel.conf"), "--sentinel"],
    )
    running = [subprocess.Popen(one, stdout=subprocess.DEVNULL) for one in programs]
    for client in (Client(port=plain, password=SECRET), Client(port=sentinel, password="watch")):
        _wait_for(client)
    yield {
        "tcp": f"redis://:{ENCODED}@127.0.0.1:{plain}",
        "ipv6": f"redis://:{ENCODED}@[::1]:{plain}/1",
        "socket": f"unix://:{ENCODED}@{tmp_path}/redis.sock?db=2",
        "tls": f"rediss://:{ENCODED}@localhost:{secure}/3?ssl_ca_certs={tmp_path}/cert.pem",
        "sentinel": f"redis+sentinel://:{ENCODED}@127.0.0.1:{free_port()},127.0.0.1:{sentinel}"
        "/main/4?sentinel_password=watch",
        "untrusted": f"rediss://:{ENCODED}@localhost:{secure}/0",
        "wrong": f"redis://:{SECRET[:4]}@127.0.0.1:{plain}/0",
        "none": f"redis://127.0.0.1:{plain}/0",
        "range": f"redis://:{ENCODED}@127.0.0.1:{plain}/99",
        "wrong sentinel": f"redis+sentinel://:wrong@127.0.0.1:{sentinel}/main/0"
        "?sentinel_password=watch",
        "no master": f"redis+sentinel://:x@127.0.0.1:{sentinel}/other/0?sentinel_password=watch",
    }
    for one in running:
        one.terminate()
        one.wait()


def _wait_for(client: "Client") -> None:
    for _ in range(100):
        try:
            client.ping()
        except RedisGone:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("redis-server did not start")


def test_redis_is_used_as_configured_or_refused_with_a_sentence(
    redis_servers: dict[str, str], shell: Shell, tmp_path: Path
) -> None:
    for name in ("tcp", "ipv6", "socket", "tls", "sentinel"):
        begun = start(tmp_path, REDIS_URL=redis_servers[name])
        assert (begun.returncode, begun.stderr) == (0, ""), name
        used = shell.run("shell", "-v", "0", "-c", _USE, REDIS_URL=redis_servers[name])
        assert used.stdout.split() == ["1", "True", "b'look'", "shared"], (name, used.stderr)
    for name, sentence in (
        ("untrusted", "can't be reached through TLS"),
        ("wrong", "refused the password"),
        ("none", "refused the password"),
        ("range", "no such database"),
        ("wrong sentinel", "refused the password"),
    ):
        begun = start(tmp_path, REDIS_URL=redis_servers[name])
        assert begun.returncode == 2, name
        assert sentence in begun.stderr, (name, begun.stderr)
        assert "REDIS_URL" in begun.stderr, name
        assert len(begun.stderr.splitlines()) == 1, name
        assert "p@ss" not in begun.stderr, name
    command = [sys.executable, "-m", "gunicorn", "triage_site.wsgi", "--bind", "127.0.0.1:0"]
    gunicorn = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(tmp_path, REDIS_URL=redis_servers["wrong"]),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert gunicorn.returncode == 2, "it doesn't start workers again and again"
    assert gunicorn.stderr.count("Triage cannot start") == 1
    assert "Traceback" not in gunicorn.stderr
    for url in (redis_servers["no master"], f"redis://127.0.0.1:{free_port()}/0"):
        begun = start(tmp_path, REDIS_URL=url)
        assert begun.returncode == 0
        assert "Triage starts without it" in begun.stderr
        assert len(begun.stderr.splitlines()) == 1


def test_the_site_starts_without_redis_and_joins_it_later(tmp_path: Path, migrated: Path) -> None:
    shutil.copyfile(migrated, tmp_path / DATABASE)
    server = Redis(tmp_path)
    server.stop()
    variables = environment(tmp_path, REDIS_URL=server.url)
    log = tmp_path / "log"
    with running_gunicorn(variables, log) as (port, _process):
        address = f"http://127.0.0.1:{port}/readyz"
        assert requests.get(address, headers=OVER_TLS, timeout=20).json()["cache"] == "failed"
        server.start()
        for _ in range(60):
            if requests.get(address, headers=OVER_TLS, timeout=20).json()["cache"] == "ok":
                break
            time.sleep(0.5)
        else:
            raise AssertionError(log.read_text())
    server.stop()
    assert log.read_text().count("Triage starts without it") == 1


def test_postgresql_is_used_as_configured_or_refused_with_a_sentence(tmp_path: Path) -> None:
    with running_cluster() as cluster:
        port = re.findall(r":(\d+)/", cluster.url)[0]
        with psycopg.connect(cluster.url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE safe LOGIN PASSWORD '{SECRET}'")
            folder = connection.execute("SHOW unix_socket_directories").fetchone()
            file = connection.execute("SHOW hba_file").fetchone()
            assert folder
            assert file
            Path(file[0]).write_text(
                "local all all trust\nhost all triage all trust\nhost all all all scram-sha-256\n"
            )
            connection.execute("SELECT pg_reload_conf()")
        place = f"127.0.0.1:{port}"
        for url in (
            f"postgres://safe:{ENCODED}@{place}/postgres",
            f"postgres://safe@{folder[0].replace('/', '%2F')}:{port}/postgres",
            f"postgres:///postgres?host={folder[0]}&port={port}&user=safe",
        ):
            begun = start(tmp_path, DATABASE_URL=url)
            assert (begun.returncode, begun.stderr) == (0, ""), url
        for url, sentence in (
            (f"postgres://safe:wrong@{place}/postgres", "password authentication failed"),
            (f"postgres://safe:{ENCODED}@{place}/missing", 'database "missing" does not exist'),
            (f"postgres://safe:{ENCODED}@{place}/postgres?sslmode=maybe", "sslmode"),
            (f"postgres://safe:{ENCODED}@{place}/postgres?sslmode=require", "SSL"),
            (f"postgres://safe:{ENCODED}@127.0.0.1:{free_port()}/x", "no database answers"),
            (f"postgres://safe:{ENCODED}@nowhere.invalid/x", "no database answers"),
        ):
            begun = start(tmp_path, DATABASE_URL=url)
            assert begun.returncode == 2, (url, begun.stderr)
            assert sentence in begun.stderr, (url, begun.stderr)
            assert "DATABASE_URL" in begun.stderr
            assert len(begun.stderr.splitlines()) == 1, begun.stderr
            assert "p@ss" not in begun.stderr
        command = manage(environment(tmp_path, DATABASE_URL=url), "migrate")
        assert (command.returncode, command.stderr) == (2, begun.stderr), "commands say the same"
