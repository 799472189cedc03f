"""Small convolutional ONNX networks made by hand, and their images for the SCNN array."""

import numpy as np

from tests.onnx_sample import model, node

RANDOM = np.random.default_rng(21)


def normal(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def norm(channels):
    return {"scale": abs(normal(channels)) + 0.5, "shift": normal(channels), "mean": normal(channels),
            "var": abs(normal(channels)) + 0.1}


SAME = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}
NORM = ["scale", "shift", "mean", "var"]
FIRST = node("Conv", ["x", "k", "b"], "a", **SAME)
K, B, L, C = normal(6, 3, 3, 3), normal(6), normal(6, 6, 3, 3), normal(5)
FLAT = node("Flatten", ["p"], "f")


def network(nodes, shape=("N", 3, 8, 10), **weights):
    return model(nodes, {"k": K, "b": B} | weights, list(shape))


NETWORKS = {
    "a constant for each place": network([node("Mul", ["x", "p"], "m"), node("Add", ["m", "q"], "n"),
                                          node("Conv", ["n", "k"], **SAME)], p=normal(3, 8, 10), q=normal(3, 8, 10)),
    "reshaped between convolutions": network([FIRST, node("Relu", ["a"], "r"), node("Reshape", ["r", "s"], "t"),
                                              node("Conv", ["t", "l"], **SAME)], l=normal(2, 12, 3, 3),
                                             s=np.array([0, 12, 4, 10])),
    "rows and columns exchanged": network([FIRST, node("Transpose", ["a"], "t", perm=[0, 1, 3, 2]), node("Conv", ["t", "l"])],
                                          l=normal(2, 6, 1, 1)),
    "means of unequal windows": network([FIRST, node("Relu", ["a"], "r"),
                                         node("AveragePool", ["r"], "p", kernel_shape=[3, 3], strides=[2, 2],
                                              pads=[1, 1, 0, 0], ceil_mode=1), node("Conv", ["p", "l"])],
                                        l=normal(4, 6, 1, 1)),
    "a dense layer, its outputs as planes": network([node("Flatten", ["x"], "f"), node("MatMul", ["f", "w"], "m"),
                                                     node("Relu", ["m"], "r"), node("Reshape", ["r", "s"], "t"),
                                                     node("Conv", ["t", "l"], "c", **SAME), node("Add", ["c", "t"])],
                                                    w=normal(240, 72) / 15, s=np.array([0, 3, 4, 6]), l=normal(3, 3, 3, 3)),
    "one dimension, the input added": network([node("Conv", ["x", "c"], "a", pads=[1, 1]), node("Add", ["a", "x"], "s"),
                                               node("Relu", ["s"], "t"), node("Add", ["t", "x"])], ("N", 3, 9),
                                              c=normal(3, 3, 3)),
    "maxima of five around each place": network([FIRST, node("MaxPool", ["a"], "p", kernel_shape=[5, 5], pads=[2, 2, 2, 2]),
                                                 node("MaxPool", ["p"], kernel_shape=[4, 3], pads=[3, 0, 3, 2],
                                                      strides=[2, 1])]),
    "means of five around each place": network([FIRST, node("AveragePool", ["a"], "p", kernel_shape=[5, 3], pads=[2, 2, 2, 2],
                                                            count_include_pad=1), node("Relu", ["p"])]),
    "parts of channels": network([FIRST, node("Split", ["a", "sizes"], ["p", "q"], axis=1), node("Relu", ["p"], "r"),
                                  node("Conv", ["r", "l"], "e"), node("Neg", ["q"], "n"), node("Conv", ["n", "m"], "g"),
                                  node("Sub", ["e", "g"])], sizes=np.array([4, 2]), l=normal(3, 4, 1, 1), m=normal(3, 2, 1, 1)),
    "part of a plane": network([FIRST, node("Slice", ["a", "from", "to", "axes", "steps"], "p"), node("Conv", ["p", "l"])],
                               l=normal(3, 5, 1, 1), to=np.array([6, -1, 9]), axes=np.array([1, 2, 3]),
                               steps=np.array([1, 1, 3]), **{"from": np.array([1, 2, -9])}),
    "largest of the plane": network([FIRST, node("ReduceMax", ["a"], "p", axes=[2, 3], keepdims=0), node("MatMul", ["p", "w"])],
                                    w=normal(6, 4)),
    "patches of 16 x 16": network([node("Conv", ["x", "l"], "a", strides=[16, 16]), node("Relu", ["a"])], ("N", 2, 33, 32),
                                  l=normal(5, 2, 16, 16)),
    "conv, bias, relu": network([FIRST, node("Relu", ["a"])]),
    "pads on each side, unequal strides": network([node("Conv", ["x", "k"], kernel_shape=[3, 3], pads=[0, 2, 1, 0],
                                                        strides=[2, 3])]),
    "same upper, stride 2": network([node("Conv", ["x", "k", "b"], "a", auto_pad="SAME_UPPER", strides=[2, 2]),
                                     node("Relu", ["a"])]),
    "groups": network([FIRST, node("Relu", ["a"], "r"), node("Conv", ["r", "l"], group=2, **SAME)], l=normal(4, 3, 3, 3)),
    "depthwise and 1 x 1": network([FIRST, node("Relu", ["a"], "r"), node("Conv", ["r", "d"], "e", group=6, **SAME),
                                    node("Conv", ["e", "l"])], d=normal(6, 1, 3, 3), l=normal(5, 6, 1, 1)),
    "batch norm after": network([FIRST, node("BatchNormalization", ["a", *NORM], "n"), node("Relu", ["n"])], **norm(6)),
    "batch norm before": network([FIRST, node("Relu", ["a"], "r"), node("BatchNormalization", ["r", *NORM], "n"),
                                  node("Conv", ["n", "l"], **SAME)], l=L, **norm(6)),
    "relu6": network([FIRST, node("Clip", ["a", "low", "high"], "r"), node("Conv", ["r", "l"], **SAME)], l=L,
                     low=np.float32(0), high=np.float32(2)),
    "max pool": network([FIRST, node("Relu", ["a"], "r"), node("MaxPool", ["r"], kernel_shape=[2, 2], strides=[2, 2])]),
    "max pool without relu": network([FIRST, node("MaxPool", ["a"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])]),
    "max pool, ceil": network([FIRST, node("MaxPool", ["a"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)],
                              shape=("N", 3, 8, 8)),
    "max pool, same upper": network([FIRST, node("MaxPool", ["a"], kernel_shape=[2, 2], auto_pad="SAME_UPPER")]),
    "max pool of the input": network([node("MaxPool", ["x"], kernel_shape=[2, 2], strides=[2, 2])]),
    "average pool": network([FIRST, node("AveragePool", ["a"], "p", kernel_shape=[2, 2], strides=[2, 2]), node("Relu", ["p"])]),
    "average pool after relu": network([FIRST, node("Relu", ["a"], "r"),
                                         node("AveragePool", ["r"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
                                              count_include_pad=1)]),
    "average pool with padding after a bias": network([FIRST, node("AveragePool", ["a"], kernel_shape=[3, 3], strides=[2, 2],
                                                                  pads=[1, 1, 1, 1], count_include_pad=1)], b=5 * B),
    "global average and dense": network([FIRST, node("Relu", ["a"], "r"), node("GlobalAveragePool", ["r"], "p"), FLAT,
                                         node("Gemm", ["f", "w", "c"])], w=normal(6, 5), c=C),
    "flatten and dense": network([FIRST, node("Relu", ["a"], "p"), FLAT, node("Gemm", ["f", "w", "c"], "d", transB=1),
                                  node("Relu", ["d"], "e"), node("MatMul", ["e", "v"])], w=normal(7, 480) / 9, c=normal(7),
                                 v=normal(7, 4)),
    "residual": network([FIRST, node("Relu", ["a"], "r"), node("Conv", ["r", "l"], "e", **SAME), node("Add", ["e", "r"], "s"),
                         node("Relu", ["s"])], l=L),
    "residual, strided": network([FIRST, node("Relu", ["a"], "r"), node("Conv", ["r", "l"], "e", strides=[2, 2], **SAME),
                                  node("Conv", ["r", "m"], "g", strides=[2, 2]), node("Add", ["e", "g"], "s"),
                                  node("Relu", ["s"], "t"), node("Conv", ["t", "n"])], l=L, m=normal(6, 6, 1, 1),
                                 n=normal(3, 6, 1, 1)),
    "sum of two that others read": network([FIRST, node("Relu", ["a"], "r"), node("Conv", ["r", "l"], "e", **SAME),
                                            node("Relu", ["e"], "g"), node("Add", ["r", "g"], "s"),
                                            node("Conv", ["s", "n"])], l=L, n=normal(3, 6, 1, 1)),
    "residual after relu6": network([FIRST, node("Clip", ["a", "low", "high"], "r"), node("Conv", ["r", "l"], "e", **SAME),
                                      node("Add", ["e", "r"], "s"), node("Clip", ["s", "low", "high"])], l=L / 4,
                                     low=np.float32(0), high=np.float32(2)),
    "input added": network([node("Conv", ["x", "k"], "a", **SAME), node("Add", ["a", "x"])], k=normal(3, 3, 3, 3)),
    "concat": network([FIRST, node("Relu", ["a"], "r"), node("Conv", ["r", "l"], "e", **SAME), node("Relu", ["e"], "g"),
                       node("Concat", ["g", "r"], "c", axis=1), node("Conv", ["c", "n"])], l=L, n=normal(4, 12, 1, 1)),
    "concat, then relu and pool": network([FIRST, node("Conv", ["x", "l"], "e", **SAME), node("Concat", ["e", "a"], "c",
                                                                                               axis=1),
                                           node("Relu", ["c"], "r"), node("MaxPool", ["r"], kernel_shape=[2, 2],
                                                                          strides=[2, 2])], l=normal(2, 3, 3, 3)),
    "concat at the end": network([FIRST, node("Conv", ["x", "l"], "e", **SAME), node("Concat", ["e", "a"], axis=-3)],
                                 l=normal(2, 3, 3, 3)),
    "concat of channels that lie last": network(
        [FIRST, node("Transpose", ["a"], "t", perm=[0, 2, 3, 1]), node("Conv", ["x", "l"], "e", **SAME),
         node("Transpose", ["e"], "u", perm=[0, 2, 3, 1]), node("Concat", ["u", "t"], "c", axis=3),
         node("Transpose", ["c"], perm=[0, 3, 1, 2])], l=normal(2, 3, 3, 3)),
    "channels last at the input": network([node("Transpose", ["x"], "t", perm=[0, 3, 1, 2]),
                                           node("Conv", ["t", "k", "b"], "a", **SAME), node("Relu", ["a"])], ("N", 8, 10, 3)),
    "a flat input": network([node("Reshape", ["x", "size"], "t"), node("Conv", ["t", "k", "b"], "a", **SAME),
                             node("Relu", ["a"])], ("N", 240), size=np.array([0, 3, 8, 10])),
    "one dimension": network([node("Conv", ["x", "k"], "a", kernel_shape=[3], pads=[1, 1], strides=[2]), node("Relu", ["a"])],
                             ("N", 3, 20), k=normal(4, 3, 3)),
    "names with colons": network([node("Conv", ["x", "k"], "a/b:0", **SAME), node("Relu", ["a/b:0"], "c:1"),
                                  node("Conv", ["c:1", "l"], **SAME)], l=L),
    "turned answer": network([FIRST, node("Transpose", ["a"], perm=[0, 2, 3, 1])]),
    "pad, then conv": network([node("Pad", ["x", "zeros"], "q"),
                               node("Conv", ["q", "k", "b"], strides=[2, 2], kernel_shape=[3, 3], pads=[1, 0, 0, 0])],
                              zeros=np.array([0, 0, 0, 1, 0, 0, 2, 1])),
    "pad that two read": network([FIRST, node("Relu", ["a"], "r"), node("Pad", ["r", "zeros"], "q"),
                                  node("Conv", ["q", "l"], "e"),
                                  node("MaxPool", ["q"], "p", kernel_shape=[3, 3], strides=[1, 1]), node("Add", ["e", "p"])],
                                 l=L, zeros=np.array([0, 0, 1, 1, 0, 0, 1, 1])),
    "channel shuffle": network([FIRST, node("Relu", ["a"], "r"), node("Reshape", ["r", "apart"], "g"),
                                node("Transpose", ["g"], "h", perm=[0, 2, 1, 3, 4]), node("Reshape", ["h", "flat"], "s"),
                                node("Conv", ["s", "l"], group=2, **SAME)], l=normal(4, 3, 3, 3),
                               apart=np.array([0, 2, 3, 8, 10]), flat=np.array([0, 6, 8, 10])),
}
"""Every kind of layer, each way that it is exported."""
