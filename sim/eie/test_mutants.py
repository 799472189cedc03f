"""Faults in the blocks of a PE: the benches of the blocks must notice them."""
import pytest

from sim.eie import blocks
from sim.eie.mutants import mutate
from sim.launch import launch

COUNT = 60
LEAST = 0.8         # share that must be noticed; some faults change nothing, such as bits that no one reads
TESTS = {                                   # the bench of a block, and its tests there
    "pointer": ("front", "pointers"), "queue": ("front", "queue"), "spmat": ("words", "words_are|a_word|biases|hold"),
    "picker": ("words", "every_marked"), "arithmetic": ("back", "sums"), "requantiser": ("back", "every_shift"),
    "actrw": ("back", "outputs"),
}


@pytest.mark.full
@pytest.mark.parametrize("name", ["default", "paper"])
def test_faults_are_noticed(name, tmp_path):
    spec = blocks.SPECS[name]
    text, mutants = mutate(blocks.verilog(spec, TESTS), top=blocks.TOP, count=COUNT)
    assert len(mutants) > COUNT // 2 and {mutant.block for mutant in mutants} <= set(TESTS)

    def notices(block, number):
        bench, tests = TESTS[block]
        try:
            launch(sources=[text], top=blocks.TOP, module=f"sim.eie.bench_{bench}", at_least=1, only=tests,
                   folder=tmp_path / "run", log=tmp_path / "log",
                   env={"EIE_SPEC": blocks.to_text(spec), "EIE_MUTANT": number, "COCOTB_MAX_FAILURES": 1})
        except (AssertionError, RuntimeError):                  # a test fails, and the simulator may be stopped for it
            return True
        return False

    assert not any(notices(block, 0) for block in TESTS), "without a fault every bench must pass"
    alive = []
    for mutant in mutants:
        if not notices(mutant.block, mutant.number):
            alive.append(mutant)
            print(f"alive: {mutant}", flush=True)
    noticed = len(mutants) - len(alive)
    print(f"{name}: {noticed} of {len(mutants)} noticed")
    assert noticed >= LEAST * len(mutants), f"{noticed} of {len(mutants)} noticed, but not {alive}"
