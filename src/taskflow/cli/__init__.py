"""The command line."""

from taskflow.cli.app import main

__all__ = ["main"]
