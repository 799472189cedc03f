"""What every command of ours does alike: options that are checked, one-line errors, exit codes, progress."""

import contextlib
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from cli.fault import Fault
from cli.interrupt import obey
from cli.option import asked, check_options, forget_options, refuse
from cli.signals import Ended, ending
from cli.text import Printable, plain
from cli.write import atomic, write_json, write_report, write_text

BAD_INPUT = (ValueError, TypeError, OverflowError, OSError, MemoryError)
__all__ = ["application", "atomic", "main", "progress", "refuse", "write_json", "write_report", "write_text"]
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

    Bad input, which is a usage error or a ``ValueError``, ``TypeError``, ``OverflowError``, ``OSError`` or
    ``MemoryError`` from below, becomes one line on stderr and exit code 2; ``--verbose`` (``-v``), which every
    command gets from here, shows the trace instead. A ``Fault``, of a tool or a machine, is one line and exit code 1.
    Any other exception is our mistake and is never hidden. Ctrl-C is exit code 130. An empty path and a number that is
    not finite are bad input of every option.

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
    obey()
    for stream in ("stdout", "stderr"):                     # None where it was closed: what is printed there goes nowhere
        if getattr(sys, stream) is None:
            setattr(sys, stream, Path(os.devnull).open("w"))
    try:
        with ending(), _safe_output(verbose):
            command = typer.main.get_command(app if isinstance(app, typer.Typer) else app())
            _offer_verbose(command)
            check_options(command, given)
            code = command.main(given, prog_name=program, standalone_mode=False)
            if sys.stdout is not None:
                sys.stdout.flush()
        sys.exit(code)
    except KeyboardInterrupt:
        sys.exit(130)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):        # Click's own code for it is 1
            _drop_output()
            sys.exit(141)
        raise
    except Ended as end:
        sys.exit(end.code)
    except typer.Abort as error:
        if isinstance(error.__cause__, EOFError):       # a file that ended, which Typer takes for an end of what is typed
            raise error.__cause__ from None
        sys.exit(130)
    except typer.TyperException as error:
        _fail(error, _usage(error, given), verbose)
    except Fault as error:
        _fail(error, str(error), verbose, code=1)
    except BAD_INPUT as error:
        _fail(error, str(error) or type(error).__name__, verbose)
    finally:
        forget_options()


def warn(texts: Iterable[str]) -> None:
    """Print warnings on stderr, below all that standard output has by then; a command ends with them."""
    sys.stdout.flush()
    for text in texts:
        print(f"WARNING: {plain(' '.join(text.split()))}", file=sys.stderr)


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


@contextlib.contextmanager
def _safe_output(verbose: bool) -> Iterator[None]:
    """Print what an encoding lacks, and what would steer a terminal, as escapes; warnings of libraries only with ``-v``."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    before, last = warnings.showwarning, logging.lastResort
    if not verbose and not sys.warnoptions:
        warnings.showwarning = lambda *_, **__: None
        logging.lastResort = logging.NullHandler()
    output: Any = sys.stdout if sys.stdout is None else Printable(sys.stdout)
    try:
        with contextlib.redirect_stdout(output):
            yield
    finally:
        warnings.showwarning, logging.lastResort = before, last


def _usage(error: Any, given: Sequence[str]) -> str:
    """Return what is wrong with a command line, and where its options are told: those of the machine that it names."""
    context = getattr(error, "ctx", None)
    reasons: list[Any] = getattr(error.__cause__, "errors", list)()     # why a value is not of its type
    values = "".join(f", not {reason['input']!r}" for reason in reasons)
    design = asked(given)
    machine = f" --design {design}" if design else ""
    hint = f"; see {context.command_path}{machine} --help" if context else ""
    return error.format_message().rstrip(".") + values + hint


def _fail(error: Exception, text: str, verbose: bool, code: int = 2) -> None:
    if verbose:
        raise error
    _drop_output()
    print("error: " + plain(" ".join(text.split())), file=sys.stderr)
    sys.exit(code)


def _drop_output() -> None:
    """Let what standard output does not take any more, a full disk's, go nowhere: it would fail again at the end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except AttributeError:                  # there is no standard output
        pass


@contextlib.contextmanager
def progress(description: str, total: float | None = None) -> Iterator[Counter]:
    """Say what takes long, on stderr, if it does take longer than two seconds.

    On a terminal this is a bar (or a spinner where ``total`` is unknown); elsewhere one plain line.
    """
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True)
    description = plain(description)
    task = bar.add_task(escape(description), total=total)

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
