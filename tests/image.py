"""The image of the Dockerfile without a registry or an engine: its steps in namespaces.

The host's Python takes the place of the base image, and the tests' packages that of `pip install`.
Everything else comes from the Dockerfile: what is copied, run, and set, as whom, and where.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.shell import ROOT

DOCKERFILE = ROOT / "Dockerfile"
_VENV = Path(sys.prefix).resolve()
# Mounts everything read-only below a new root, except for the volumes, and runs a command there.
_ENTER = """
set -e
root=$1 image=$2; shift 2
mount -t tmpfs -o mode=755 image "$root"
bind() { mkdir -p "$root$2"; mount --bind "$1" "$root$2"; mount -o "remount,bind,$3" "$root$2"; }
for link in bin sbin lib lib64; do
  if [ -L /$link ]; then ln -s "$(readlink /$link)" "$root/$link"; fi
done
for place in $SAME; do bind "$place" "$place" ro; done
bind "$VENV" /opt/venv ro
for place in $(ls "$image"); do
  for inner in $(ls "$image/$place"); do
    case "/$place/$inner" in /opt/*) bind "$image/$place/$inner" "/$place/$inner" "$BUILDING";; esac
  done
  if [ "$place" != opt ]; then bind "$image/$place" "/$place" "$BUILDING"; fi
done
for place in $VOLUMES; do bind "$image$place" "$place" rw; done
mkdir -p "$root/proc" "$root/dev" "$root/tmp"
mount -t proc proc "$root/proc"
for device in null zero urandom random; do
  touch "$root/dev/$device"; mount --bind /dev/$device "$root/dev/$device"
done
if [ "$BUILDING" = rw ]; then mount -t tmpfs tmp "$root/tmp"; fi
mount -o remount,ro "$root"
cd /
exec chroot "$root" "$@"
"""


@dataclass(frozen=True)
class Instruction:
    """A line of the Dockerfile."""

    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """The words of the line, which can be JSON."""
        return json.loads(self.text) if self.text.startswith("[") else self.text.split()


def stages() -> list[list[Instruction]]:
    """Return the instructions of each stage."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.startswith("#")]
    found: list[list[Instruction]] = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            one = Instruction(*line.split(maxsplit=1))
            found += [[]] if one.name == "FROM" else []
            found[-1].append(one)
    return found


class Image:
    """What a build leaves in a folder, and containers that run it."""

    def __init__(self, folder: Path) -> None:
        self.files, self._root = folder / "image", folder / "root"
        self._root.mkdir()
        build, final = stages()
        self.final = {one.name: one for one in final}
        self.variables = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
        for one in final:
            if one.name == "ENV":
                for word in one.words:
                    name, _equals, value = word.partition("=")
                    self.variables[name] = value.replace("$PATH", self.variables["PATH"])
        for one in build:
            self._build(one)
        for one in final:
            if one.name == "RUN":
                self._run_as_root(one.text)

    def _build(self, one: Instruction) -> None:
        if one.name == "COPY" and one.words == [".", "."]:
            _copy_context(self.files / "app")
            (self.files / "opt/static").mkdir(parents=True)
        elif one.name == "RUN" and "venv /" not in one.text and "pip install" not in one.text:
            self._run_as_root(one.text)

    def _run_as_root(self, script: str) -> None:
        """Run a step of the build, with all folders writable."""
        volume = self.files / self.final["VOLUME"].text.strip("/")
        volume.mkdir(exist_ok=True)
        command = self._enter("rw", ["sh", "-c", f"cd /app && {script}"], {"PATH": "/usr/bin:/bin"})
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (script, done.stderr)

    def _enter(self, mode: str, words: list[str], variables: Mapping[str, str]) -> list[str]:
        same = dict.fromkeys(("/usr", "/etc", str(Path(sys.base_prefix)), str(_VENV)))
        outer = {
            "SAME": " ".join(
                path for path in same if path == "/usr" or not path.startswith("/usr")
            ),
            "VENV": str(_VENV),
            "VOLUMES": self.final["VOLUME"].text,
            "BUILDING": mode,
            "PATH": os.environ["PATH"],
        }
        return [
            *("env", "-i", *(f"{name}={value}" for name, value in outer.items())),
            *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
            *("sh", "-c", _ENTER, "sh", str(self._root), str(self.files)),
            *("env", "-i", *(f"{name}={value}" for name, value in variables.items())),
            *words,
        ]

    def command(self, words: list[str], **variables: str) -> list[str]:
        """Return a command that runs these words as a container would: alone, as its user."""
        user, _colon, group = self.final["USER"].text.partition(":")
        alone = [
            *("setpriv", "--reuid", user, "--regid", group, "--clear-groups", "--no-new-privs"),
            *("--inh-caps=-all", "--bounding-set=-all"),
        ]
        inside = ["sh", "-c", 'cd "$0" && exec "$@"', self.final["WORKDIR"].text]
        return self._enter("ro", [*alone, *inside, *words], {**self.variables, **variables})

    def run(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in a container of its own."""
        return subprocess.run(
            self.command(list(words), **variables),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def healthy(self, port: int, **variables: str) -> bool:
        """Return whether the health check succeeds, at this port instead of the image's."""
        check = Instruction("CMD", self.final["HEALTHCHECK"].text.partition("CMD ")[2])
        words = [word.replace(self.final["EXPOSE"].text, str(port)) for word in check.words]
        return self.run(*words, **variables).returncode == 0

    def serve(self, port: int) -> list[str]:
        """Return the image's command, at this port instead of the image's."""
        default = self.final["EXPOSE"].text
        return [word.replace(default, str(port)) for word in self.final["CMD"].words]

    @contextmanager
    def running(self, words: list[str], log: Path, **variables: str) -> Iterator["Container"]:
        """Run a command that goes on until it is stopped."""
        with log.open("a") as out:
            process = subprocess.Popen(self.command(words, **variables), stdout=out, stderr=out)
        container = Container(process)
        try:
            yield container
        finally:
            container.kill()


@dataclass(frozen=True)
class Container:
    """A running container."""

    process: "subprocess.Popen[bytes]"

    def first_process(self) -> int:
        """Return the process that is number one in the container."""
        pid = self.process.pid
        for _ in range(100):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if children:
                return int(children[0])
            time.sleep(0.05)
        raise AssertionError("the container did not start")

    def stop(self, sign: int, within_s: float) -> int:
        """Send the signal to the first process, and return the exit status."""
        os.kill(self.first_process(), sign)
        return self.process.wait(within_s)

    def kill(self) -> None:
        """End everything in the container."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def _copy_context(target: Path) -> None:
    """Copy what `.dockerignore` leaves of the folder: it lists what is copied, after a `*`."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*", "what isn't listed must stay outside"
    skipped = [rule.removeprefix("**/") for rule in rules if rule.startswith("**/")]
    for rule in rules:
        for file in ROOT.glob(rule[1:]) if rule.startswith("!") else ():
            place = target / file.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            if file.is_dir():
                shutil.copytree(file, place, ignore=shutil.ignore_patterns(*skipped))
            else:
                shutil.copy(file, place)
