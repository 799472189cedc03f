"""Every command of docs/soc.md runs as it is written, in an empty folder, one after another."""
import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from sim import simulator

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "soc.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.mark.full
@pytest.mark.skipif(not shutil.which("iverilog"), reason="Icarus is not installed: apt-get install iverilog")
def test_every_command_of_the_page_runs(tmp_path):
    scripts = sysconfig.get_path("scripts")
    for line in COMMANDS:
        with simulator.environment("verilator"):
            env = os.environ | {"PYTHONPATH": str(ROOT), "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
            done = subprocess.run(line, shell=True, cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}"
    made = {path.name for path in tmp_path.iterdir()} | {path.name for path in (tmp_path / "build" / "eie_4").iterdir()}
    assert {"net.h", "digits.npz", "pages", "eie_4.v", "eie_4_driver.h"} <= made
    files = set(re.findall(r"`NAME([._]\w+(?:\.\w+)?)`", PAGE))
    assert {f"eie_4{end}" for end in files} <= made, "the table names files that are written"
