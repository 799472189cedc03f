"""The array behind its bus, without the harness: cocotbext-axi on every port."""
import json
from dataclasses import asdict

import numpy as np

from compress.eie.stream import activation_packet, image_packets
from golden.eie import Counters
from rtl.eie import generate
from sim.eie import cases
from sim.launch import launch
from spec.eie import preset

SPEC = preset("default", pes=3, slots=16, entries=256, columns=64, layers=4, queue_depth=6, broadcast_latency=2)


def test_bus(tmp_path):
    found = cases.network(SPEC, np.random.default_rng(4), (10, 13, 9, 8), density=0.4)
    built, golden = generate(SPEC), found.golden
    talk = {
        "spec": asdict(SPEC), "registers": built.manifest["registers"], "layers": len(found.image.layers),
        "image": [packet.tolist() for packet in image_packets(found.image)],
        "vectors": [activation_packet(vector, SPEC).tolist() for vector in golden.inputs],
        "outputs": golden.values[-1].tolist(), "counters": [asdict(sum(each, Counters())) for each in golden.counters],
        "saturated": [bool(any(flags[number] for flags in golden.saturated)) for number in range(len(golden.inputs))]}
    (tmp_path / "talk.json").write_text(json.dumps(talk))
    launch(sources=[built.verilog], top=built.name, module="sim.eie.bench_bus", at_least=23, folder=tmp_path / "run",
           env={"EIE_BUS": tmp_path, "COCOTB_LOG_LEVEL": "WARNING"})
