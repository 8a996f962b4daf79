"""No secret is in the tree; those that must exist are named, with what is in them."""

import re
import subprocess

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from tests.manifests.rendering import K8S, ROOT, Manifest, rendered, secret_keys

PAGE = ROOT / "docs" / "operate" / "kubernetes.md"
SIGNS = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|(?i:password)\s*[:=]\s*\S|://[^/\s:@]+:[^@\s]+@")


@pytest.fixture(scope="module")
def made() -> dict[str, dict[str, str]]:
    """The Secrets that the script for laptops prints."""
    script = str(ROOT / "scripts" / "kubernetes_dev_secrets.sh")
    done = subprocess.run([script], capture_output=True, text=True, check=True)
    return {one["metadata"]["name"]: one["stringData"] for one in yaml.safe_load_all(done.stdout)}


def test_nothing_that_is_applied_is_a_secret(manifests: tuple[Manifest, ...]) -> None:
    assert [one["metadata"]["name"] for one in manifests if one["kind"] == "Secret"] == []


def test_nothing_in_the_folder_looks_like_a_secret() -> None:
    files = [path for path in K8S.rglob("*") if path.is_file()]
    found = [
        f"{path.relative_to(K8S)}:{number}"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if SIGNS.search(line)
    ]
    assert found == []
    assert len(files) > 10


def test_the_page_names_every_secret_that_must_exist() -> None:
    documented = set()
    for row in re.findall(r"^\| `(taskflow-[^|]*)\| ([^|]*)\|", PAGE.read_text(), re.MULTILINE):
        names, keys = (re.findall(r"`([\w.-]+)`", cell) for cell in (f"`{row[0]}", row[1]))
        documented |= {(name, key) for name in names for key in keys}
    needed = secret_keys(rendered("overlays/production")) | secret_keys(rendered("overlays/dev"))
    assert documented == needed


def test_a_laptop_gets_every_secret_from_one_script(made: dict[str, dict[str, str]]) -> None:
    pairs = {(name, key) for name, values in made.items() for key in values}
    needed = secret_keys(rendered("overlays/dev"))
    assert needed - pairs == set()
    assert {name for name, _ in pairs} == {name for name, _ in needed}


def test_a_laptops_secrets_are_its_own(made: dict[str, dict[str, str]]) -> None:
    tokens = [made[f"taskflow-{one}-api-token"]["token"] for one in ("dapr", "app")]
    assert len(set(tokens)) == 2
    assert all(re.fullmatch("[0-9a-f]{48}", one) for one in tokens)
    signing = load_pem_private_key(made["taskflow-signing-key"]["signing-key.pem"].encode(), None)
    verifying = load_pem_public_key(made["taskflow-verifying-key"]["verifying-key.pem"].encode())
    assert isinstance(signing, Ed25519PrivateKey)
    assert signing.public_key() == verifying
