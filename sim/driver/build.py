"""Compile a machine with Verilator, a driver and a program in C with a C compiler, and run the whole."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rtl.generated import GeneratedMachine
from rtl.package import files
from rtl.package.port import buses, is_stream
from sim import simulator
from sim.cache import fetch, key
from sim.launch import lay_runtime, level

HERE = Path(__file__).parent
STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wshadow", "-O2")
FREE = ("-ffreestanding", "-fno-builtin")
VERILATE = ("--cc", "--exe", "--build", "--prefix", "Vmachine", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--no-timing", "-O3",
            "--noassert", "--Mdir", "made", "-o", "program")
USUAL = "-O1"
"""How Verilator's output is optimised: a program here runs for seconds, and is compiled for longer."""


def compilers() -> list[str]:
    """Return the C compilers that are here."""
    return [name for name in ("gcc", "clang") if shutil.which(name)]


def compile_c(compiler: str, source: Path, target: Path, include: Sequence[Path], define: Sequence[str], *, free: bool) -> None:
    """Compile one file in C99 with every warning an error; ``free`` for a program that has no library.

    Raises
    ------
    RuntimeError
        With what the compiler says.
    """
    call = [compiler, *STRICT, *(FREE if free else ()), *(f"-I{path}" for path in include), *(f"-D{word}" for word in define),
            "-c", str(source), "-o", str(target)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{compiler} does not compile {source.name}:\n{done.stderr[:4000]}")


def build(machine: GeneratedMachine, sources: Sequence[str], *, headers: dict[str, str] | None = None, compiler: str = "gcc",
          free: Sequence[str] = ()) -> Path:
    """Return an executable in which a program in C drives a machine, built or taken from the cache.

    Parameters
    ----------
    machine : GeneratedMachine
    sources : sequence of str
        Files of this folder in C.
    headers : dict
        Texts of headers that they include besides the machine's.
    compiler : str
        For C; Verilator's output is compiled by `sim.simulator.compiler`.
    free : sequence of str
        Those of the sources that have no library.
    """
    simulator.pick("verilator")
    texts = files(machine.manifest, ("header", "driver")) | dict(headers or {})
    read = [(HERE / name).read_text() for name in (*sources, "classify.h")]
    said = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout.partition("\n")[0]
    around, objects = _machine(machine)
    name = key("driver", around, said, *read, *texts, *texts.values(), *STRICT, *FREE, *free)

    def make(work: Path) -> list[Path]:
        for file, text in texts.items():
            (work / file).write_text(text)
        define = [f'DRIVER="{machine.name}_driver.h"', f"MAP={machine.manifest['design']}_map"]
        for source in sources:
            compile_c(compiler, HERE / source, work / f"{source}.o", [work, HERE], define, free=source in free)
        own = [f"{source}.o" for source in sources]
        call = [str(simulator.compiler()), "-o", "program", *own, *map(str, objects), "-pthread"]
        done = subprocess.run(call, cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{call[0]} does not link {machine.name}:\n{done.stderr[-4000:]}")
        return [work / "program"]

    return fetch(name, make) / "program"


def _machine(machine: GeneratedMachine) -> tuple[str, list[Path]]:
    """Return a name for a machine and its bench, and their object files, to which a program is linked; built once."""
    texts = {"nonzero.h": files(machine.manifest, ("driver",))["nonzero.h"], "others.h": _others(machine),
             "machine.v": machine.verilog, "bench.cpp": (HERE / "bench.cpp").read_text(),
             "none.cpp": "extern \"C\" int program(void *, const void *) { return 0; }\n"}
    name = key("driver machine", simulator.identity("verilator"), *texts.values(), *VERILATE, level(USUAL))

    def make(work: Path) -> list[Path]:
        for file, text in texts.items():
            (work / file).write_text(text)
        (work / "made").mkdir()
        lay_runtime(work / "made")
        _verilate(work, machine.name, [work / "bench.cpp", work / "none.cpp"], [f"-I{work}"])
        return [work / "made" / "bench.o", *sorted((work / "made").glob("verilated*.o")), work / "made" / "Vmachine__ALL.a"]

    folder = fetch(name, make)
    return name, [folder / "bench.o", *sorted(folder.glob("verilated*.o")), folder / "Vmachine__ALL.a"]


def _others(machine: GeneratedMachine) -> str:
    """Return the header by which the bench knows the streams into the machine that not every machine has."""
    found = [bus for bus, own in buses(machine.manifest) if is_stream(own) and bus.startswith("s_") and bus != "s_axis"]
    return f"#define OTHERS(FOR) {' '.join(f'FOR({bus})' for bus in found)}\n"


def _verilate(work: Path, top: str, sources: Sequence[Path], flags: Sequence[str]) -> None:
    call = ["verilator", *VERILATE, "--top-module", top, "-j", str(min(2, os.cpu_count() or 1)), "-CFLAGS",
            " ".join(["-std=c++17", *flags]), "machine.v", *map(str, sources)]
    with simulator.environment("verilator"):
        os.environ["MAKEFLAGS"] += f" VM_PARALLEL_BUILDS=0 OPT_FAST={level(USUAL)}"
        done = subprocess.run(call, cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"verilator does not build {top}:\n{(done.stdout + done.stderr)[-4000:]}")


def run(program: Path, data: bytes, *, idle: bool = False, stall: int = 0) -> tuple[int, bytes, str]:
    """Run an executable on its standard input; return exit code, standard output, and what it says.

    Parameters
    ----------
    idle : bool
        Sleep until the interrupt, rather than poll.
    stall : int
        Hold the streams back in about one cycle of so many; 0 never.
    """
    env = dict(os.environ) | ({"NZ_IDLE": "1"} if idle else {}) | ({"NZ_STALL": str(stall)} if stall else {})
    done = subprocess.run([program], input=data, capture_output=True, env=env, check=False)
    return done.returncode, done.stdout, done.stderr.decode()
