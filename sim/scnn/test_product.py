"""Multiplier array alone, with every width of the product shift."""

import json

import pytest

from rtl.emit import Library
from rtl.scnn.product import ProductArray
from sim.launch import launch
from spec.scnn.shape import preset


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_products_are_rounded(bits, tmp_path):
    sizes = {"f": 2, "i": 2, "acc_bits": 24, "product_shift_bits": bits}
    library = Library()
    library.add(ProductArray(preset("ecp5", **sizes), library), module="products")
    launch(sources=[library.verilog()], top="products", module="sim.scnn.bench_product", at_least=1 << bits, folder=tmp_path,
           env={"SCNN_SIZES": json.dumps(sizes), "COCOTB_LOG_LEVEL": "WARNING"})
