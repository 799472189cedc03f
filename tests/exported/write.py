"""Export the modules again: `python -m tests.exported.write FOLDER`; the files are of torch 2.13.0, onnxscript 0.7.2."""
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch

from tests.exported.modules import MODULES, made

EXPORTERS = ("script", "dynamo")


def export(module, x, path, exporter):
    """Write a module as ONNX, by torch's older or its newer exporter, the batch left open."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if exporter == "dynamo":
            torch.onnx.export(module, (x,), dynamo=True, dynamic_shapes=({0: torch.export.Dim("N")},), verbose=False).save(path)
        else:
            torch.onnx.export(module, (x,), path, dynamo=False, input_names=["input"], output_names=["output"],
                              dynamic_axes={"input": {0: "N"}, "output": {0: "N"}})


def without_places(path):
    """Take away what an exporter notes of the files that a module's text is in; nothing else changes."""
    proto = onnx.load(path)
    for part in (proto, proto.graph, *proto.graph.node, *proto.graph.input, *proto.graph.output, *proto.graph.value_info,
                 *proto.graph.initializer):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    onnx.save(proto, path)


def main(folder):
    arrays = {}
    for name in MODULES:
        torch.manual_seed(len(name))
        module, shape = made(name)
        x = torch.rand(4, *shape)
        with torch.no_grad():
            arrays |= {f"{name}.inputs": x.numpy(), f"{name}.answers": module(x).numpy()}
        for exporter in EXPORTERS:
            path = str(folder / f"{name}_{exporter}.onnx")
            export(module, x[:2], path, exporter)
            without_places(path)
    np.savez_compressed(folder / "answers.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
