#!/usr/bin/env python3
"""Writes test/golden/seq2seq/*.safetensors: small recurrent encoder-decoders, with and without attention, by PyTorch.

Run by hand, never by the tests; needs torch, numpy and safetensors:

    python3 test/oracle/seq2seq_golden.py [FOLDER]     write the files
    python3 test/oracle/seq2seq_golden.py --float32    only print how far PyTorch's own float32 is from them

The layers are torch.rnn_tanh, lstm and gru themselves, one sequence at a time; the decoder with attention calls them
one token at a time, with the context beside the embedding. rnn_golden.py has the weights of a layer, golden.py says
what a file holds; here also:

    out.source        [source rows, d] embeddings * sqrt(d); out.input those of the target
    out.memory        [source rows, m] what the encoder's last layer gives
    out.states        [target rows, h] what the decoder's last layer gives
    out.readout       [target rows, r] what the output reads
    out.contexts      [target rows, m] what each of them sees of the source, with attention
"""

import math

import golden
import torch
from golden import EOS
from rnn_golden import Direction
from torch import nn

V, D, H, A = 17, 8, 6, 5

# Token ids without bos and eos. One source and one target are empty, and two targets are equally long.
PAIRS = [
    ([5, 16, 9, 9], [11, 4, 12]),
    ([], [7, 7, 16, 3, 15]),
    ([3, 12, 14, 8, 5, 12], []),
    ([8, 4], [5, 13, 6]),
]

CONFIGURATIONS = {
    "lstm": {"cell": "lstm", "layers": 2, "encoder": "forward", "readout": False, "tie": "none", "smoothing": 0.0},
    "lstm_both": {"cell": "lstm", "layers": 2, "encoder": "both", "encoder_hidden": 4, "tie": "target", "smoothing": 0.0},
    "rnn_backward": {"cell": "tanh", "layers": 1, "encoder": "backward", "tie": "all", "smoothing": 0.1},
    "gru_context": {"cell": "gru", "layers": 2, "encoder": "both", "context": True, "tie": "target", "smoothing": 0.1},
    "gru_direct": {"cell": "gru", "layers": 1, "encoder": "forward", "context": True, "readout": False, "tie": "none",
                   "smoothing": 0.0},
    "gru_additive": {"cell": "gru", "layers": 1, "encoder": "both", "encoder_hidden": 4, "score": "additive",
                     "tie": "target", "smoothing": 0.1},
    "lstm_general": {"cell": "lstm", "layers": 2, "encoder": "both", "score": "general", "readout": False,
                     "tie": "none", "smoothing": 0.0},
    "rnn_dot": {"cell": "tanh", "layers": 2, "encoder": "forward", "score": "dot", "tie": "all", "smoothing": 0.0},
}
RUN = {"tanh": torch.rnn_tanh, "lstm": torch.lstm, "gru": torch.gru}


def call(cell, x, h, c, directions):
    """x [rows, in]; h, c [directions, 1, h]. Gives y [rows, directions h] and the states after it."""
    weights = [w for direction in directions for w in direction]
    hidden = (h, c) if cell == "lstm" else h
    y, *end = RUN[cell](x[:, None], hidden, weights, True, 1, 0.0, True, len(directions) == 2, False)
    return y[:, 0], end[0], end[-1]


class Stack(nn.Module):
    def __init__(self, cell, layers, width, h, both=False):
        super().__init__()
        self.cell, self.h = cell, h
        widths = [width] + [h * (2 if both else 1)] * (layers - 1)
        self.layers = nn.ModuleList(
            nn.ModuleList(Direction(cell, w, h, 0) for _ in range(2 if both else 1)) for w in widths)

    def weights(self, i):
        return [direction.weights() for direction in self.layers[i]]

    def forward(self, x, states=None):
        """One sequence. states: (h, c) of each layer, zeros without; gives also those at the end."""
        ends = []
        for i, layer in enumerate(self.layers):
            zeros = x.new_zeros(len(layer), 1, self.h)
            h, c = states[i] if states else (zeros, zeros)
            x, h, c = call(self.cell, x, h, c, self.weights(i))
            ends.append((h, c))
        return x, ends

    def view(self, views, name):
        for i, layer in enumerate(self.layers):
            for direction, back in zip(layer, ["", ".back"]):
                direction.view(f"{name}{i}{back}", views)


class Model(nn.Module):
    def __init__(self, cell, layers, encoder, tie, encoder_hidden=H, context=False, score=None, readout=True):
        super().__init__()
        self.cell, self.direction, self.score, self.every_step = cell, encoder, score, context
        both = encoder == "both"
        memory = encoder_hidden * (2 if both else 1)
        seen = memory if score else H if context else 0
        self.source = nn.Parameter(torch.empty(V, D))
        self.target = self.source if tie == "all" else nn.Parameter(torch.empty(V, D))
        self.encoder, self.decoder = Stack(cell, layers, D, encoder_hidden, both), Stack(cell, layers, D, H)
        self.bridges_h = nn.ModuleList(nn.Linear(memory, H) for _ in range(layers if both else 0))
        self.bridges_c = nn.ModuleList(
            nn.Linear(memory, H, bias=False) for _ in range(layers if both and cell == "lstm" else 0))
        first = self.decoder.layers[0][0].input
        self.fed = nn.Parameter(torch.empty(first.shape[0], seen)) if seen else None
        asks = {"additive": A, "general": memory}.get(score)
        self.query = nn.Linear(H, asks, bias=False) if asks else None
        self.keys = nn.Linear(memory, A, bias=False) if score == "additive" else None
        self.weight = nn.Parameter(torch.empty(A)) if score == "additive" else None
        read = H + (seen + D if seen else 0)
        self.readout = nn.Linear(read, D) if readout else None
        self.output = nn.Linear(D if readout else read, V)
        if tie in ("target", "all"):
            self.output.weight = self.target

    def bridge(self, ends):
        if not self.bridges_h:
            return ends
        sides = [[s.flatten() for s in (h, c)] for h, c in ends]  # both directions side by side
        h = [torch.tanh(b(s[0]))[None, None] for b, s in zip(self.bridges_h, sides)]
        c = [b(s[1])[None, None] for b, s in zip(self.bridges_c, sides)] or h
        return list(zip(h, c))

    def encode(self, x):
        if self.direction != "backward":
            return self.encoder(x)
        y, ends = self.encoder(x.flip(0))
        return y.flip(0), ends

    def fed_weights(self):
        (input, *rest), = self.decoder.weights(0)
        return [[torch.cat([input, self.fed], 1), *rest]]

    def attend(self, h, memory):
        if self.score == "additive":
            scores = torch.tanh(self.query(h) + self.keys(memory)) @ self.weight
        else:
            scores = memory @ (self.query(h) if self.query else h)
        return scores.softmax(0) @ memory

    def first_layer(self, embedded, memory, state):
        """The states and contexts of all steps, when the state asks."""
        weights, (h, c) = self.fed_weights(), state
        ys, contexts = [], []
        for e in embedded:
            context = self.attend(h[0, 0], memory)
            y, h, c = call(self.cell, torch.cat([e, context])[None], h, c, weights)
            ys.append(y)
            contexts.append(context)
        return torch.cat(ys), torch.stack(contexts)

    def forward(self, source_ids, input_ids):
        x, e = self.source[source_ids] * math.sqrt(D), self.target[input_ids] * math.sqrt(D)
        memory, ends = self.encode(x)
        out = {"out.source": x, "out.input": e, "out.memory": memory}
        states = self.bridge(ends)
        context = None
        if self.score:
            y, context = self.first_layer(e, memory, states[0])
            out["out.contexts"] = context
        elif self.every_step:
            context = states[-1][0][0].expand(len(e), -1)
            y, *_ = call(self.cell, torch.cat([e, context], 1), *states[0], self.fed_weights())
        else:
            y, *_ = call(self.cell, e, *states[0], self.decoder.weights(0))
        for i, state in enumerate(states[1:], 1):
            y, *_ = call(self.cell, y, *state, self.decoder.weights(i))
        out["out.states"] = y
        if context is not None:
            y = torch.cat([y, context, e], 1)
        y = out["out.readout"] = torch.tanh(self.readout(y)) if self.readout else y
        return self.output(y), out

    def views(self):
        views = golden.Views()
        if self.target is self.source:
            views.whole("embed", self.source)
        else:
            views.whole("embed.source", self.source)
            views.whole("embed.target", self.target)
        self.encoder.view(views, "enc")
        self.decoder.view(views, "dec")
        for i, b in enumerate(self.bridges_h):
            views.linear(f"bridge{i}.h", b)
        for i, b in enumerate(self.bridges_c):
            views.whole(f"bridge{i}.c.weight", b.weight)
        for name, p in [("dec0.context.weight", self.fed), ("dec0.cross.score", self.weight)]:
            if p is not None:
                views.whole(name, p)
        for name, linear in [("query", self.query), ("keys", self.keys)]:
            if linear is not None:
                views.whole(f"dec0.cross.{name}.weight", linear.weight)
        if self.readout:
            views.linear("readout", self.readout)
        if self.output.weight is self.target:
            views.whole("output.bias", self.output.bias)
        else:
            views.linear("output", self.output)
        return views


def compute(configuration, dtype):
    settings = dict(configuration)
    smoothing = settings.pop("smoothing")
    sources = [s + [EOS] for s, _ in PAIRS]
    file, texts = golden.text_rows([t for _, t in PAIRS])
    file = {**golden.rows("source", sources), **file}
    model = Model(**settings)

    def evaluate():
        scores, outputs = zip(*(model(torch.tensor(s), i) for s, (i, _) in zip(sources, texts)))
        targets = torch.cat([t for _, t in texts])
        return golden.cross_entropy(torch.cat(scores), targets, smoothing), golden.joined(outputs)

    return golden.compute(model, model.views(), file, D, evaluate, dtype)


if __name__ == "__main__":
    golden.main("seq2seq", CONFIGURATIONS, compute, dict(vocab=V, d=D, h=H, attention=A))
