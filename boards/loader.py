"""Programs that put a bitstream into a board, and what their words mean: their exit codes alone are not to be believed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from boards import programs
from boards.catalogue import Board

LIMIT = 180.0
"""Seconds after which a loader is ended: writing 2 MB of flash takes about 40."""

INSTALL = {"openFPGALoader": "apt-get install openfpgaloader", "iceprog": "apt-get install fpga-icestorm",
           "dfu-util": "apt-get install dfu-util", "icesprog": "build icesprog from github.com/wuxx/icesugar"}

FAILED = re.compile(r"CRC check\s*:\s*FAIL|\bfail(?:ed|ure)?\b|\berror\b|can't|cannot|unable to|not found|"
                    r"\bno (?:\w+ or )?(?:device|cable|board|dfu)|mismatch|unknown|timed? ?out|invalid", re.IGNORECASE)
"""What a loader says when it did not do its work, whatever its exit code."""

HARMLESS = re.compile(r"0 errors?|no errors?|without errors?|fail(?:ed|ure)?s?: 0", re.IGNORECASE)

MISSING = re.compile(r"no (?:device|cable|dfu|board)|not found|can't find|unable to open|cannot find|no such device|"
                     r"fail(?:ed)? to open", re.IGNORECASE)
WRONG = re.compile(r"idcode|mismatch|not (?:match|compatible|supported)|wrong (?:device|fpga|chip)|unknown device",
                   re.IGNORECASE)
DENIED = re.compile(r"permission|access denied|insufficient|LIBUSB_ERROR_ACCESS|not permitted", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Loader:
    """One way to load a board.

    Parameters
    ----------
    program : str
    arguments : callable
        Returns the program's arguments for a file and whether it goes into flash.
    done : Pattern
        What the program says when its work is done; without it nothing was.
    flash, memory : bool
        Whether it can write flash; whether it can load until the next reset.
    """

    program: str
    arguments: Callable[[Path, bool], list[str]]
    done: re.Pattern[str]
    flash: bool = True
    memory: bool = True


def _openfpgaloader(name: str) -> Loader:
    return Loader(program="openFPGALoader", arguments=lambda file, flash: ["-b", name, *(["-f"] if flash else []), str(file)],
                  done=re.compile(r"(?:Done|DONE|100(?:\.0+)?\s?%|CRC check\s*:\s*Success|isc_done 1)"))


ICEPROG = Loader(program="iceprog", arguments=lambda file, flash: [*([] if flash else ["-S"]), str(file)],
                 done=re.compile(r"VERIFY OK|cdone: high"))
DFU = Loader(program="dfu-util", arguments=lambda file, flash: ["-d", "1209:5af0", "-a", "0", "-D", str(file), "-R"],
             done=re.compile(r"Done!|Download done|File downloaded successfully"), memory=False)
ICESPROG = Loader(program="icesprog", arguments=lambda file, flash: ["-w", str(file)],
                  done=re.compile(r"Done|done"), memory=False)

LOADERS = {
    "ulx3s": _openfpgaloader("ulx3s"), "ecpix5": _openfpgaloader("ecpix5"), "orangecrab": DFU, "icebreaker": ICEPROG,
    "icesugar": ICESPROG, "upduino": ICEPROG, "tangnano9k": _openfpgaloader("tangnano9k"),
    "tangprimer20k": _openfpgaloader("tangprimer20k"), "colorlight": _openfpgaloader("colorlight"),
}
"""How a board is loaded, by the beginning of its name. A Colorlight has no USB: its JTAG goes to an adapter (``--cable``)."""


def of(board: Board) -> Loader:
    """Return how a board is loaded, or say that we do not know."""
    for name, loader in LOADERS.items():
        if board.name.startswith(name):
            return loader
    raise ValueError(f"--board must be one that we can load, not {board.name}; load its bitstream with its maker's tool")


def load(board: Board, file: Path, *, flash: bool, cable: str = "", limit: float = LIMIT) -> programs.Done:
    """Load a bitstream into a board; return only when the loader said that it did.

    Parameters
    ----------
    flash : bool
        Into flash, to stay; else until the next reset.
    cable : str
        JTAG adapter, as openFPGALoader names it.
    limit : float
        Seconds after which the loader is ended.

    Raises
    ------
    FileNotFoundError
        If the loader is not installed; says what to install.
    OSError
        If there is no board, another board, no permission, if the loader hangs, fails, or does not say that it succeeded.
    """
    loader = of(board)
    if not flash and not loader.memory:
        raise ValueError(f"--memory must be left out for {board.name}: {loader.program} writes its flash only")
    if cable and loader.program != "openFPGALoader":
        raise ValueError(f"--cable must come with a board that openFPGALoader loads, not with {board.name}; leave it out")
    program = programs.find(loader.program, advice=INSTALL[loader.program])
    arguments = [*(["-c", cable] if cable else []), *loader.arguments(file, flash)]
    done = programs.run(program, arguments, limit=limit)
    judge(board, loader, done, limit)
    return done


def judge(board: Board, loader: Loader, done: programs.Done, limit: float) -> None:
    """Raise an ``OSError`` in one line unless a run says in its own words that its work is done, and nothing against it."""
    said = done.said
    worst = next((line.strip() for line in said.splitlines() if FAILED.search(line) and not HARMLESS.search(line)), "")
    if done.code is None:
        raise OSError(f"{loader.program} must end within {limit:g} s, and it was ended; last it said {_last(said)!r}; "
                      "unplug the board, plug it in and try again")
    if done.code == 0 and not worst:
        if loader.done.search(said):
            return
        raise OSError(f"{loader.program} must say that it loaded the board, and it said {_last(said)!r}, though it ended well; "
                      "the board may hold anything now: try again")
    line = worst or _last(said)
    if DENIED.search(said):
        advice = "you may not open it: install the udev rules of the loader, or join its group"
    elif WRONG.search(said):
        advice = f"the board on the cable is no {board.name}: name the board that it is, or plug in the other"
    elif MISSING.search(said):
        advice = f"no {board.name} was found: plug it in, with a cable that carries data"
    else:
        advice = "try again, or load with the maker's tool"
    raise OSError(f"{board.name} must be loaded, and {loader.program} said {line!r} (exit code {done.code}); {advice}")


def _last(said: str) -> str:
    return next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "nothing")
