"""Crossbar and accumulator bank alone, at the sizes of the presets and at odd ones."""
import json

import pytest

from rtl.emit import Library
from rtl.scnn.accumulator import Bank
from rtl.scnn.crossbar import Crossbar
from sim.launch import launch

CROSSBARS = {                               # sizes, tests that must run, which
    "4": ({"multipliers": 4, "banks": 8, "depth": 16, "margin": 5, "entry_bits": 8, "product_bits": 32}, 18, None),
    "16": ({"multipliers": 16, "banks": 32, "depth": 16, "margin": 5, "entry_bits": 7, "product_bits": 32}, 18, None),
    "small": ({"multipliers": 2, "banks": 4, "depth": 8, "margin": 5, "entry_bits": 5, "product_bits": 24}, 13,
              "every_product|latency"),
}
BANKS = {"default": {"entries": 256, "product_bits": 32, "word_bits": 36},
         "paper": {"entries": 32, "product_bits": 24, "word_bits": 24}}


@pytest.mark.parametrize("name", CROSSBARS)
def test_crossbar(name, tmp_path):
    sizes, tests, only = CROSSBARS[name]
    library = Library()
    library.add(Crossbar(library, **sizes), module="crossbar")
    launch(sources=[library.verilog()], top="crossbar", module="sim.scnn.bench_crossbar", at_least=tests, folder=tmp_path,
           only=only, env={"SCNN_SIZES": json.dumps(sizes), "COCOTB_LOG_LEVEL": "WARNING"})


@pytest.mark.parametrize("name", BANKS)
def test_bank(name, tmp_path):
    library = Library()
    library.add(Bank(library, **BANKS[name]), module="bank")
    launch(sources=[library.verilog()], top="bank", module="sim.scnn.bench_accumulator", at_least=37, folder=tmp_path,
           env={"SCNN_SIZES": json.dumps(BANKS[name]), "COCOTB_LOG_LEVEL": "WARNING"})
