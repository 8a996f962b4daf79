"""Production's Dapr resources, as Kubernetes would apply them, in a real sidecar on a real Kafka."""

import copy
import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import ClassVar

import httpx
import msgspec
import pytest
import yaml
from tests.distributed.certificates import Authority
from tests.distributed.ports import free_ports
from tests.distributed.programs import JAVA, missing
from tests.distributed.secured_kafka import ACCOUNT, PASSWORD, SecuredKafka
from tests.distributed.sidecar import TOKENS, Sidecar
from tests.manifests.rendering import K8S, of_kind, rendered

from taskflow.events.topics import broker_topics

PATIENCE_SECONDS = 30
