"""Small PyTorch modules as users export them: residual, depthwise, concatenated, shuffled channels, one dimension."""
from torch import cat, flatten, nn, tensor
from torch.nn import functional


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.down = nn.Identity() if stride == 1 else nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(y + self.down(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 3, 1, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU())
        self.layer1, self.layer2, self.fc = Residual(6, 6), Residual(6, 8, 2), nn.Linear(8, 5)

    def forward(self, x):
        x = self.layer2(self.layer1(self.stem(x)))
        return self.fc(flatten(functional.adaptive_avg_pool2d(x, 1), 1))


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.same, wide = stride == 1 and inputs == outputs, 2 * inputs
        self.conv = nn.Sequential(
            nn.Conv2d(inputs, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(),
            nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(),
            nn.Conv2d(wide, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return x + self.conv(x) if self.same else self.conv(x)


class MobileNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU6(), Inverted(6, 6, 1),
                                      Inverted(6, 8, 2), Inverted(8, 8, 1))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(8, 6))

    def forward(self, x):
        return self.classifier(self.features(x).mean([2, 3]))


class Fire(nn.Module):
    def __init__(self, inputs, squeezed, outputs):
        super().__init__()
        self.squeeze, self.one, self.three = (nn.Conv2d(inputs, squeezed, 1), nn.Conv2d(squeezed, outputs, 1),
                                              nn.Conv2d(squeezed, outputs, 3, padding=1))

    def forward(self, x):
        x = functional.relu(self.squeeze(x))
        return cat([functional.relu(self.one(x)), functional.relu(self.three(x))], 1)


class SqueezeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(8, 4, 6),
                                      Fire(12, 4, 6))
        self.classifier = nn.Conv2d(12, 5, 1)

    def forward(self, x):
        x = functional.relu(self.classifier(self.features(x)))
        return flatten(functional.adaptive_avg_pool2d(x, 1), 1)


class DenseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.norm1, self.conv1 = nn.BatchNorm2d(6), nn.Conv2d(6, 4, 3, padding=1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(10), nn.Conv2d(10, 7, 1, bias=False)
        self.norm3, self.fc = nn.BatchNorm2d(7), nn.Linear(7, 3)

    def forward(self, x):
        x = self.first(x)
        x = cat([x, self.conv1(functional.relu(self.norm1(x)))], 1)
        x = functional.avg_pool2d(self.conv2(functional.relu(self.norm2(x))), 2)
        return self.fc(functional.adaptive_avg_pool2d(functional.relu(self.norm3(x)), (1, 1)).flatten(1))


class ShuffleNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.depth, self.last = (nn.Conv2d(4, 8, 1, groups=2), nn.Conv2d(8, 8, 3, padding=1, groups=8),
                                             nn.Conv2d(8, 6, 1, groups=2))

    def forward(self, x):
        x = functional.relu(self.first(x))
        samples, channels, rows, columns = x.shape
        x = x.view(samples, 2, channels // 2, rows, columns).transpose(1, 2).reshape(samples, channels, rows, columns)
        return self.last(self.depth(x))


class Keyword(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv1d(4, 8, 5, 2, 2), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2),
                                      nn.Conv1d(8, 8, 3, padding=1, groups=8), nn.Conv1d(8, 10, 1), nn.ReLU())
        self.fc = nn.Linear(10, 3)

    def forward(self, x):
        return self.fc(self.features(x).mean(-1))


class Normalised(nn.Module):
    """Means and deviations of the pictures in the network, a padding layer, a ceiling."""

    def __init__(self):
        super().__init__()
        for name, values in ("mean", (0.4, 0.5, 0.6)), ("deviation", (0.2, 0.3, 0.25)):
            self.register_buffer(name, tensor(values).view(1, 3, 1, 1))
        self.pad, self.conv1, self.clip = nn.ZeroPad2d(1), nn.Conv2d(3, 6, 3, 2, bias=True), nn.Hardtanh(0, 6)
        self.conv2, self.fc = nn.Conv2d(6, 8, 3), nn.Linear(8 * 2 * 2, 4)

    def forward(self, x):
        x = self.clip(self.conv1(self.pad((x - self.mean) / self.deviation)))
        return self.fc(functional.relu(self.conv2(functional.avg_pool2d(x, 2, 1))).flatten(1))


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 12, 5)
        self.fc1, self.fc2 = nn.Linear(12, 20), nn.Linear(20, 10)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        return functional.log_softmax(self.fc2(functional.relu(self.fc1(x.view(x.size(0), -1)))), dim=1)


MODULES = {"resnet": (ResNet, (3, 12, 12)), "mobilenet": (MobileNet, (3, 16, 16)), "squeezenet": (SqueezeNet, (3, 15, 15)),
           "densenet": (DenseNet, (3, 8, 8)), "shufflenet": (ShuffleNet, (4, 8, 8)), "keyword": (Keyword, (4, 24)),
           "normalised": (Normalised, (3, 10, 10)), "lenet": (LeNet, (1, 12, 12))}
"""Each with the shape of its input."""


def made(name):
    """Return a module in evaluation mode, its batch norms with means and deviations as after training."""
    kind, shape = MODULES[name]
    module = kind()
    for part in module.modules():
        if hasattr(part, "running_mean"):
            part.running_mean.normal_(std=0.3)
            part.running_var.uniform_(0.5, 2)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, std=0.2)
    return module.eval(), shape
