#!/usr/bin/env python3
"""Writes test/golden/rnn/*.safetensors: small recurrent language models and classifiers by PyTorch.

Run by hand, never by the tests; needs torch, numpy and safetensors:

    python3 test/oracle/rnn_golden.py [FOLDER]     write the files
    python3 test/oracle/rnn_golden.py --float32    only print how far PyTorch's own float32 is from them

The layers are torch.rnn_tanh, rnn_relu, lstm and gru themselves, one sequence at a time. PyTorch has two biases where
one is enough: the second is zero here but for the candidate of a GRU. golden.py says what a file holds; here also:

    out.input         [rows, d] embeddings * sqrt(d), of lstm_tied * 2
    out.rnn0 ...      [rows, h] what a layer gives; out.rnn0.back that of its other direction

A stream holds two windows of the same sequences. loss and grad.NAME are those of the second, which begins with the
state that the first has ended with, as a constant; further

    ids.first         [rows] I32 input of the first window, ids.first.target its targets; ids.first.start
    first.loss        [1]
    carry             [sequences, layers h + layers c] the state after the second window: all h, then all c
"""

import math

import golden
import numpy as np
import torch
from torch import nn

V, D, H, CLASSES = 17, 12, 10, 4
TEXTS = [[5, 16, 9, 9, 3], [], [3, 12, 14, 8, 5, 12, 6]]
LABELLED, LABELS = [[5, 14, 9, 9], [2], [3, 12, 11, 8, 5, 12], [7, 16, 3]], [2, 0, 3, 2]
STREAMS = [[4, 9, 3, 16, 8, 8, 2, 5, 11], [2, 7, 3, 3, 10, 12, 2, 2, 6]]
WINDOW = 4

CONFIGURATIONS = {
    "tanh": {"cell": "tanh", "layers": 1, "h": H, "smoothing": 0.0},
    "relu": {"cell": "relu", "layers": 2, "h": D, "tied": True, "smoothing": 0.1},
    "lstm": {"cell": "lstm", "layers": 2, "h": H, "smoothing": 0.0},
    "lstm_tied": {"cell": "lstm", "layers": 1, "h": D, "tied": True, "scale": 2, "smoothing": 0.1},
    "lstm_projected": {"cell": "lstm", "layers": 2, "h": H, "projected": 6, "smoothing": 0.0},
    "gru": {"cell": "gru", "layers": 2, "h": H, "smoothing": 0.0},
    "birnn_last": {"cell": "lstm", "layers": 2, "h": H, "pooling": "last", "smoothing": 0.0},
    "birnn_max": {"cell": "tanh", "layers": 1, "h": H, "pooling": "max", "smoothing": 0.1},
    "birnn_mean": {"cell": "gru", "layers": 2, "h": H, "pooling": "mean", "smoothing": 0.0},
    "birnn_attention": {"cell": "lstm", "layers": 1, "h": H, "pooling": "attention", "smoothing": 0.0},
    "stream_tanh": {"stream": True, "cell": "tanh", "layers": 2, "h": H, "smoothing": 0.0},
    "stream_lstm": {"stream": True, "cell": "lstm", "layers": 2, "h": H, "smoothing": 0.0},
    "stream_lstm_projected": {"stream": True, "cell": "lstm", "layers": 2, "h": H, "projected": 6, "smoothing": 0.0},
    "stream_gru": {"stream": True, "cell": "gru", "layers": 1, "h": H, "smoothing": 0.0},
}
GATES = {"tanh": 1, "relu": 1, "lstm": 4, "gru": 3}


class Direction(nn.Module):
    """The weights of a layer in one direction, as heed has them."""

    def __init__(self, cell, width, h, projected):
        super().__init__()
        gates = GATES[cell] * h
        self.cell, self.h = cell, h
        self.input, self.bias = nn.Parameter(torch.empty(gates, width)), nn.Parameter(torch.empty(gates))
        self.recurrent = nn.Parameter(torch.empty(gates, projected or h))
        self.candidate = nn.Parameter(torch.empty(h)) if cell == "gru" else None
        self.projection = nn.Parameter(torch.empty(projected, h)) if projected else None

    def weights(self):
        zeros = torch.zeros_like(self.bias)
        second = torch.cat([zeros[self.h:], self.candidate]) if self.cell == "gru" else zeros
        return [self.input, self.recurrent, self.bias, second] + ([] if self.projection is None else [self.projection])

    def view(self, name, views):
        views.whole(f"{name}.input.weight", self.input)
        views.whole(f"{name}.input.bias", self.bias)
        views.whole(f"{name}.recurrent.weight", self.recurrent)
        if self.candidate is not None:
            views.whole(f"{name}.recurrent.bias", self.candidate)
        if self.projection is not None:
            views.whole(f"{name}.projection.weight", self.projection)


class Layers(nn.Module):
    def __init__(self, cell, layers, h, projected=0, both=False):
        super().__init__()
        self.cell, self.h, self.p, self.both = cell, h, projected or h, both
        widths = [D] + [self.p * (2 if both else 1)] * (layers - 1)
        self.layers = nn.ModuleList(
            nn.ModuleList(Direction(cell, width, h, projected) for _ in range(2 if both else 1)) for width in widths)

    def forward(self, x, out, states=None):
        """One sequence [rows, d]. states: a list with (h, c) a layer, which is replaced by those at the end."""
        run = {"tanh": torch.rnn_tanh, "relu": torch.rnn_relu, "lstm": torch.lstm, "gru": torch.gru}[self.cell]
        for i, layer in enumerate(self.layers):
            weights = [w for direction in layer for w in direction.weights()]
            h, c = states[i] if states else (x.new_zeros(len(layer), 1, self.p), x.new_zeros(len(layer), 1, self.h))
            hidden = (h, c) if self.cell == "lstm" else h
            x, *end = run(x[:, None], hidden, weights, True, 1, 0.0, True, self.both, False)
            x = x[:, 0]
            out[f"out.rnn{i}"] = x[:, :self.p]
            if self.both:
                out[f"out.rnn{i}.back"] = x[:, self.p:]
            if states:
                states[i] = (end[0], end[-1])
        return x

    def view(self, views):
        for i, layer in enumerate(self.layers):
            for direction, name in zip(layer, ["", ".back"]):
                direction.view(f"rnn{i}{name}", views)


class Model(nn.Module):
    """`pooling` makes a classifier of it."""

    def __init__(self, cell, layers, h, projected=0, tied=False, scale=math.sqrt(D), pooling=None):
        super().__init__()
        self.scale = scale
        self.table = nn.Parameter(torch.empty(V, D))
        self.layers = Layers(cell, layers, h, projected, both=pooling is not None)
        self.pooling, self.width = pooling, (projected or h) * (2 if pooling else 1)
        self.output = nn.Linear(self.width, CLASSES if pooling else V)
        if tied:
            self.output.weight = self.table
        if pooling == "attention":
            self.query = nn.Parameter(torch.empty(1, self.width))
            self.keys = nn.Parameter(torch.empty(self.width, self.width))
            self.score = nn.Parameter(torch.empty(self.width))

    def pool(self, y):
        if self.pooling == "last":
            return torch.cat([y[-1, :self.width // 2], y[0, self.width // 2:]])
        if self.pooling == "attention":
            return (torch.tanh(self.query + y @ self.keys.T) @ self.score).softmax(0) @ y
        return y.amax(0) if self.pooling == "max" else y.mean(0)

    def forward(self, ids, states=None):
        out = {"out.input": self.table[ids] * self.scale}
        y = self.layers(out["out.input"], out, states)
        return self.output(self.pool(y)[None] if self.pooling else y), out

    def views(self):
        views = golden.Views()
        views.whole("embed", self.table)
        self.layers.view(views)
        if self.pooling == "attention":
            views.whole("attention.query", self.query)
            views.whole("attention.keys.weight", self.keys)
            views.whole("attention.score", self.score)
        if self.output.weight is self.table:
            views.whole("output.bias", self.output.bias)
        else:
            views.linear("output", self.output)
        return views


def stream_windows():
    """(input, target) of each sequence, for the two windows."""
    return [[(torch.tensor(s[w:w + WINDOW]), torch.tensor(s[w + 1:w + WINDOW + 1])) for s in STREAMS]
            for w in (0, WINDOW)]


def window_rows(name, window):
    return golden.rows(name, [i.tolist() for i, _ in window]) | {
        f"ids.{name}.target": torch.cat([t for _, t in window]).to(torch.int32).numpy()}


def compute_stream(model, smoothing, dtype):
    first, second = stream_windows()
    file = window_rows("first", first) | window_rows("second", second)
    depth = len(model.layers.layers)

    def run(window, states):
        scores, _ = zip(*(model(i, s) for (i, _), s in zip(window, states)))
        return golden.cross_entropy(torch.cat(scores), torch.cat([t for _, t in window]), smoothing)

    def evaluate():
        states = [[(torch.zeros(1, 1, model.layers.p, dtype=dtype), torch.zeros(1, 1, model.layers.h, dtype=dtype))
                   for _ in range(depth)] for _ in STREAMS]
        with torch.no_grad():
            file["first.loss"] = run(first, states)[None].numpy()
        loss = run(second, states)
        parts = (0, 1) if model.layers.cell == "lstm" else (0,)
        carry = torch.stack([torch.cat([s[l][part].flatten() for part in parts for l in range(depth)]) for s in states])
        file.setdefault("carry", carry.detach().numpy())
        file.setdefault("kept.loss", file["first.loss"])
        return loss, {}

    golden.compute(model, model.views(), file, D, evaluate, dtype)
    file["first.loss"] = file.pop("kept.loss")
    return file


def compute(configuration, dtype):
    settings = dict(configuration)
    smoothing, stream = settings.pop("smoothing"), settings.pop("stream", False)
    model = Model(**settings)
    if stream:
        return compute_stream(model, smoothing, dtype)
    if model.pooling:
        file = golden.rows("source", LABELLED) | {"ids.labels": np.array(LABELS, dtype=np.int32)}
        texts = [(torch.tensor(t), torch.tensor([l])) for t, l in zip(LABELLED, LABELS)]
    else:
        file, texts = golden.text_rows(TEXTS)

    def evaluate():
        scores, outputs = zip(*(model(ids) for ids, _ in texts))
        return golden.cross_entropy(torch.cat(scores), torch.cat([t for _, t in texts]), smoothing), golden.joined(outputs)

    return golden.compute(model, model.views(), file, D, evaluate, dtype)


if __name__ == "__main__":
    golden.main("rnn", CONFIGURATIONS, compute, dict(vocab=V, d=D, classes=CLASSES, window=WINDOW))
