"""Operators that a host takes on behind the last layer, and the nearest way out of those that no one takes."""

HOST = frozenset({"Softmax", "LogSoftmax", "Sigmoid", "ArgMax", "TopK", "QuantizeLinear"})
"""Operators that a host does on the few numbers of an answer, and what may follow them."""

TAIL = HOST | frozenset({
    "Cast", "ZipMap", "ArrayFeatureExtractor", "Concat", "Sub", "Identity", "Reshape", "LabelEncoder",
                         "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Normalizer", "Binarizer", "Equal", "Greater"})

WAYS = {
    "Selu": "train with Relu", "Elu": "train with Relu", "LeakyRelu": "train with Relu", "PRelu": "train with Relu",
    "Gelu": "train with Relu", "Celu": "train with Relu", "HardSwish": "train with Relu6", "HardSigmoid": "train with Relu",
    "Tanh": "train with Relu", "Sigmoid": "train with Relu; a Sigmoid at the very end is left to the host",
    "Softmax": "only a Softmax at the very end is left to the host", "ConvTranspose": "upsample with zeros and Conv",
    "QLinearConv": "export in the QDQ format", "QLinearMatMul": "export in the QDQ format",
    "ConvInteger": "export in the QDQ format", "MatMulInteger": "export in the QDQ format",
    "If": "export one branch", "Loop": "unroll it", "Scan": "unroll it",
}
"""What to do instead."""
