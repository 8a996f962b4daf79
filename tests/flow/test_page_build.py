"""The page is built on a machine whose way to the registry goes through a company's proxy."""

import importlib.util
import ssl
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from types import ModuleType

import pytest
from tests.distributed.certificates import Authority

SCRIPT = Path(__file__).parents[2] / "web" / "hatch_build.py"
ASK = "fetch(process.argv[1]).then(one => console.log(one.status), bad => console.log(bad.cause))"
COMPLAINT = """echo 'npm error code SELF_SIGNED_CERT_IN_CHAIN
npm error errno SELF_SIGNED_CERT_IN_CHAIN
npm error request to https://registry.example/svelte failed, reason: self-signed certificate
npm error A complete log of this run can be found in: /tmp/log'; exit 1"""


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """The build hook, which is no module of a package."""
    spec = importlib.util.spec_from_file_location("hatch_build", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["hatch_build"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server whose authority only this machine's store of certificates knows."""
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.server("proxy"))
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.delenv("NODE_EXTRA_CA_CERTS", raising=False)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_the_machine_trusts_npm_trusts_too(build: ModuleType, proxy: str) -> None:
    node = build.find_npm().command[0]
    asking = build.Npm((node, "-e", ASK), Path(node).parent)
    assert asking.start(proxy, captured=True).stdout.strip() == "200"


def test_an_authority_that_npm_was_told_of_stays(
    build: ModuleType, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", "/dev/null")
    node = build.find_npm().command[0]
    asking = build.Npm((node, "-e", ASK), Path(node).parent)
    assert "unable to verify" in asking.start(proxy, captured=True).stdout


def test_a_registry_that_is_not_trusted_is_one_sentence(build: ModuleType) -> None:
    npm = build.Npm(("/bin/sh", "-c", COMPLAINT), Path("/bin"))
    with pytest.raises(build.PageError) as caught:
        npm.run("ci")
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "registry.example/svelte failed, reason: self-signed certificate" in sentence
    assert "NODE_EXTRA_CA_CERTS" in sentence
