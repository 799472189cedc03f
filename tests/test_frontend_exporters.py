"""Networks that others' tools export equal these tools: scikit-learn through skl2onnx and from Python, PyTorch both ways."""
import warnings

import numpy as np
import onnx
import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor

from compress.frontend import onnx as frontend
from compress.frontend.execute import output
from compress.frontend.graph import Conv, Dense
from compress.frontend.refuse import NetworkRefusedError
from compress.frontend.sklearn import from_perceptron

RANDOM = np.random.default_rng(11)


def fitted(kind, **options):
    x = RANDOM.normal(size=(60, 5)).astype(np.float32)
    y = RANDOM.integers(0, options.pop("classes", 3), 60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind(hidden_layer_sizes=(7, 6), max_iter=8, random_state=1, **options).fit(x, y), x


def logits(answers):
    if answers.shape[1] == 1:
        positive = 1 / (1 + np.exp(-answers))
        return np.hstack([1 - positive, positive])
    return np.exp(answers) / np.exp(answers).sum(1, keepdims=True)


def through_skl2onnx(model, x, **options):
    from skl2onnx import to_onnx
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return frontend.from_model(onnx.ModelProto.FromString(to_onnx(model, x[:1], **options).SerializeToString()))


@pytest.mark.parametrize("classes", [2, 3])
def test_a_classifier_of_scikit_learn(classes):
    model, x = fitted(MLPClassifier, classes=classes)
    network = from_perceptron(model)
    np.testing.assert_allclose(logits(output(network, x)), model.predict_proba(x), rtol=1e-4, atol=1e-6)
    exported = through_skl2onnx(model, x, options={"zipmap": False})
    np.testing.assert_allclose(output(exported, x), output(network, x), rtol=1e-4, atol=1e-5)
    assert exported.host and [type(layer) for layer in exported.layers] == [Dense] * 3


def test_a_regressor_of_scikit_learn():
    model, x = fitted(MLPRegressor)
    for network in from_perceptron(model), through_skl2onnx(model, x):
        np.testing.assert_allclose(output(network, x)[:, 0], model.predict(x), rtol=1e-4, atol=1e-5)


def test_another_activation_of_scikit_learn_is_refused():
    model, x = fitted(MLPClassifier, activation="tanh")
    with pytest.raises(ValueError, match="activation must be relu or identity, not tanh"):
        from_perceptron(model)
    with pytest.raises(NetworkRefusedError, match="not Tanh; train with Relu"):
        through_skl2onnx(model, x)
    with pytest.raises(ValueError, match="must be a fitted"):
        from_perceptron(MLPClassifier())


def modules(torch):
    nn = torch.nn
    yield "dense", nn.Sequential(nn.Flatten(), nn.Linear(12, 9), nn.BatchNorm1d(9), nn.ReLU(), nn.Dropout(0.2),
                                 nn.Linear(9, 4)), (3, 2, 2)
    yield "convolutions", nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU6(), nn.MaxPool2d(2), nn.Conv2d(6, 6, 3, groups=2),
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4)), (3, 10, 10)
    yield "one dimension", nn.Sequential(nn.Conv1d(2, 4, 3, stride=2), nn.ReLU(), nn.AvgPool1d(2), nn.Flatten(),
                                         nn.Linear(8, 3)), (2, 10)


@pytest.mark.parametrize("dynamo", [False, True])
@pytest.mark.parametrize("name", ["dense", "convolutions", "one dimension"])
def test_both_exporters_of_pytorch(name, dynamo):
    torch = pytest.importorskip("torch", reason="PyTorch is an extra that is not installed")
    if dynamo:
        pytest.importorskip("onnxscript", reason="torch's newer exporter needs onnxscript")
    torch.manual_seed(2)
    module, shape = next((module, shape) for other, module, shape in modules(torch) if other == name)
    with torch.no_grad():
        for part in module:
            if hasattr(part, "running_mean"):
                part.running_mean.normal_()
                part.running_var.uniform_(0.5, 2)
    module.eval()
    x = torch.randn(4, *shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dynamo:
            proto = torch.onnx.export(module, (x,), dynamo=True, dynamic_shapes=({0: torch.export.Dim("N")},)).model_proto
            network = frontend.from_model(onnx.ModelProto.FromString(proto.SerializeToString()))
        else:
            from compress.frontend.torch import from_module
            network = from_module(module, x)
    np.testing.assert_allclose(output(network, x.numpy()), module(x).detach().numpy(), rtol=1e-4, atol=1e-5)
    assert {type(layer) for layer in network.layers} >= ({Dense} if name == "dense" else {Conv, Dense})


def test_a_state_dict_is_read_without_its_code(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is an extra that is not installed")
    from compress.frontend.torch import state
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    torch.save(module.state_dict(), tmp_path / "net.pt")
    found = state(tmp_path / "net.pt")
    np.testing.assert_array_equal(found["0.weight"], module[0].weight.detach().numpy())
    torch.save(module, tmp_path / "code.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "net.pt").read_bytes()[:200])
    for name in "code.pt", "cut.pt":
        with pytest.raises(ValueError, match="must be a whole state_dict of weights alone"):
            state(tmp_path / name)
