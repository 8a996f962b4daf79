"""A real Dapr sidecar beside an application of ours."""

from collections.abc import Iterator
from pathlib import Path

from tests.distributed.programs import DAPRD, ROOT, Program, answers

RESOURCES = ROOT / "k8s" / "dapr"
TOKENS = {"DAPR_API_TOKEN": "sidecar-token-of-the-tests", "APP_API_TOKEN": "app-token-of-the-tests"}


class Sidecar(Program):
    """daprd with the project's own resources.

    Args:
        app_id: The application that it belongs to.
        app_port: Where that takes deliveries.
        brokers: Kafka's address.
        folder: For its log.
        ports: Free ones to take.
        name: What it is called in messages, where an application has several replicas.
    """

    def __init__(
        self,
        app_id: str,
        app_port: int,
        brokers: str,
        folder: Path,
        ports: Iterator[int],
        name: str | None = None,
    ) -> None:
        self.http_port, grpc, internal, metrics = (next(ports) for _ in range(4))
        self.metrics_url = f"http://127.0.0.1:{metrics}/metrics"
        command = [
            str(DAPRD),
            f"--app-id={app_id}",
            f"--app-port={app_port}",
            "--app-protocol=http",
            f"--resources-path={RESOURCES}",
            f"--config={RESOURCES / 'configuration.yaml'}",
            f"--dapr-http-port={self.http_port}",
            f"--dapr-grpc-port={grpc}",
            f"--dapr-internal-grpc-port={internal}",
            f"--metrics-port={metrics}",
            "--dapr-listen-addresses=127.0.0.1",
            "--dapr-internal-grpc-listen-address=127.0.0.1",
            "--metrics-listen-address=127.0.0.1",
            "--disable-init-endpoints=config,subscribe",
        ]
        environment = TOKENS | {"TASKFLOW_KAFKA_BROKERS": brokers}
        url = f"http://127.0.0.1:{self.http_port}/v1.0/healthz/outbound"
        super().__init__(
            name or f"daprd-{app_id}",
            command,
            folder,
            environment=environment,
            is_ready=answers(url, 204),
        )
