"""Netlists with many small faults, and which of them benches notice: what the benches are worth.

Yosys puts the faults into the flattened netlist of a design; the input ``mutsel`` chooses one of them, and 0 chooses none. One
simulation then runs the tests of every bench on every fault (`sim.bench_mutants`), until a test fails on it. A fault that no
test notices is compared with the original by a proof; one that is proved equivalent cannot be noticed by anyone.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.equivalence import Frame, equivalent, yosys
from sim.launch import launch

SELECT, SELECT_BITS = "mutsel", 10
MOST = (1 << SELECT_BITS) - 1
READ = ("read_verilog design.v; hierarchy -check -top {top}; proc -norom; flatten; opt -full; wreduce; opt -full; "
        "memory_collect; opt_clean -purge; write_rtlil plain.il")


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
    """How many faults were tried, and those that no test noticed, without and with a proof of equivalence.

    ``different`` are those of ``alive`` of which a proof found that something may come in that tells them.
    """

    tried: int
    alive: tuple[Mutant, ...]
    equivalent: tuple[Mutant, ...]
    different: tuple[Mutant, ...] = ()

    @property
    def share(self) -> float:
        """Share noticed of the faults that are not proved equivalent."""
        real = self.tried - len(self.equivalent)
        return (real - len(self.alive)) / real

    def __str__(self) -> str:
        """Return the counts, and a line for each fault that is alive."""
        head = (f"{self.tried - len(self.alive) - len(self.equivalent)} noticed, {len(self.equivalent)} proved equivalent, "
                f"{len(self.alive)} alive of {self.tried}: {100 * self.share:.1f} %")
        return "\n".join([head, *(f"  alive{' and different' * (mutant in self.different)} {mutant}" for mutant in self.alive),
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
    trials = {"benches": benches, "mutants": chosen}
    (folder / "trials.json").write_text(json.dumps(trials))
    passed = folder / "passed.json"
    passed.unlink(missing_ok=True)
    launch(sources=[text], top=top, module="sim.bench_mutants", at_least=1, folder=folder / "run", log=folder / "log",
           env={**env, "MUTANTS": folder, "COCOTB_LOG_LEVEL": "ERROR"}, may_fail=True,
           build_args=("--no-assert",))         # a fault may make two choices of a parallel case true at once
    quiet = set(json.loads(passed.read_text()))
    if 0 not in quiet:
        raise AssertionError(f"every test must pass without a fault; see {folder / 'log'}")
    return judge(folder, mutants, quiet, top=top, frame=frame or Frame())


def judge(folder: Path, mutants: Sequence[Mutant], quiet: Collection[int], *, top: str, frame: Frame, seconds: int = 60,
          ) -> Verdict:
    """Return the verdict on faults of which ``quiet`` are those that no test noticed, after a try to prove them equivalent."""
    alive = [mutant for mutant in mutants if mutant.number in quiet]
    same = {mutant: equivalent(folder, mutant.command, top, frame, seconds=seconds) for mutant in alive}
    return Verdict(tried=len(mutants), alive=tuple(mutant for mutant in alive if not same[mutant]),
                   equivalent=tuple(mutant for mutant in alive if same[mutant]),
                   different=tuple(mutant for mutant in alive if same[mutant] is False))
