"""A machine for other people's projects: descriptions of it that their tools read, each written from its manifest alone."""

from collections.abc import Callable, Sequence
from typing import Any

from rtl.package import amaranth, driver, fusesoc, header, ipxact, litex, svd, systemrdl, template

Manifest = dict[str, Any]

PACKAGES: dict[str, tuple[str, Callable[[Manifest], dict[str, str]]]] = {
    "fusesoc": ("a FuseSoC core with targets lint and sim", fusesoc.files),
    "ipxact": ("an IP-XACT component, as of 2014 and of 2022", ipxact.files),
    "systemrdl": ("registers in SystemRDL 2.0", systemrdl.files),
    "svd": ("registers in CMSIS-SVD", svd.files),
    "header": ("registers as a C header", header.files),
    "driver": ("a driver in C for a program without an operating system", driver.files),
    "litex": ("a LiteX module with bus, interrupt and DMA", litex.files),
    "template": ("an instantiation in Verilog", template.files),
    "amaranth": ("a component for an Amaranth design", amaranth.files),
}
"""Name of each package -> what it is, and what returns the texts of its files by name."""

NEEDS = {"driver": ("header",), "litex": ("driver", "header")}
"""Packages that a package does not work without, and that are written with it."""

ALL, NONE = "all", "none"


def chosen(text: str) -> tuple[str, ...]:
    """Return the packages that a list with commas between names, those that they need too.

    Raises
    ------
    ValueError
        If a name is no package's, or one stands twice.
    """
    if text in (ALL, NONE):
        return tuple(PACKAGES) if text == ALL else ()
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in PACKAGES:
            raise ValueError(f"--package must be {ALL}, {NONE}, or one or more of {', '.join(PACKAGES)} with commas between, "
                             f"not {name!r}; leave it out for all")
    if repeated := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"--package must name each package once, not {min(repeated)} twice; drop one")
    wanted = {need for name in names for need in (name, *NEEDS.get(name, ()))}
    return tuple(name for name in PACKAGES if name in wanted)


def files(manifest: Manifest, names: Sequence[str] = tuple(PACKAGES)) -> dict[str, str]:
    """Return the text of each file of some packages of a machine, by name."""
    made: dict[str, str] = {}
    for name in names:
        made |= PACKAGES[name][1](manifest)
    return made
