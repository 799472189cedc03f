"""One node test of the `onnx` package: read and run in floating point, and in the whole numbers of an EIE or SCNN."""

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from compress.eie.assemble import assemble
from compress.eie.integer import quantise, run
from compress.eie.scale import scale
from compress.frontend import onnx as frontend
from compress.frontend.chain import chain
from compress.frontend.execute import output
from compress.frontend.graph import Dense, Network
from compress.network import importance
from compress.scnn.lower import attempt
from compress.scnn.suit import suited
from compress.scnn.whole import quantise as convolved
from compress.share import share
from spec import scnn
from spec.eie import preset

SCNN = scnn.preset()
OTHERS = ("Constant", "Softmax", "LogSoftmax", "Sigmoid")
LARGE = 3000        # elements of an answer after which no dense layer is put
FLOAT_ERROR = {"rtol": 1e-3, "atol": 1e-5}
BFLOAT_ERROR = {"rtol": 2.0 ** -8, "atol": 1e-5}
WHOLE_ERROR = 0.02
"""Rms error of whole numbers of 16 bits and codebooks of 8, over the size of the answer."""


def tests() -> Iterator[Any]:
    """Yield the node tests of the operators that the front end maps or leaves to the host."""
    from onnx.backend.test.loader import load_model_tests

    known = {*frontend.OPERATORS, *OTHERS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = load_model_tests(kind="node")
    for test in found:
        if {node.op_type for node in test.model.graph.node} <= known:
            yield test


def outcome(test: Any) -> dict[str, Any]:
    """Return what became of a test: ``equal``, ``host``, ``refused`` by name, or ``wrong``.

    A test gives all values as inputs. Each of the first two is tried as the input, the others as weights; where nothing but a
    relabelling is left, a dense layer that passes on its inputs is added at the end.
    """
    reasons = []
    for number in range(min(2, len(test.model.graph.input))):
        for behind in (False, True):
            try:
                network, wanted, x = _read(test, number, behind)
            except (ValueError, TypeError) as error:
                reasons.append(str(error))
                continue
            return {"name": test.name} | _compared(test, network, wanted, x)
    if not reasons:
        return {"name": test.name, "outcome": "refused", "why": "the network must have an input, not none"}
    named = [reason for reason in reasons if "must have a layer" not in reason] or reasons
    return {"name": test.name, "outcome": "refused", "why": named[0]}


def _read(test: Any, number: int, behind: bool) -> tuple[Network, np.ndarray, np.ndarray]:
    inputs, outputs = test.data_sets[0]
    wanted, x = (_array(value) for value in (outputs[0], inputs[number]))
    proto = onnx.ModelProto()
    proto.CopyFrom(test.model)
    for k, (value, given) in enumerate(zip(proto.graph.input, inputs, strict=False)):
        if k != number:
            tensor = onnx.TensorProto()
            tensor.CopyFrom(given if isinstance(given, onnx.TensorProto) else numpy_helper.from_array(np.asarray(given)))
            tensor.name = value.name
            proto.graph.initializer.append(tensor)
    finite = np.isfinite(x)                             # a cast is tried with infinities; a machine has none
    x, wanted = np.where(finite, x, 0), np.where(finite, wanted, 0) if wanted.shape == x.shape else wanted
    return frontend.from_model(_followed(proto, wanted.shape) if behind else proto, test.name), wanted, x


def _array(value: Any) -> np.ndarray:
    if isinstance(value, list | dict) or value is None:
        raise ValueError("values must be tensors, not sequences")
    found = numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else np.asarray(value)
    return found.astype(np.float64)


def _followed(proto: Any, shape: tuple[int, ...]) -> Any:
    """Return a network with a dense layer after its output that passes on each element."""
    batch, size = (shape[0], math.prod(shape[1:])) if len(shape) > 1 else (1, math.prod(shape))
    if size > LARGE:
        raise ValueError("answers must be small, to be passed on by a dense layer")
    graph = proto.graph
    graph.initializer.append(numpy_helper.from_array(np.array([batch, size]), "passed shape"))
    graph.initializer.append(numpy_helper.from_array(np.eye(size, dtype=np.float32), "passed weight"))
    graph.node.append(helper.make_node("Cast", [graph.output[0].name], ["passed float"], to=onnx.TensorProto.FLOAT))
    graph.node.append(helper.make_node("Reshape", ["passed float", "passed shape"], ["passed flat"]))
    graph.node.append(helper.make_node("MatMul", ["passed flat", "passed weight"], ["passed"]))
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("passed", onnx.TensorProto.FLOAT, None))
    return proto


def _compared(test: Any, network: Network, wanted: np.ndarray, x: np.ndarray) -> dict[str, Any]:
    samples = x.reshape(-1, *network.shape)
    found = output(network, samples)
    if network.host:
        return {"outcome": "host", "why": ", ".join(network.host)}
    near = BFLOAT_ERROR if "BFLOAT16" in test.name else FLOAT_ERROR
    if found.size != wanted.size or not np.allclose(found.ravel(), wanted.ravel(), **near):
        return {"outcome": "wrong", "why": f"shapes {found.shape}, {wanted.shape}"}
    if all(isinstance(layer, Dense) for layer in network.layers):
        machine, error = "eie", _whole(network, samples, found)
    else:
        network = suited(network)
        lowered, lost = attempt(network)
        if lowered is None:
            return {"outcome": "equal", "on": "floats", "why": str(lost[0])}
        answers = convolved(SCNN, network, lowered, samples).outputs
        machine, error = "scnn", _share(answers - found.reshape(len(samples), -1), found)
    return {"outcome": "equal" if error <= WHOLE_ERROR else "wrong", "on": machine, "error": error}


def _whole(network: Network, samples: np.ndarray, wanted: np.ndarray) -> float:
    """Return the error of the image that the network becomes, whose integers golden and the Verilog compute."""
    spec = preset("default", pes=4, slots=1024, columns=1 << 16, entries=1 << 20, codebook_bits=8, codebooks=16)
    layers, flat = chain(network, spec, network.name), samples.reshape(len(samples), -1)
    flat = flat if network.bounds is None else np.clip(flat, *network.bounds)
    shared = share([layer.weight for layer in layers], bits=8, codebooks=16, importance=importance(layers, flat),
                   given=[layer.given for layer in layers])
    quantised = scale(layers, shared, spec, flat)
    assemble(quantised.layers, quantised.codebooks, spec, input_scale=quantised.input_scale,
             output_scale=quantised.output_scale)
    whole, _ = quantise(flat, quantised.input_scale, spec.act_bits)
    answers = run(quantised.layers, quantised.codebooks, whole, spec) * quantised.output_scale
    return _share(answers - wanted, wanted)


def _share(error: np.ndarray, wanted: np.ndarray) -> float:
    """Return the size of an error, as a share of that of an answer."""
    return float(np.sqrt(np.mean(error ** 2))) / (float(np.sqrt(np.mean(wanted ** 2))) or 1.0)
