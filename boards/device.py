"""A machine on a board, as a host uses it: load an image, run inputs, read counters."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from boards import about as texts
from boards.link import Link, Port
from boards.transport import Registers, about
from compress import image as images
from compress.actions import Actions, decode, perform
from spec import machines
from spec.parameter import from_data
from spec.registers import WORD_BITS, WORD_BYTES, RegisterMap

LEAST_HERTZ = 2e4
"""Cycles a second of the slowest machine that we wait for, a simulated one; only a machine that hangs makes us wait so long."""


class Device:
    """One board in session.

    Parameters
    ----------
    port : Port
        Its line, open.
    patience : float
        Seconds of silence after which the board is given up.

    Raises
    ------
    OSError
        If no board answers, or its machine stays busy after the reset that opens the session.
    ValueError
        If it is of another version, or its registers are not those of the machine it says it has.
    """

    def __init__(self, port: Port, *, patience: float = 8.0) -> None:
        self.link = Link(port, patience=patience)
        self._port = port
        self.link.open()
        self.about = texts.read(about(self.link))
        self.link.window = self.about.slots - 1
        self.transport = Registers(self.link)
        self.registers = _registers(self.about)
        self.image: Any = None
        self._talk: Any = None
        self._ready = False
        self._check_identity()
        self._settle()

    def __enter__(self) -> "Device":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the line."""
        if close := getattr(self._port, "close", None):
            close()

    def info(self) -> dict[str, Any]:
        """Return what the board is: board, machine and its numbers, clock, rate, embedded image, version."""
        return asdict(self.about)

    def fits(self, image: Any, design: str) -> None:
        """Refuse an image that is not for the machine on this board; says what differs."""
        if design != self.about.design:
            raise ValueError(f"image must be for the {self.about.design} on this board, not for {design}; "
                             f"build the board with --design {design}, or an image for {self.about.design}")
        mine, theirs = self.about.spec, plain(image.spec)
        if wrong := [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]:
            first = "; ".join(f"{name} {theirs.get(name)}, here {mine.get(name)}" for name in wrong[:3])
            raise ValueError(f"image must be for the machine on this board, {self.about.name}, not for another ({first}); "
                             "build the image for these numbers, or the board with --image")

    def load(self, image: Any, *, force: bool = True) -> bool:
        """Load an image, the path of its file or the image itself, after a check that it fits.

        Returns False without loading if the board has just this image embedded and ``force`` is false.
        """
        design, loaded, digest = take(image)
        self.fits(loaded, design)
        self.image, self._talk, self._ready = loaded, machines.part(design, "compress"), False
        sent = force or not digest or digest != self.about.image
        if sent:
            self.perform(self._talk.load_actions(loaded))
        self._ready = True
        return sent

    def run(self, values: Any) -> np.ndarray:
        """Return the outputs of one input or of each of several, as the network means them."""
        found = [self.answer(result) for result in self.results(values)]
        return np.array(found[0] if np.ndim(values) == 1 else found)

    def answer(self, result: Any) -> np.ndarray:
        """Return the outputs that a result stands for, as the network means them."""
        return self._talk.outputs(self.image, result)

    def results(self, values: Any) -> Iterator[Any]:
        """Yield what the machine gives for each of several inputs: outputs as it has them, counters, flags."""
        if not self._ready:
            raise ValueError("an image must be loaded before inputs are run, and none is, or a run did not end; call load")
        integers, _ = self._talk.inputs(self.image, values)
        for vector in integers:
            self._ready = False                             # a run that is left in the middle may leave other programs behind
            result = self.perform(self._talk.run_actions(self.image, vector))
            self._ready = True
            yield result

    def counters(self) -> dict[str, int]:
        """Return the machine's counters."""
        found = {}
        for register in self.registers.registers:
            if register.kind == "counter":
                low, high = (self.transport.read_register(register.offset + k * WORD_BYTES) for k in (0, 1))
                found[register.name] = low | high << WORD_BITS
        return found

    def perform(self, actions: Actions) -> Any:
        """Perform a talk with the machine and return its result."""
        return perform(self.transport, self.registers, actions, hertz=LEAST_HERTZ)

    def _settle(self) -> None:
        """Wait until the machine takes a command: some are busy for a while after the reset that opens a session."""
        status = next((register for register in self.registers.registers if register.name == "status"), None)
        end = self.link.clock() + self.link.patience
        while status and decode(status, self.transport.read_register(status.offset)).get("busy"):
            if self.link.clock() > end:
                raise TimeoutError(f"the machine must be ready within {self.link.patience:g} s of its reset, and status says "
                                   "that it is busy; load its bitstream again")

    def _check_identity(self) -> None:
        for register in self.registers.registers:
            if register.kind == "constant" and (said := self.transport.read_register(register.offset)) != register.init:
                raise ValueError(f"register {register.name} of the board must be {register.init:#x} as of {self.about.name}, "
                                 f"not {said:#x}; build its bitstream anew")


def plain(spec: Any) -> dict[str, Any]:
    """Return a specification's numbers as JSON has them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(spec).items()}


def take(image: Any) -> tuple[str, Any, str]:
    """Return machine, image and hash of an image given as the path of its file, or as itself, then without a hash."""
    if isinstance(image, (str, bytes)) or hasattr(image, "__fspath__"):
        return images.design_of(image), images.load(image), file_digest(image)
    design = next((name for name in machines.MACHINES if isinstance(image.spec, machines.part(name, "spec").Spec)), "")
    if not design:
        raise TypeError(f"image must be an image of a machine or its file, not {type(image).__name__}")
    return design, image, ""


def file_digest(path: Any) -> str:
    """Return the SHA-256 of a file's bytes, by which an embedded image is known again."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _registers(said: texts.About) -> RegisterMap:
    package = machines.specification(said.design)
    try:
        return package.registers(from_data(package.Spec, said.spec))
    except (TypeError, ValueError) as error:
        raise ValueError(f"the board must have a machine that this program knows, and it has another ({error}); "
                         "build its bitstream anew") from error
