"""What the scripts for test/golden share: drawing parameters, ten steps of Adam, writing files.

Everything is drawn in float32, computed in float64 and stored in float32. What a file holds:

    NAME              every initial parameter, under the name and in the layout that heed uses
    ids.SIDE          [rows] I32, the tokens of all sequences one after another; ids.SIDE.start [sequences + 1]
    ids.labels        [sequences] I32, of classifiers
    out.NAME          what a layer gives, for all rows
    loss              [1] mean over all targets, with label smoothing as torch.nn.CrossEntropyLoss defines it
    grad.NAME         gradient of the loss
    adam.NAME         the parameter after the steps of Adam, all on this batch
    adam.loss         [steps + 1] the loss before each step and after the last

The bias of the keys shifts all scores of a query alike, so its gradient is zero up to rounding, and Adam turns
rounding noise into steps of full size. adam.NAME means nothing in those rows: rows [d, 2d) of *.self.qkv.bias and
rows [0, d) of *.cross.kv.bias. Nothing else depends on them.
"""

import json
import os
import sys

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional as F

STEPS, LR, BETAS, EPS = 10, 1e-3, (0.9, 0.98), 1e-9
BOS, EOS, SPECIAL_IDS = 1, 2, 3
ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "swish": F.silu, "tanh": torch.tanh}  # gelu is the exact one, with erf


def sinusoids(length, width, dtype):
    """PE(p, 2i) = sin(p / 10000^(2i/d)), PE(p, 2i+1) = cos of the same; p starts at 0."""
    p = torch.arange(length, dtype=torch.float64)[:, None]
    angle = p / 10000 ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).reshape(length, width).to(dtype)


class Views:
    """heed's names -> (parameter, rows of it)."""

    def __init__(self):
        self.all = {}

    def whole(self, name, parameter):
        self.all[name] = (parameter, slice(None))

    def linear(self, name, linear):
        self.whole(f"{name}.weight", linear.weight)
        self.whole(f"{name}.bias", linear.bias)

    def self_attention(self, name, attention, norm):
        self.whole(f"{name}.qkv.weight", attention.in_proj_weight)
        self.whole(f"{name}.qkv.bias", attention.in_proj_bias)
        self.linear(f"{name}.out", attention.out_proj)
        self.linear(f"{name}.norm", norm)

    def cross_attention(self, name, attention, norm):
        width = attention.embed_dim
        for kind in ("weight", "bias"):
            parameter = getattr(attention, f"in_proj_{kind}")
            self.all[f"{name}.q.{kind}"] = (parameter, slice(0, width))
            self.all[f"{name}.kv.{kind}"] = (parameter, slice(width, 3 * width))
        self.linear(f"{name}.out", attention.out_proj)
        self.linear(f"{name}.norm", norm)

    def feed_forward(self, name, layer, norm):
        self.linear(f"{name}.up", layer.linear1)
        self.linear(f"{name}.down", layer.linear2)
        self.linear(f"{name}.norm", norm)


class PlainAttention(nn.Module):
    """Attention without matrices of its own: queries, keys and values are the tokens."""

    def __init__(self, heads):
        super().__init__()
        self.heads = heads

    def forward(self, x, *_, attn_mask=None, **__):
        parts = x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        y = F.scaled_dot_product_attention(parts, parts, parts, attn_mask)
        return y.transpose(1, 2).flatten(2), None


class Stack(nn.Module):
    """Layers of self-attention and feed-forward, torch.nn.TransformerEncoderLayer each, one sequence at a time."""

    def __init__(self, name, layers, width, heads, inner, norm, activation, projections="full", causal=False):
        super().__init__()
        self.name, self.causal, self.full = name, causal, projections == "full"
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, heads, inner, 0.0, ACTIVATIONS[activation], 1e-5, True, norm == "pre")
            for _ in range(layers))
        self.norm = nn.LayerNorm(width, eps=1e-5) if norm == "pre" else nn.Identity()
        for layer in self.layers:
            if not self.full:
                layer.self_attn = PlainAttention(heads)

    def forward(self, x, out):
        n = len(x)
        ahead = torch.full((n, n), -torch.inf, dtype=x.dtype).triu(1) if self.causal else None
        for i, layer in enumerate(self.layers):
            x = out[f"out.{self.name}{i}"] = layer(x[None], ahead)[0]
        x = out[f"out.{self.name}"] = self.norm(x)
        return x

    def view(self, views):
        for i, layer in enumerate(self.layers):
            if self.full:
                views.self_attention(f"{self.name}{i}.self", layer.self_attn, layer.norm1)
            else:
                views.linear(f"{self.name}{i}.self.norm", layer.norm1)
            views.feed_forward(f"{self.name}{i}.ffn", layer, layer.norm2)
        if isinstance(self.norm, nn.LayerNorm):
            views.linear(f"{self.name}.norm", self.norm)


def draw(name, shape, random, width):
    """Values that hide nothing: no bias is zero and no gain is one."""
    values = random.standard_normal(shape).astype(np.float32)
    if name.startswith(("embed", "output", "positions")):
        return values * np.float32(width ** -0.5)
    if len(shape) == 2:
        return values * np.float32((2 / (shape[0] + shape[1])) ** 0.5)
    if name.endswith("norm.weight"):
        return np.float32(1) + values * np.float32(0.2)
    return values * np.float32(0.2)


def rows(name, sequences):
    """The arrays of one side of a batch."""
    starts = np.cumsum([0] + [len(s) for s in sequences])
    return {f"ids.{name}": np.array(sum(sequences, []), dtype=np.int32),
            f"ids.{name}.start": starts.astype(np.int32)}


def text_rows(texts):
    """Input and targets of a language model, and the pairs of them as tensors."""
    inputs, targets = [[BOS] + t for t in texts], [t + [EOS] for t in texts]
    file = rows("target", targets)
    file["ids.input"] = np.array(sum(inputs, []), dtype=np.int32)
    return file, [(torch.tensor(i), torch.tensor(t)) for i, t in zip(inputs, targets)]


def joined(outputs):
    """Of a list of dictionaries, one a sequence, the dictionary of all rows."""
    return {name: torch.cat([o[name] for o in outputs]) for name in outputs[0]}


def compute(model, views, file, width, evaluate, dtype):
    """Fills `file`; evaluate() gives the loss and a dictionary of outputs."""
    random = np.random.default_rng(20170612)
    model.to(dtype).train()
    views = views.all
    assert sum(p[part].numel() for p, part in views.values()) == sum(p.numel() for p in model.parameters())
    with torch.no_grad():
        for name, (parameter, part) in views.items():
            file[name] = draw(name, tuple(parameter[part].shape), random, width)
            parameter[part] = torch.from_numpy(file[name]).to(dtype)
    optimizer = torch.optim.Adam(model.parameters(), lr=LR, betas=BETAS, eps=EPS)
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss, outputs = evaluate()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            file["loss"] = np.array([loss.item()])
            file.update({name: value.detach().numpy() for name, value in outputs.items()})
            file.update({f"grad.{name}": p.grad[part].numpy().copy() for name, (p, part) in views.items()})
        optimizer.step()
    losses.append(evaluate()[0].item())
    file["adam.loss"] = np.array(losses)
    file.update({f"adam.{name}": p[part].detach().numpy() for name, (p, part) in views.items()})
    return file


def cross_entropy(scores, targets, smoothing):
    return nn.CrossEntropyLoss(label_smoothing=smoothing)(scores, targets)


def without_key_bias(name, values):
    if name.endswith("self.qkv.bias"):
        return np.concatenate([values[:len(values) // 3], values[2 * len(values) // 3:]])
    return values[len(values) // 2:] if name.endswith("cross.kv.bias") else values


def print_float32_distance(make):
    """How far PyTorch's own float32 is from float64."""
    exact, rounded = make(torch.float64), make(torch.float32)
    worst = {}
    for name, value in exact.items():
        group = name.split(".")[0] if name.startswith(("out.", "grad.", "adam.", "loss")) else "input"
        if group == "adam":
            value, rounded[name] = without_key_bias(name, value), without_key_bias(name, rounded[name])
        distance = float(np.max(np.abs(value - rounded[name].astype(np.float64))))
        worst[group] = max(worst.get(group, (0.0, "")), (distance, name))
    for group, (distance, name) in worst.items():
        print(f"  {group:6} {distance:.2e} ({name})")


def main(default, configurations, make, settings):
    """make(configuration, dtype) gives the arrays of a file. One entry of metadata only: safetensors writes
    several in an order that changes from run to run."""
    arguments = sys.argv[1:]
    if arguments == ["--float32"]:
        for name, configuration in configurations.items():
            print(name)
            print_float32_distance(lambda dtype, c=configuration: make(c, dtype))
        return
    here = os.path.dirname(os.path.abspath(__file__))
    folder = arguments[0] if arguments else os.path.join(here, "..", "golden", default)
    os.makedirs(folder, exist_ok=True)
    for name, configuration in configurations.items():
        file = make(configuration, torch.float64)
        file = {key: np.ascontiguousarray(value if value.dtype == np.int32 else value.astype(np.float32))
                for key, value in file.items()}
        facts = dict(configuration, **settings, adam_steps=STEPS, adam_lr=LR, adam_betas=BETAS, adam_eps=EPS,
                     torch=torch.__version__)
        path = os.path.join(folder, f"{name}.safetensors")
        save_file(file, path, metadata={"configuration": json.dumps(facts)})
        print(f"{name}: loss {file['loss'][0]:.6f}, after {STEPS} steps {file['adam.loss'][-1]:.6f}, "
              f"{os.path.getsize(path)} bytes")
