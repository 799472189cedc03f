"""A trained float network, from whatever file, as a graph of layers: `compress.frontend.onnx.read` and its siblings."""
