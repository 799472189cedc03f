"""How much of ONNX the front end takes: the node tests of the `onnx` package itself."""
