"""What every command of ours does alike: one-line errors, progress, and files that are whole or absent."""

import contextlib
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.progress import Progress

BAD_INPUT = (ValueError, TypeError, OverflowError, OSError)
PATIENCE = 2.0      # seconds of silence a user accepts before wondering whether anything happens


class Counter(Protocol):
    """What ``progress`` hands out: tell it how much more is done."""

    def advance(self, n: float = 1) -> None: ...


def application(help: str) -> typer.Typer:
    """Return an empty Typer application that leaves errors to ``main``."""
    return typer.Typer(help=help, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


def main(app: typer.Typer | Callable[[], typer.Typer], arguments: Sequence[str] | None = None, *,
         name: str | None = None) -> None:
    """Run a Typer application on the command line and leave the process with its exit code.

    Bad input, which is a usage error or a ``ValueError``, ``TypeError``, ``OverflowError`` or ``OSError``
    from below, becomes one line on stderr and exit code 2; ``--verbose`` (``-v``), which every command
    gets from here, shows the trace instead. Any other exception is our mistake and is never hidden.

    Parameters
    ----------
    app : typer.Typer or callable
        The application, or what makes it and may itself find the input bad.
    arguments : sequence of str, optional
        Arguments without the program's name; those of the process when not given.
    name : str, optional
        The program's name in help texts; ``python -m MODULE`` when not given.
    """
    module = getattr(sys.modules["__main__"], "__spec__", None)
    program = name or (f"python -m {module.name.removesuffix('.__main__')}" if module else sys.argv[0])
    given = list(sys.argv[1:] if arguments is None else arguments)
    verbose = not {"-v", "--verbose"}.isdisjoint(given)
    try:
        command = typer.main.get_command(app if isinstance(app, typer.Typer) else app())
        _offer_verbose(command)
        sys.exit(command.main(given, prog_name=program, standalone_mode=False))
    except typer.Abort:
        sys.exit(130)
    except typer.TyperException as error:
        _fail(error, _usage(error), verbose)
    except BAD_INPUT as error:
        _fail(error, str(error) or type(error).__name__, verbose)


def _offer_verbose(command: Any) -> None:
    """Let a command and all below it accept, and show in their help, the option that `main` looks for."""
    spare = typer.Typer(add_completion=False)

    @spare.command()
    def _(verbose: Annotated[bool, typer.Option(
            "-v", "--verbose", expose_value=False, show_default=False, help="Show the trace of an error.",
            )] = False) -> None: ...

    command.params += typer.main.get_command(spare).params
    for child in getattr(command, "commands", {}).values():
        _offer_verbose(child)


def _usage(error: Any) -> str:
    context = getattr(error, "ctx", None)
    reasons: list[Any] = getattr(error.__cause__, "errors", list)()     # why a value is not of its type
    given = "".join(f", not {reason['input']!r}" for reason in reasons)
    hint = f"; see {context.command_path} --help" if context else ""
    return error.format_message().rstrip(".") + given + hint


def _fail(error: Exception, text: str, verbose: bool) -> None:
    if verbose:
        raise error
    print("error: " + " ".join(text.split()), file=sys.stderr)
    sys.exit(2)


@contextlib.contextmanager
def progress(description: str, total: float | None = None) -> Iterator[Counter]:
    """Say what takes long, on stderr, if it does take longer than two seconds.

    On a terminal this is a bar (or a spinner where ``total`` is unknown); elsewhere one plain line.
    """
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True)
    task = bar.add_task(description, total=total)

    def start() -> None:
        if console.is_terminal:
            bar.start()
        else:
            print(f"{description} ...", file=sys.stderr, flush=True)

    class _Counter:
        def advance(self, n: float = 1) -> None:
            bar.advance(task, n)

    timer = threading.Timer(PATIENCE, start)
    timer.daemon = True
    timer.start()
    try:
        yield _Counter()
    finally:
        timer.cancel()
        timer.join()
        if bar.live.is_started:
            bar.stop()


@contextlib.contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a free path beside ``path``; what was written there takes its place if all went well.

    Readers see the old file or the new one, never a half. The yielded path keeps the suffix, and its
    folder is made if missing. A folder may be made there too, if ``path`` does not exist yet or is empty.
    """
    goal = Path(path)
    goal.parent.mkdir(parents=True, exist_ok=True)
    draft = goal.with_name(f".{os.getpid()}-{threading.get_ident()}-{goal.name}")
    try:
        yield draft
        draft.replace(goal)
    finally:
        if draft.is_dir():
            shutil.rmtree(draft)
        else:
            draft.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file, whole or not at all."""
    with atomic(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: str | os.PathLike[str], data: Any) -> None:
    """Write data as indented JSON, whole or not at all; NaN and infinities are refused."""
    write_text(path, json.dumps(data, indent=2, allow_nan=False) + "\n")
