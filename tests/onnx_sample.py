"""Small ONNX networks made by hand, and what onnxruntime answers for them."""
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def model(nodes, weights, shape, *, opset=17, kind=FLOAT, outputs=("y",), sparse=(), ir=8):
    """A network of one input ``x``; ``weights`` are initializers by name."""
    graph = helper.make_graph(
        nodes, "sample", [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()])
    for value in graph.output:
        value.type.tensor_type.shape.dim.add().dim_param = "?"
        del value.type.tensor_type.shape.dim[:]
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = ir
    return made


def node(operator, inputs, output="y", **attributes):
    return helper.make_node(operator, inputs, [output] if isinstance(output, str) else output, **attributes)


def ask(proto, x, *, plain=False):
    """What onnxruntime answers; the first output. With ``plain`` it runs the nodes as they are: its changes are not exact."""
    if not isinstance(proto, str):
        proto = onnx.ModelProto.FromString(proto.SerializeToString())
        for value in proto.graph.output:
            value.type.tensor_type.ClearField("shape")
        proto = proto.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    if plain:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(proto, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]
