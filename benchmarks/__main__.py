"""`python -m benchmarks [GOAL ...]`: measures goals and prints a Markdown table for each."""

import shutil
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
import uvloop

from benchmarks import (
    commit_to_browser,
    create_task,
    fan_out,
    idle,
    machine,
    recurring,
    reminder_burst,
    reminder_lateness,
    scale_out,
)
from benchmarks.figures import Report, markdown
from benchmarks.options import Options

Benchmark = Callable[[Options, Path], Coroutine[Any, Any, Report]]
BENCHMARKS: Final[dict[int, Benchmark]] = {
    fan_out.GOAL: fan_out.measure,
    commit_to_browser.GOAL: commit_to_browser.measure,
    reminder_lateness.GOAL: reminder_lateness.measure,
    reminder_burst.GOAL: reminder_burst.measure,
    create_task.GOAL: create_task.measure,
    idle.GOAL: idle.measure,
    scale_out.GOAL: scale_out.measure,
    recurring.GOAL: recurring.measure,
}
# A look at goals 6 and 7 within three minutes; no figure to report.
QUICK: Final[dict[str, float]] = {
    "pending": 50_000,
    "due": 1_000,
    "due_seconds": 10.0,
    "burst": 20_000,
    "peer_burst": 1_500,
}


def main(  # noqa: PLR0913, PLR0917 - each is an option of the command line
    goals: Annotated[list[int] | None, typer.Argument(help="Which; all without any.")] = None,
    repetitions: Annotated[int, typer.Option(min=1, help="Turns of each contender.")] = 5,
    seconds: Annotated[float, typer.Option(min=1, help="Length of a turn.")] = 10,
    stream_seconds: Annotated[float, typer.Option(min=1, help="The same, of goal 3.")] = 60,
    streams: Annotated[int, typer.Option(min=1, help="Open streams of goal 3.")] = 5_000,
    quick: Annotated[bool, typer.Option("--quick", help="Goals 6 and 7, but less.")] = False,  # noqa: FBT002 - a flag
    json: Annotated[Path | None, typer.Option(help="Write the samples there too.")] = None,
) -> None:
    """Measure what the goals ask for, and print it."""
    unknown = set(goals or ()) - set(BENCHMARKS)
    if unknown:
        raise typer.BadParameter(f"there are benchmarks for {sorted(BENCHMARKS)} only")
    options = Options(
        repetitions=repetitions,
        seconds=seconds,
        stream_seconds=stream_seconds,
        streams=streams,
    )
    if quick:
        options = msgspec.structs.replace(options, **QUICK)
    print(f"{machine.describe()}; {repetitions} repetitions\n", flush=True)
    reports = [_measure(goal, options) for goal in goals or BENCHMARKS]
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(reports)) + b"\n")


def _measure(goal: int, options: Options) -> Report:
    """Run one benchmark in a folder of its own, which PostgreSQL's account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="taskflow-bench-"))
    folder.chmod(0o755)
    try:
        report = uvloop.run(BENCHMARKS[goal](options, folder))
    finally:
        shutil.rmtree(folder)
    print(markdown(report), flush=True)
    return report


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
