"""A session with a generated machine in a simulator: talks go in, what they return comes out. The side outside.

The machine stands in a harness in Verilog that feeds its stream from files and writes its results to files, so that a load of
millions of words costs no Python; the registers are driven over AXI4-Lite by cocotbext-axi (`sim.host`).
"""

import pickle
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.fault import Fault
from rtl.generated import GeneratedMachine
from sim.host import Actions
from sim.launch import Failed, build, launch
from sim.probe import Probe
from sim.trace import Watch
from spec.registers import from_data

HARNESS = Path(__file__).with_name("harness.v")
TOP = "nz_harness"
TALKS, ANSWERS, DONE = "talks.pickle", "answers.pickle", "done"     # ours alone, of one run; no file of a user is read so
PACKETS = "s_axis"  # prefix of the stream of packets, which every machine has
POLL = 0.2          # seconds between two looks at how far the simulation is

Talk = Callable[[], Actions]
"""Returns a talk's actions; it crosses a process, so it is a function of a module or a ``functools.partial`` of one."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a talk returned, and the simulated time in ns at its end."""

    value: Any
    time: int


def prepare(machine: GeneratedMachine, *, sim: str | None = None, waves: bool = False, build_args: Sequence[str] = (),
            control: Sequence[str] = (), probe: Probe | None = None, apart: Sequence[str] = ()) -> None:
    """Build the simulation of a machine, so that a later `hold` finds it in the cache."""
    build(sources=_sources(machine, control, probe), top=TOP, sim=sim, waves=waves, build_args=build_args,
          apart=_apart(apart, probe))


def hold(machine: GeneratedMachine, talks: Sequence[Talk], *, sim: str | None = None, waves: bool = False,
         folder: Path | None = None, log: Path | None = None, build_args: Sequence[str] = (), control: Sequence[str] = (),
         advance: Callable[[int], None] = lambda talks: None, watch: Watch | None = None,
         apart: Sequence[str] = ()) -> list[Answer]:
    """Hold the talks with the generated Verilog, one after another without a reset, and return an answer for each.

    Parameters
    ----------
    machine, sim, waves, log, build_args
        As of `sim.launch.launch`.
    talks : sequence of callable
    folder : Path, optional
        For files that go in and out; a temporary one, removed at the end, if not given.
    control : sequence of str
        Control texts for Verilator.
    advance : callable
        Told, as the simulation goes on, how many more talks are done.
    watch : Watch, optional
        What to measure; ``watch.take(folder)`` returns it.
    apart : sequence of str
        As of `sim.launch.launch`; with a ``watch`` all is built in one.

    Raises
    ------
    Fault
        If the Verilog does not compile, the simulation dies or the machine does not answer.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="session-") as made:
            return hold(machine, talks, sim=sim, waves=waves, folder=Path(made), log=log, build_args=build_args,
                        control=control, advance=advance, watch=watch, apart=apart)
    folder = Path(folder).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TALKS).write_bytes(pickle.dumps((from_data(machine.name, machine.manifest["registers"]), list(talks))))
    for name in (ANSWERS, DONE):
        (folder / name).unlink(missing_ok=True)
    try:
        with _Progress(folder / DONE, advance):
            launch(sources=_sources(machine, control, watch.probe if watch else None), top=TOP, module="sim.bench_session",
                   at_least=1, sim=sim, waves=waves, folder=folder, log=log, build_args=build_args,
                   plusargs=watch.arguments if watch else (), apart=_apart(apart, watch.probe if watch else None),
                   env={"NONZERO_SESSION": folder, "COCOTB_LOG_LEVEL": "WARNING"})
        return list(_read(folder / ANSWERS))
    except Failed as error:
        raise Fault(f"{machine.name} must do what it is told, and it did not: {error.reason.partition(': ')[2] or error}"
                    f"{f'; the output of the simulator is in {log}' if log else ''}") from error
    finally:
        for name in (TALKS, ANSWERS, DONE):
            (folder / name).unlink(missing_ok=True)


def _sources(machine: GeneratedMachine, control: Sequence[str], probe: Probe | None) -> list[str]:
    text = harness(machine)
    if probe is not None:
        text = text.replace("endmodule", f"{probe.verilog()}endmodule")
    return [machine.verilog, text, *control]


def _apart(modules: Sequence[str], probe: Probe | None) -> Sequence[str]:
    """Return the modules to build apart: none with a probe, which looks into them."""
    return () if probe else modules


def harness(machine: GeneratedMachine) -> str:
    """Return the harness around a machine; it feeds a second stream in, should the machine have one."""
    text, odd = HARNESS.read_text().replace("MACHINE", machine.name), ""
    for port in machine.manifest["ports"]:
        prefix, found, _ = port["name"].partition("_tdata")
        if found and port["direction"] == "input" and prefix != PACKETS:
            odd = f"`define NZ_OFFER_BITS {port['bits']}\n"
            text = text.replace("NZ_OFFER_tdata", f"{prefix}_tdata").replace("NZ_OFFER_tvalid", f"{prefix}_tvalid").replace(
                "NZ_OFFER_tready", f"{prefix}_tready")
    return odd + text


def _read(path: Path) -> Iterator[Answer]:
    with path.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)


class _Progress:
    """Watch a file that grows by a byte a talk, in a thread of its own."""

    def __init__(self, path: Path, advance: Callable[[int], None]):
        self._path, self._advance, self._done = path, advance, 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()
        self._look()

    def _follow(self) -> None:
        while not self._end.wait(POLL):
            self._look()

    def _look(self) -> None:
        done = self._path.stat().st_size if self._path.exists() else 0
        self._advance(done - self._done)
        self._done = done


__all__ = ["Answer", "Talk", "hold", "prepare"]
