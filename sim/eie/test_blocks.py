"""Each block of the array alone: values against a small model, latency and throughput as numbers, pauses crossed."""
import functools

import pytest

from sim.eie import blocks
from sim.launch import launch

BENCHES = {"front": 21, "words": 23, "elastic": 16, "back": 18, "scan": 64, "load": 30, "control": 27}


@functools.cache
def text(name):
    return blocks.verilog(blocks.SPECS[name])


@pytest.mark.parametrize("bench", BENCHES)
@pytest.mark.parametrize("name", blocks.SPECS)
def test_blocks(name, bench, tmp_path):
    launch(sources=[text(name)], top=blocks.TOP, module=f"sim.eie.bench_{bench}", at_least=BENCHES[bench], folder=tmp_path,
           env={"EIE_SPEC": blocks.to_text(blocks.SPECS[name]), "COCOTB_LOG_LEVEL": "WARNING"})
