"""Inside the simulator: the tests of other benches, on every fault of a netlist in turn (see `sim.mutants`).

The tests run first without a fault, which tells how long each takes; with a fault, a test that takes over twice as long has
noticed it, and so has one that fails. The remaining tests of a fault that was noticed do nothing.
"""

import importlib
import json
import os
import re
from pathlib import Path
from zlib import crc32

import cocotb
from cocotb.regression import Test, TestGenerator
from cocotb.simtime import get_sim_time
from cocotb.triggers import with_timeout

FOLDER = Path(os.environ["MUTANTS"])
TRIALS = json.loads((FOLDER / "trials.json").read_text())
SLACK = 5_000       # ns beyond twice a test's time without a fault

_begun: dict[int, int] = {}
_passed: dict[int, int] = {}
_took: dict[str, float] = {}


def tests_of(block):
    """Return the tests that are for a block."""
    found = []
    for name, wanted in TRIALS["benches"][block]:
        module = importlib.import_module(name)
        for item in vars(module).values():
            if isinstance(item, TestGenerator) and item.module == name:
                found += [test for test in item.generate_tests() if re.search(wanted, test.name)]
    return found


def on_fault(number, test):
    """Return a test that runs another on a fault."""
    async def run(dut):
        if _begun.get(number, 0) != _passed.get(number, 0):     # noticed already
            return
        _begun[number] = _begun.get(number, 0) + 1
        dut.mutsel.value = number
        cocotb.RANDOM_SEED = crc32(test.fullname.encode())      # the same stimulus for every fault
        start = round(get_sim_time("ns"))
        work = test.func(dut, *test.args, **test.kwargs)
        await (with_timeout(work, 2 * _took[test.fullname] + SLACK, "ns") if number else work)
        _took.setdefault(test.fullname, round(get_sim_time("ns")) - start)
        _passed[number] = _passed.get(number, 0) + 1

    return Test(func=run, args=(), kwargs={}, name=f"{number}/{test.name}", module=__name__, doc=None, timeout=test.timeout,
                expect_fail=False, expect_error=(), skip=False, stage=number)


@cocotb.test(stage=1_000_000)
async def write_what_passed(dut):
    """Write the numbers of the faults on which every test passed."""
    passed = [number for number in _begun if _begun[number] == _passed.get(number, 0)]
    (FOLDER / "passed.json").write_text(json.dumps(passed))


for _number, _block in [[0, ""]] + TRIALS["mutants"]:
    for _at, _test in enumerate(tests_of(_block)):
        globals()[f"fault_{_number}_{_block}_{_at}"] = on_fault(_number, _test)
