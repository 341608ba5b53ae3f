#!/usr/bin/env python3
"""Writes test/golden/classifier/*.safetensors: a Transformer encoder and deep averaging networks by PyTorch.

Run by hand, never by the tests; needs torch, numpy and safetensors:

    python3 test/oracle/classifier_golden.py [FOLDER]     write the files
    python3 test/oracle/classifier_golden.py --float32    only print how far PyTorch's own float32 is from them

golden.py says what a file holds; here also:

    out.source, out.enc0 ..., out.enc     [rows, d] as in a Transformer
    out.pooled        [texts, d] one vector a text: mean, maximum or first row
    out.mean          [texts, d] mean of the embeddings * sqrt(d)
"""

import math

import golden
import torch
from torch import nn

V, D, FFN, HEADS, LAYERS, CLASSES = 17, 16, 24, 2, 2, 4
TEXTS, LABELS = [[5, 14, 9, 9], [2], [3, 12, 11, 8, 5, 12], [7, 16, 3]], [2, 0, 3, 2]

CONFIGURATIONS = {
    "encoder_pre_mean": {"family": "encoder", "norm": "pre", "activation": "gelu", "pooling": "mean", "smoothing": 0.0},
    "encoder_post_max": {"family": "encoder", "norm": "post", "activation": "relu", "pooling": "max", "smoothing": 0.1},
    "encoder_pre_first": {"family": "encoder", "norm": "pre", "activation": "swish", "pooling": "first",
                          "smoothing": 0.0},
    "dan_relu": {"family": "dan", "activation": "relu", "hidden": [24, 24], "smoothing": 0.1},
    "dan_tanh": {"family": "dan", "activation": "tanh", "hidden": [20, 20, 20], "smoothing": 0.0},
}
POOLS = {"mean": lambda x: x.mean(0), "max": lambda x: x.amax(0), "first": lambda x: x[0]}


class Encoder(nn.Module):
    def __init__(self, norm, activation, pooling):
        super().__init__()
        self.table = nn.Parameter(torch.empty(V, D))
        self.stack = golden.Stack("enc", LAYERS, D, HEADS, FFN, norm, activation)
        self.pool = POOLS[pooling]
        self.output = nn.Linear(D, CLASSES)

    def forward(self, ids):
        x = self.table[ids] * math.sqrt(D) + golden.sinusoids(len(ids), D, self.table.dtype)
        out = {"out.source": x}
        out["out.pooled"] = self.pool(self.stack(x, out))[None]
        return self.output(out["out.pooled"]), out

    def view(self, views):
        self.stack.view(views)


class Dan(nn.Module):
    def __init__(self, activation, hidden):
        super().__init__()
        self.table = nn.Parameter(torch.empty(V, D))
        self.hidden = nn.ModuleList(nn.Linear(i, o) for i, o in zip([D] + hidden, hidden))
        self.output = nn.Linear(hidden[-1], CLASSES)
        self.act = golden.ACTIVATIONS[activation]

    def forward(self, ids):
        x = out = self.table[ids].mean(0)[None] * math.sqrt(D)
        for layer in self.hidden:
            x = self.act(layer(x))
        return self.output(x), {"out.mean": out}

    def view(self, views):
        for i, layer in enumerate(self.hidden):
            views.linear(f"hidden{i}", layer)


def compute(configuration, dtype):
    settings = dict(configuration)
    smoothing, family = settings.pop("smoothing"), settings.pop("family")
    file = golden.rows("source", TEXTS)
    file["ids.labels"] = torch.tensor(LABELS, dtype=torch.int32).numpy()
    model, views = {"encoder": Encoder, "dan": Dan}[family](**settings), golden.Views()
    views.whole("embed", model.table)
    model.view(views)
    views.linear("output", model.output)

    def evaluate():
        scores, outputs = zip(*(model(torch.tensor(text)) for text in TEXTS))
        return golden.cross_entropy(torch.cat(scores), torch.tensor(LABELS), smoothing), golden.joined(outputs)

    return golden.compute(model, views, file, D, evaluate, dtype)


if __name__ == "__main__":
    golden.main("classifier", CONFIGURATIONS, compute,
                dict(vocab=V, d=D, ffn=FFN, heads=HEADS, layers=LAYERS, classes=CLASSES))
