"""Build Verilog, run the cocotb tests of one module on it, and refuse an empty run.

The only file that knows cocotb's runner.
"""
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from cocotb_tools.check_results import get_results
from cocotb_tools.runner import Verilator, get_runner

from cli.fault import Fault
from cli.signals import Ended
from sim import simulator
from sim.cache import fetch, home, key

TIMESCALE = ("1ns", "1ps")
OPTIONS = {                                 # warnings are the business of lint, not of every run
    "verilator": ("-Wno-fatal", "-Wno-lint", "-Wno-style", "--no-timing"),
    "icarus": ("-g2005-sv",),
}


class Failed(AssertionError):
    """Tests that failed or did not run; ``reason`` is what the first of them says."""

    def __init__(self, text: str, reason: str):
        super().__init__(text)
        self.reason = reason


HIERARCHICAL = "--hierarchical"
OF_A_DESIGN = (HIERARCHICAL, "--no-public-flat-rw", "--no-assert")
"""Arguments that change what Verilator writes of a design, and not Verilator's own files."""
LEVELS = ("-Os", "-O0", "-O1", "-O2")
"""Levels of optimisation of a simulation's C++; the first is taken where ``NONZERO_SIM_LEVEL`` names none."""


class _Whole(Verilator):
    """Verilator whose C++ is compiled as one file, at the level of optimisation that is asked for.

    Several files are there to be compiled side by side, each kind with a header compiled ahead: of a build of ten files, that
    takes more processor time than the files.
    """

    def __init__(self, level: str):
        super().__init__()
        self._level = level

    def _build_command(self):
        *commands, make = super()._build_command()
        return [*commands, [*make, "VM_PARALLEL_BUILDS=0", f"OPT_FAST={self._level}"]]


class _Apart(Verilator):
    """Verilator with modules built apart: another makefile joins them.

    The simulation spends its time in those modules, and the compiler most of its time on the wires between them: they are
    optimised for speed, the rest little.
    """

    def __init__(self, modules: Sequence[str]):
        super().__init__()
        self._libraries = [f"V{module}/lib{module}.a" for module in modules]

    def _build_command(self):
        *commands, make = super()._build_command()
        joined = ["Vtop_hier.mk" if word == "Vtop.mk" else word for word in make]
        return [*commands, [*joined, "OPT_FAST=-O2", *self._libraries], [*joined, "OPT_FAST=-O1"]]


@dataclass(frozen=True, kw_only=True)
class Results:
    """What a run did: tests that ran, where its files are if they were kept, and the seconds of build and run."""

    ran: int
    folder: Path | None
    build_seconds: float
    run_seconds: float


def build(*, sources: Sequence[Path | str], top: str, sim: str | None = None, waves: bool = False,
          build_args: Sequence[str] = (), inner: bool = False, cache_it: bool = True, apart: Sequence[str] = ()) -> Path:
    """Return a folder with the simulation of ``top``, built or taken from the cache.

    Verilator builds the modules named in ``apart`` once each, whatever the number of their instances; with ``waves`` or
    ``inner`` they are built with the rest, for nobody sees into a module that is built apart.
    """
    sim = simulator.pick(sim)
    texts = [source.read_text() if isinstance(source, Path) else source for source in sources]
    if not texts or not any(text.strip() for text in texts):
        raise ValueError(f"sources of {top} must hold Verilog, not nothing; emit it first")
    if sim == "verilator" and not inner:    # cocotb sees the top ports; the rest is optimised
        texts.append(f'`verilator_config\npublic_flat_rw -module "{top}" -port "*"\n')
        build_args = ("--no-public-flat-rw", *build_args)
    if sim != "verilator" or waves or inner:
        apart = ()
    if apart:
        texts.append("`verilator_config\n" + "".join(f'hier_block -module "{module}"\n' for module in apart))
        build_args = (HIERARCHICAL, *build_args)
    if sim == "icarus":
        texts = [text for text in texts if not _is_control(text)]
    arguments = (*OPTIONS[sim], *build_args)
    chosen = level() if sim == "verilator" and not apart else LEVELS[0]
    name = key(simulator.identity(sim), top, str(waves), *TIMESCALE, *arguments, chosen, "sources", *texts)
    if not cache_it:
        name = key(name, str(os.getpid()), str(time.time_ns()))
    return fetch(name, lambda work: _compile(work, sim, top, texts, arguments, waves, apart, chosen))


def level(usual: str = LEVELS[0]) -> str:
    """Return the level of optimisation of simulations: that of ``NONZERO_SIM_LEVEL``, such as ``-O0`` where most are short."""
    chosen = os.environ.get("NONZERO_SIM_LEVEL") or usual
    if chosen not in LEVELS:
        raise ValueError(f"NONZERO_SIM_LEVEL must be one of {', '.join(LEVELS)}, not {chosen!r}; unset it")
    return chosen


def lay_runtime(place: Path, arguments: Sequence[str] = OPTIONS["verilator"], *, waves: bool = False) -> None:
    """Copy Verilator's own object files to where a makefile that is yet to come would compile them."""
    later = time.time() + 3600              # than that makefile: make takes them as they are
    for path in runtime(arguments, waves):
        os.utime(shutil.copy(path, place), (later, later))


def runtime(arguments: Sequence[str] = OPTIONS["verilator"], waves: bool = False) -> list[Path]:
    """Return Verilator's own object files, most of a small build's time and the same for every design."""
    arguments = [word for word in arguments if word not in OF_A_DESIGN]
    name = key("runtime", simulator.identity("verilator"), str(waves), *arguments)
    text = "module runtime(input clk, output reg q); always @(posedge clk) q <= ~q; endmodule\n"

    def compile_it(work: Path) -> list[Path]:
        _compile(work, "verilator", "runtime", [text], arguments, waves)
        return list(work.glob("verilated*.o"))

    return list(fetch(name, compile_it).glob("*.o"))


def launch(*, sources: Sequence[Path | str], top: str, module: str, at_least: int,
           sim: str | None = None, env: Mapping[str, object] | None = None, waves: bool = False,
           build_args: Sequence[str] = (),
           inner: bool = False, cache: bool = True, seed: int = 1, only: str | None = None,
           folder: Path | None = None, log: Path | None = None, may_fail: bool = False, apart: Sequence[str] = (),
           plusargs: Sequence[str] = ()) -> Results:
    """Run the cocotb tests of a module on Verilog; return how many ran, or fail.

    Parameters
    ----------
    sources : sequence of Path or str
        Files, or texts themselves; a text that begins with "`verilator_config" is a control file.
    top : str
        Module that the tests see. Its ports alone are visible, unless ``inner``.
    module : str
        Python module of the tests, as it is imported from the repository's root.
    at_least : int
        How many tests must run: cocotb itself is content with none.
    sim : str, optional
        ``"verilator"`` or ``"icarus"``; unasked, Verilator where it can run.
    env : mapping, optional
        Environment variables for the tests, made strings.
    waves : bool
        Leave a trace of all signals in ``folder``: ``dump.vcd`` of Verilator, ``TOP.fst`` of Icarus. The
        environment variable ``WAVES=1`` asks for the same.
    build_args : sequence of str
        More arguments of the simulator's compiler.
    inner : bool
        Let the tests see every signal of the design, not the ports alone; builds and runs slower.
    cache : bool
        Take and leave the built simulation in the cache.
    seed : int
        Of the tests' random numbers.
    only : str, optional
        Regular expression of the tests to run.
    folder, log : Path, optional
        Where the run leaves its files, and its output. Without them the files stay only where they are wanted, after a
        failure and with waves, and the output is the process's own.
    may_fail : bool
        Failed tests are a result and no error: they are what a run on faulty hardware is for.
    apart : sequence of str
        Modules that Verilator builds apart, once each: for many instances of a large one, whose build would take too long.
        Not with ``waves`` or ``inner``.
    plusargs : sequence of str
        Arguments of the simulation, such as ``+NAME=VALUE``, for the Verilog.

    Raises
    ------
    Failed
        If a test fails or fewer than ``at_least`` run.
    FileNotFoundError
        If the simulator is missing; says what to install.
    Fault
        If the Verilog does not compile or the simulation dies; says where its output is.
    """
    sim = simulator.pick(sim)
    waves = waves or os.environ.get("WAVES", "0") not in ("", "0")
    start = time.monotonic()
    built = build(sources=sources, top=top, sim=sim, waves=waves, build_args=build_args, inner=inner,
                  cache_it=cache, apart=apart)
    middle = time.monotonic()
    place = (folder or Path(tempfile.mkdtemp(prefix=f"{top}-"))).absolute()
    place.mkdir(parents=True, exist_ok=True)
    results = place / "results.xml"
    results.unlink(missing_ok=True)
    # without this argument Icarus would leave its trace beside the cached simulation
    more = [f"+dumpfile_path={place / top}.fst"] if sim == "icarus" and waves else []
    ends = contextlib.suppress(SystemExit, RuntimeError)        # the results tell how it went
    with simulator.environment(sim), ends, _gone_if_ended(place if folder is None else None):
        get_runner(sim).test(
            hdl_toplevel=top, hdl_toplevel_lang="verilog", test_module=module, build_dir=built,
            test_dir=place, results_xml=str(results), seed=seed, waves=waves,
            timescale=TIMESCALE, log_file=log,
            extra_env={name: str(value) for name, value in (env or {}).items()}, test_filter=only,
            plusargs=[*plusargs, *more])
    try:
        ran, failed = get_results(results)
    except (RuntimeError, ElementTree.ParseError) as error:
        raise Fault(f"{sim} must run {top} to its end, and it ended before; "
                    f"{f'its output is in {log}' if log else f'its files are in {place}'}") from error
    if failed and not may_fail or ran < at_least:
        reason = _reason(results)
        raise Failed(f"{module}: {ran} ran, {failed} failed, {at_least} must pass (seed {seed}, of the tests {only or 'all'}); "
                     f"files in {place}{reason and '; '}{reason}", reason)
    wanted = folder is not None or waves
    if not wanted:
        shutil.rmtree(place)
    return Results(ran=ran, folder=place if wanted else None, build_seconds=middle - start,
                   run_seconds=time.monotonic() - middle)


@contextlib.contextmanager
def _gone_if_ended(folder: Path | None) -> Iterator[None]:
    """Remove a folder that nobody asked for if the run is ended from outside; the verdict of a run is in its results."""
    try:
        yield
    except (KeyboardInterrupt, Ended):
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _reason(results: Path) -> str:
    """Return what the first failed test of a run says, or nothing."""
    case = next((case for case in ElementTree.parse(results).iter("testcase") if case.find("failure") is not None), None)
    return "" if case is None else f"{case.get('name')}: {case.findall('failure')[0].get('message')}"


def _is_control(text: str) -> bool:
    return text.lstrip().startswith("`verilator_config")


def _compile(work: Path, sim: str, top: str, texts: Sequence[str], arguments: Sequence[str],
             waves: bool, apart: Sequence[str] = (), chosen: str = LEVELS[0]) -> list[Path]:
    if any(character.isspace() for character in str(work)) and sim == "verilator":
        raise ValueError(f"the cache's path must be without spaces for make, not {str(work.parent)!r}; "
                         f"set NONZERO_CACHE to another folder")
    files: list[Path] = []
    for number, text in enumerate(sorted(texts, key=_is_control, reverse=True)):
        files.append(work / f"source{number}{'.vlt' if _is_control(text) else '.v'}")
        files[-1].write_text(text)
    if sim == "verilator" and top != "runtime":
        lay_runtime(work, arguments, waves=waves)
    with simulator.environment(sim):
        runner = _Apart(apart) if apart else _Whole(chosen) if sim == "verilator" else get_runner(sim)
        log = work / "build.log"
        try:
            runner.build(sources=files, hdl_toplevel=top, build_dir=work, build_args=arguments,
                         timescale=TIMESCALE, waves=waves, always=True, log_file=log)
        except RuntimeError as error:
            said = log.read_text(errors="replace").splitlines() if log.exists() else []
            wrong = [line for line in said if "error" in line.lower()] or said or ["it said nothing"]
            kept = home() / "logs" / f"{top}.log"
            kept.parent.mkdir(exist_ok=True)
            kept.write_text("\n".join(said), encoding="utf-8")
            raise Fault(f"{sim} must compile {top}, and it does not: {wrong[0].strip()}; its output is in {kept}") from error
    return [work / (top if sim == "verilator" else "sim.vvp")]
