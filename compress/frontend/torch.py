"""Takes a PyTorch module, or a file of its weights; needs the extra ``torch``.

A module is exported to ONNX and read as such, so that there is one reading of every operator.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np

from compress.frontend import onnx
from compress.frontend.graph import Network

MISSING = "torch must be installed for PyTorch modules, not missing; pip install torch, or export the network as ONNX"


def from_module(module: Any, example: Any, name: str = "module") -> Network:
    """Return the network of an ``nn.Module``, as it answers in evaluation mode to inputs like ``example``.

    Parameters
    ----------
    module : torch.nn.Module
    example : torch.Tensor
        An input with a batch of any size, which is left open.
    name : str
    """
    import onnx as package

    try:
        import torch
    except ImportError as error:
        raise ValueError(MISSING) from error
    training, file = module.training, io.BytesIO()
    module.eval()
    try:
        torch.onnx.export(module, (example,), file, dynamo=False, input_names=["x"], output_names=["y"],
                          dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})
    finally:
        module.train(training)
    return onnx.from_model(package.load_model_from_string(file.getvalue()), name)


def state(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a ``state_dict`` in a `.pt` or `.pth` file; only weights are unpickled, never code."""
    try:
        import torch
    except ImportError as error:
        raise ValueError(MISSING) from error
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:      # torch raises what the file makes it raise
        raise ValueError(f"{path} must be a whole state_dict of weights alone, not one that torch cannot load "
                         f"({' '.join(str(error).split()):.80}); save module.state_dict()") from error
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise ValueError(f"{path} must be a state_dict of tensors, not {type(found).__name__}; save module.state_dict()")
    return {str(key): value.detach().to(torch.float32).numpy() if value.dtype == torch.bfloat16 else value.detach().numpy()
            for key, value in found.items()}
