"""Takes a multilayer perceptron that scikit-learn trained, from Python."""

from typing import Any

import numpy as np

from compress.frontend.graph import INPUT, Activation, Dense, Network


def from_perceptron(model: Any, name: str = "perceptron") -> Network:
    """Return the network of a fitted ``MLPClassifier`` or ``MLPRegressor``.

    Hidden layers must have ReLU or no activation; what a classifier does after its last layer is left to the host.
    """
    if not hasattr(model, "coefs_"):
        raise ValueError(f"model must be a fitted MLPClassifier or MLPRegressor, not {type(model).__name__} without weights; "
                         f"fit it first")
    if model.activation not in ("relu", "identity"):
        raise ValueError(f"activation must be relu or identity, not {model.activation}; train with relu")
    layers: list[Dense] = []
    for number, (weight, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True), 1):
        last = number == len(model.coefs_)
        layers.append(Dense(name=f"fc{number}", inputs=(layers[-1].name if layers else INPUT,), shape=(weight.shape[1],),
                            activation=Activation(relu=model.activation == "relu" and not last),
                            nodes=(f"coefs_[{number - 1}] (dense)",), weight=np.ascontiguousarray(weight.T), bias=bias))
    behind = model.out_activation_
    return Network(name=name, shape=(model.coefs_[0].shape[0],), layers=tuple(layers),
                   host=() if behind == "identity" else (behind,))
