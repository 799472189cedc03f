"""Operators that a host takes on after the last layer, and the nearest way out of those that no one takes."""

HOST = frozenset({"Softmax", "LogSoftmax", "Sigmoid", "ArgMax", "TopK", "QuantizeLinear"})
"""Operators that a host does on the few numbers of an answer, and what may follow them."""

TAIL = HOST | frozenset({
    "Cast", "ZipMap", "ArrayFeatureExtractor", "Concat", "Sub", "Identity", "Reshape", "LabelEncoder", "Flatten", "Squeeze",
    "Unsqueeze", "Transpose", "Normalizer", "Binarizer", "Equal", "Greater", "DequantizeLinear"})

WAYS = {
    "Selu": "train with Relu", "Elu": "train with Relu", "LeakyRelu": "train with Relu", "PRelu": "train with Relu",
    "Gelu": "train with Relu", "Celu": "train with Relu", "HardSwish": "train with Relu6", "HardSigmoid": "train with Relu",
    "Tanh": "train with Relu", "Sigmoid": "train with Relu; a Sigmoid at the very end is left to the host",
    "Softmax": "only a Softmax at the very end is left to the host", "ConvTranspose": "upsample with zeros and Conv",
    **dict.fromkeys(("QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger", "QGemm", "QLinearAdd", "QLinearMul",
                     "QLinearConcat", "QLinearAveragePool", "QLinearGlobalAveragePool", "QLinearSigmoid", "QLinearLeakyRelu",
                     "QLinearSoftmax", "DynamicQuantizeLinear", "DynamicQuantizeMatMul"),
                    "quantise again in the QDQ format, of QuantizeLinear and DequantizeLinear"),
    "If": "export one branch", "Loop": "unroll it", "Scan": "unroll it",
}
"""What to do instead."""
