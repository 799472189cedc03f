"""One page a machine: ports, packets, memories, registers, from the manifest of its default build."""

import functools
from typing import Any

from rtl.document import markdown
from rtl.generated import GeneratedMachine
from rtl.machine import generate
from spec.machines import MACHINES, specification

SMALL: dict[str, dict[str, Any]] = {"eie": {"pes": 8}, "scnn": {"rows": 2, "cols": 2}}
"""What a machine is built with here beside its default preset: registers and blocks are those of the large one."""


def names() -> tuple[str, ...]:
    """Return the machines that have a page."""
    return MACHINES


def address(name: str) -> str:
    """Return the page's place in the site."""
    return f"reference/{name}.md"


@functools.cache
def built(name: str) -> GeneratedMachine:
    """Return a machine of the default preset, built once a process."""
    return generate(name, specification(name).preset("default", **SMALL.get(name, {})))


def page(name: str) -> str:
    """Return the page of a machine, or refuse a register or field that is not explained."""
    manifest = built(name).manifest
    if lacks := undocumented(manifest):
        raise ValueError(f"every register and field must be explained, and these of {name} are not: {', '.join(lacks)}")
    _, _, rest = markdown(manifest).partition("\n")
    return (f"# What are the registers, packets and ports of the {name} machine?\n\nFrom the manifest of `{manifest['name']}`; "
            f"`rtl.build` writes this page for every machine it builds.\n{rest}")


def undocumented(manifest: dict[str, Any]) -> list[str]:
    """Return the registers, fields and memories of a manifest that have no text."""
    found = [memory["name"] for memory in manifest["memories"] if not memory["doc"].strip()]
    for register in manifest["registers"]:
        found += [register["name"]] if not register["doc"].strip() else []
        found += [f"{register['name']}.{field['name']}" for field in register["fields"] if not field["doc"].strip()]
    return found
