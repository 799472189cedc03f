"""What must be true of a netlist before its figures mean anything."""

import re
from typing import Any

BROKEN = (
    (re.compile(r"[Dd]river-driver conflict"), "two cells drive one wire, and Yosys took one of them away"),
    (re.compile(r"multiple conflicting drivers"), "a wire has more than one driver"),
    (re.compile(r"Latch inferred for signal|Creating.*latch|\$_?DLATCH"), "a latch was made of a signal not always set"),
    (re.compile(r"found logic loop|combinational loop", re.IGNORECASE), "logic feeds back on itself"),
    (re.compile(r"is used but has no driver"), "a wire that is read has no driver"),
)
"""What tools say of broken logic, and what it means; the first is how the iCE40 two-register case shows itself."""

HARMLESS = re.compile(r"Lexer warning|in memory map|No PCF|IO constraints|Resizing cell port|unconstrained IO|"
                      r"Max frequency for clock|not fixed in|keeping the first|warnings?, \d+ errors?|"
                      r"unmapped internal cell of type \$scopeinfo", re.IGNORECASE)
"""Warnings of every design, which say nothing of this one; a cell ``$scopeinfo`` is a name of a module that was dissolved."""

TAKEN_APART = re.compile(r"Mapping memory (\S+) in module (\S+):\n\s*created (\d+) \$dff cells"
                         r" and \d+ static cells of width (\d+)")
WITHOUT_LUT_RAM = ("ice40",)
LEAST_BITS = 256        # a smaller memory may be cheaper in flip-flops
PATTERN = re.compile(r"^\s*(?:\S+:\d+: )?Warning: (.*)$", re.MULTILINE)


class BrokenLogic(ValueError):
    """The tools made a netlist that is not the design."""


def warnings(*logs: str) -> list[str]:
    """Return the warnings of the logs that matter to a reader, each once, in order."""
    found = dict.fromkeys(line.strip() for log in logs for line in PATTERN.findall(log))
    return [line for line in found if not HARMLESS.search(line)]


def logic(log: str, *, design: str) -> None:
    """Refuse a design whose log says that its logic is broken.

    Raises
    ------
    BrokenLogic
        With the tool's line and its meaning.
    """
    for line in log.splitlines():
        if "arning" not in line and "ERROR" not in line and "Latch inferred" not in line:
            continue
        for pattern, meaning in BROKEN:
            if pattern.search(line):
                raise BrokenLogic(f"the netlist of {design} must be its logic, and it is not: {meaning}; "
                                  f"the tool says \"{line.strip()}\"")


def expected(survey: dict[str, Any], top: str) -> dict[str, int]:
    """Return how many block memories and multipliers a design names, from Yosys's first look at it.

    Every call of a technology cell with a block memory in it must leave at least one block, every multiplier one.
    """
    modules = {name.removeprefix("\\"): data["num_cells_by_type"] for name, data in survey["modules"].items()}
    found = {"nz_ram": 0, "nz_ram_dual": 0, "nz_mult": 0}

    def visit(name: str, times: int) -> None:
        for kind, count in modules.get(name, {}).items():
            cell = next((cell for cell in found if re.search(rf"(^|\\){cell}(\\|$)", kind)), None)
            if cell:
                found[cell] += count * times
            elif kind in modules:
                visit(kind, count * times)

    visit(top, 1)
    return found


def memories(log: str, *, family: str) -> list[str]:
    """Return notes on small memories in flip-flops, and refuse a larger one or one that names block RAM.

    A part without LUT RAM may keep register files in flip-flops, by a technology cell whose memory is named
    ``regfile``; that is noted.

    Raises
    ------
    BrokenLogic
        With the memory's name and its flip-flops.
    """
    notes = []
    for name, module, words, width in TAKEN_APART.findall(log):
        bits = int(words) * int(width)
        if "$auto$proc_rom" in name or not bits:            # a table of constants: its flip-flops fold away
            continue
        where = f"{module.removeprefix(chr(92))}.{name.removeprefix(chr(92))}"
        excused = family in WITHOUT_LUT_RAM and where.endswith(".regfile")
        if bits >= LEAST_BITS and not excused:
            raise BrokenLogic(f"memory {where} must be in block or LUT RAM, not in {bits} flip-flops; "
                              f"give its ports a form that {family} has, or use a technology cell")
        notes.append(f"memory {where} is in {bits} flip-flops")
    return notes


def blocks(wanted: dict[str, int], found: dict[str, int], *, design: str, has: dict[str, int]) -> None:
    """Refuse a netlist with fewer block memories or multipliers than the design names technology cells.

    Parameters
    ----------
    wanted : dict
        From ``expected``.
    found, has : dict
        Cells of the netlist and of the part, by ``dsp`` and ``bram``; what the part lacks is not asked for.
    """
    named = {"bram": wanted["nz_ram"] + wanted["nz_ram_dual"], "dsp": wanted["nz_mult"]}
    for figure, what in (("bram", "block memories"), ("dsp", "multipliers")):
        if has[figure] and found[figure] < named[figure]:
            raise BrokenLogic(f"the netlist of {design} must hold at least {named[figure]} {what}, one for each "
                              f"technology cell, not {found[figure]}; the rest was optimised away or became logic")
