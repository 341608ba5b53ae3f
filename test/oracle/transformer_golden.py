#!/usr/bin/env python3
"""Writes test/golden/transformer/*.safetensors: small encoder-decoder Transformers computed by PyTorch.

Run by hand, never by the tests; needs torch, numpy and safetensors:

    python3 test/oracle/transformer_golden.py [FOLDER]     write the files
    python3 test/oracle/transformer_golden.py --float32    only print how far PyTorch's own float32 is from them

The layers are torch.nn.TransformerEncoderLayer and torch.nn.TransformerDecoderLayer themselves, without dropout,
run sequence by sequence, so there is no padding and no padding mask. Everything is drawn in float32, computed in
float64 and stored in float32. What a file holds (rows of all sequences one after another, in their order):

    NAME              every initial parameter, under the name and in the layout that heed uses
    ids.source        [source rows] I32, ids.source.start [sequences + 1]; the sequences end with eos
    ids.input         [target rows] I32, what the decoder reads: bos, then the tokens
    ids.target        [target rows] I32, what it must say: the tokens, then eos; ids.target.start [sequences + 1]
    out.source        [source rows, d] embedding * sqrt(d) + position; out.input the same for the decoder
    out.enc0 ...      [source rows, d] output of each encoder layer; out.enc the same after the final norm, if any
    out.dec0 ...      [target rows, d] output of each decoder layer; out.dec after the final norm, if any
    out.logits        [target rows, V]
    loss              [1] mean over all target rows, with label smoothing as torch.nn.CrossEntropyLoss defines it
    grad.NAME         gradient of the loss
    adam.NAME         the parameter after the steps of Adam, all on this batch
    adam.loss         [steps + 1] the loss before each step and after the last

The bias of the keys shifts all scores of a query alike, so its gradient is zero up to rounding, and Adam turns
rounding noise into steps of full size. adam.NAME means nothing in those rows: rows [d, 2d) of *.self.qkv.bias and
rows [0, d) of *.cross.kv.bias. Nothing else depends on them.
"""

import json
import math
import os
import sys

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional as F

V, D, FFN, HEADS, LAYERS = 23, 16, 24, 2, 2
SMOOTHING = 0.1
STEPS, LR, BETAS, EPS = 10, 1e-3, (0.9, 0.98), 1e-9
BOS, EOS = 1, 2

# Token ids without bos and eos. One source and one target are empty, as the shortest case there is.
PAIRS = [
    ([5, 17, 9, 9], [11, 4, 20]),
    ([], [7, 7, 22, 3, 15]),
    ([3, 22, 14, 8, 5, 12], []),
]

CONFIGURATIONS = {
    "post_tied_relu": {"norm": "post", "tied": True, "activation": "relu"},
    "pre_untied_gelu": {"norm": "pre", "tied": False, "activation": "gelu"},
    "post_untied_swish": {"norm": "post", "tied": False, "activation": "swish"},
}
ACTIVATIONS = {"relu": F.relu, "gelu": F.gelu, "swish": F.silu}  # gelu is the exact one, with erf


def positions(length, dtype):
    """PE(p, 2i) = sin(p / 10000^(2i/d)), PE(p, 2i+1) = cos of the same; p starts at 0."""
    p = torch.arange(length, dtype=torch.float64)[:, None]
    angle = p / 10000 ** (torch.arange(0, D, 2, dtype=torch.float64) / D)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).reshape(length, D).to(dtype)


class Transformer(nn.Module):
    def __init__(self, norm, tied, activation):
        super().__init__()
        pre = norm == "pre"
        options = dict(d_model=D, nhead=HEADS, dim_feedforward=FFN, dropout=0.0, activation=ACTIVATIONS[activation],
                       layer_norm_eps=1e-5, batch_first=True, norm_first=pre)
        self.enc = nn.ModuleList(nn.TransformerEncoderLayer(**options) for _ in range(LAYERS))
        self.dec = nn.ModuleList(nn.TransformerDecoderLayer(**options) for _ in range(LAYERS))
        self.enc_norm = nn.LayerNorm(D, eps=1e-5) if pre else nn.Identity()
        self.dec_norm = nn.LayerNorm(D, eps=1e-5) if pre else nn.Identity()
        self.source = nn.Parameter(torch.empty(V, D))
        self.target = self.source if tied else nn.Parameter(torch.empty(V, D))
        self.output = self.source if tied else nn.Parameter(torch.empty(V, D))

    def embed(self, matrix, ids):
        return matrix[ids] * math.sqrt(D) + positions(len(ids), matrix.dtype)

    def forward(self, source_ids, input_ids):
        """One pair. Returns every intermediate result by the name it has in the file."""
        out = {}
        x = out["out.source"] = self.embed(self.source, source_ids)
        for i, layer in enumerate(self.enc):
            x = out[f"out.enc{i}"] = layer(x[None])[0]
        memory = out["out.enc"] = self.enc_norm(x)
        y = out["out.input"] = self.embed(self.target, input_ids)
        ahead = torch.ones(len(input_ids), len(input_ids), dtype=torch.bool).triu(1)
        for i, layer in enumerate(self.dec):
            y = out[f"out.dec{i}"] = layer(y[None], memory[None], tgt_mask=ahead)[0]
        y = out["out.dec"] = self.dec_norm(y)
        out["out.logits"] = y @ self.output.T
        return out


def parameter_views(model, tied):
    """heed's names -> (parameter, rows of it)."""
    views = {}

    def whole(name, parameter):
        views[name] = (parameter, slice(None))

    def linear_and_norm(name, linear, norm, norm_name):
        whole(f"{name}.weight", linear.weight)
        whole(f"{name}.bias", linear.bias)
        whole(f"{norm_name}.weight", norm.weight)
        whole(f"{norm_name}.bias", norm.bias)

    def self_attention(name, attention, norm):
        whole(f"{name}.qkv.weight", attention.in_proj_weight)
        whole(f"{name}.qkv.bias", attention.in_proj_bias)
        linear_and_norm(f"{name}.out", attention.out_proj, norm, f"{name}.norm")

    def feed_forward(name, layer, norm):
        whole(f"{name}.up.weight", layer.linear1.weight)
        whole(f"{name}.up.bias", layer.linear1.bias)
        linear_and_norm(f"{name}.down", layer.linear2, norm, f"{name}.norm")

    if tied:
        whole("embed", model.source)
    else:
        whole("embed.source", model.source)
        whole("embed.target", model.target)
        whole("output.weight", model.output)
    for i, layer in enumerate(model.enc):
        self_attention(f"enc{i}.self", layer.self_attn, layer.norm1)
        feed_forward(f"enc{i}.ffn", layer, layer.norm2)
    for i, layer in enumerate(model.dec):
        self_attention(f"dec{i}.self", layer.self_attn, layer.norm1)
        for kind in ("weight", "bias"):
            parameter = getattr(layer.multihead_attn, f"in_proj_{kind}")
            views[f"dec{i}.cross.q.{kind}"] = (parameter, slice(0, D))
            views[f"dec{i}.cross.kv.{kind}"] = (parameter, slice(D, 3 * D))
        linear_and_norm(f"dec{i}.cross.out", layer.multihead_attn.out_proj, layer.norm2, f"dec{i}.cross.norm")
        feed_forward(f"dec{i}.ffn", layer, layer.norm3)
    for side, norm in (("enc", model.enc_norm), ("dec", model.dec_norm)):
        if isinstance(norm, nn.LayerNorm):
            whole(f"{side}.norm.weight", norm.weight)
            whole(f"{side}.norm.bias", norm.bias)
    return views


def draw(name, shape, random):
    """Values that hide nothing: no bias is zero and no gain is one."""
    values = random.standard_normal(shape).astype(np.float32)
    if name.startswith(("embed", "output")):
        return values * np.float32(D ** -0.5)
    if len(shape) == 2:
        return values * np.float32((2 / (shape[0] + shape[1])) ** 0.5)
    if name.endswith("norm.weight"):
        return np.float32(1) + values * np.float32(0.2)
    return values * np.float32(0.2)


def batch():
    """Token ids of all sequences and their spans, as the file has them."""
    source = [s + [EOS] for s, _ in PAIRS]
    inputs = [[BOS] + t for _, t in PAIRS]
    targets = [t + [EOS] for _, t in PAIRS]

    def starts(sequences):
        return np.cumsum([0] + [len(s) for s in sequences])

    ids = {"ids.source": sum(source, []), "ids.source.start": starts(source), "ids.input": sum(inputs, []),
           "ids.target": sum(targets, []), "ids.target.start": starts(targets)}
    ids = {name: np.array(values, dtype=np.int32) for name, values in ids.items()}
    return [tuple(map(torch.tensor, triple)) for triple in zip(source, inputs, targets)], ids


def compute(configuration, dtype):
    torch.manual_seed(0)
    random = np.random.default_rng(20170612)
    model = Transformer(**configuration).to(dtype).train()
    views = parameter_views(model, configuration["tied"])
    assert sum(p[rows].numel() for p, rows in views.values()) == sum(p.numel() for p in model.parameters())
    sequences, file = batch()

    with torch.no_grad():
        for name, (parameter, rows) in views.items():
            file[name] = draw(name, tuple(parameter[rows].shape), random)
            parameter[rows] = torch.from_numpy(file[name]).to(dtype)

    def loss_and_outputs():
        outputs = [model(source, inputs) for source, inputs, _ in sequences]
        joined = {name: torch.cat([o[name] for o in outputs]) for name in outputs[0]}
        targets = torch.cat([t for _, _, t in sequences])
        return nn.CrossEntropyLoss(label_smoothing=SMOOTHING)(joined["out.logits"], targets), joined

    optimizer = torch.optim.Adam(model.parameters(), lr=LR, betas=BETAS, eps=EPS)
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss, outputs = loss_and_outputs()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            file["loss"] = np.array([loss.item()])
            file.update({name: value.detach().numpy() for name, value in outputs.items()})
            file.update({f"grad.{name}": p.grad[rows].numpy().copy() for name, (p, rows) in views.items()})
        optimizer.step()
    losses.append(loss_and_outputs()[0].item())
    file["adam.loss"] = np.array(losses)
    file.update({f"adam.{name}": p[rows].detach().numpy() for name, (p, rows) in views.items()})
    return file


def metadata(configuration):
    """One entry only: safetensors writes several in an order that changes from run to run."""
    settings = dict(configuration, vocab=V, d=D, ffn=FFN, heads=HEADS, layers=LAYERS, label_smoothing=SMOOTHING,
                    adam_steps=STEPS, adam_lr=LR, adam_betas=BETAS, adam_eps=EPS, torch=torch.__version__)
    return {"configuration": json.dumps(settings)}


def without_key_bias(name, values):
    if name.endswith("self.qkv.bias"):
        return np.concatenate([values[:D], values[2 * D:]])
    return values[D:] if name.endswith("cross.kv.bias") else values


def print_float32_distance(configuration):
    exact, rounded = compute(configuration, torch.float64), compute(configuration, torch.float32)
    worst = {}
    for name, value in exact.items():
        group = name.split(".")[0] if name.startswith(("out.", "grad.", "adam.", "loss")) else "input"
        if group == "adam":
            value, rounded[name] = without_key_bias(name, value), without_key_bias(name, rounded[name])
        distance = float(np.max(np.abs(value - rounded[name].astype(np.float64))))
        worst[group] = max(worst.get(group, (0.0, "")), (distance, name))
    for group, (distance, name) in worst.items():
        print(f"  {group:6} {distance:.2e} ({name})")


def main():
    arguments = sys.argv[1:]
    if arguments == ["--float32"]:
        for name, configuration in CONFIGURATIONS.items():
            print(name)
            print_float32_distance(configuration)
        return
    here = os.path.dirname(os.path.abspath(__file__))
    folder = arguments[0] if arguments else os.path.join(here, "..", "golden", "transformer")
    os.makedirs(folder, exist_ok=True)
    for name, configuration in CONFIGURATIONS.items():
        file = compute(configuration, torch.float64)
        file = {key: np.ascontiguousarray(value if value.dtype == np.int32 else value.astype(np.float32))
                for key, value in file.items()}
        path = os.path.join(folder, f"{name}.safetensors")
        save_file(file, path, metadata=metadata(configuration))
        print(f"{name}: loss {file['loss'][0]:.6f}, after {STEPS} steps {file['adam.loss'][-1]:.6f}, "
              f"{os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
