"""Crossbar and accumulator bank alone, at the sizes of the presets and at odd ones."""
import json

import pytest

from rtl.emit import Library
from rtl.scnn.accumulator import Bank
from rtl.scnn.crossbar import Crossbar
from sim.launch import launch

CROSSBARS = {                               # sizes, tests that must run, which
    "4": ({"multipliers": 4, "banks": 8, "depth": 16, "margin": 5, "entry_bits": 8, "product_bits": 32}, 27, None),
    "16": ({"multipliers": 16, "banks": 32, "depth": 32, "margin": 5, "entry_bits": 8, "product_bits": 32}, 17,
           "every_product|latency|own_banks|layer=conv(1_1|2_1|3_3)"),
    "stages": ({"multipliers": 16, "banks": 32, "depth": 16, "margin": 6, "entry_bits": 8, "product_bits": 32, "stages": 2}, 17,
               "every_product|latency|own_banks|layer=conv(1_1|2_1|3_3)"),
    "stages_lean": ({"multipliers": 16, "banks": 32, "depth": 16, "margin": 6, "entry_bits": 8, "product_bits": 28, "stages": 2,
                     "blocks": True}, 13, "every_product|latency|own_banks"),
    "small": ({"multipliers": 2, "banks": 4, "depth": 8, "margin": 5, "entry_bits": 5, "product_bits": 24}, 13,
              "every_product|latency"),
}
BANKS = {"default": {"entries": 256, "product_bits": 32, "word_bits": 36},
         "paper": {"entries": 32, "product_bits": 24, "word_bits": 24},
         "lean": {"entries": 64, "product_bits": 32, "word_bits": 36, "lean": True}}


@pytest.mark.parametrize("name", CROSSBARS)
def test_crossbar(name, tmp_path):
    run(*CROSSBARS[name], tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("name", ["16", "stages"])
def test_every_layer_of_vgg(name, tmp_path):
    run(CROSSBARS[name][0], 13, "a_layer_of_vgg", tmp_path)


def run(sizes, tests, only, tmp_path):
    """Run the tests whose names match ``only`` on a crossbar of some sizes."""
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
