#!/usr/bin/env python3
"""Writes test/golden/ffn/*.safetensors: small feed-forward language models (Bengio et al. 2003) by PyTorch.

Run by hand, never by the tests; needs torch, numpy and safetensors:

    python3 test/oracle/ffn_golden.py [FOLDER]     write the files
    python3 test/oracle/ffn_golden.py --float32    only print how far PyTorch's own float32 is from them

golden.py says what a file holds; here also:

    out.window        [rows, n d] embeddings * sqrt(d) of the last n tokens, the oldest first; bos before a text
"""

import math

import golden
import torch
from torch import nn

V, D = 19, 12
TEXTS = [[5, 17, 9, 9, 3], [], [3, 12, 14, 8, 5, 12, 6]]

CONFIGURATIONS = {
    "tanh_direct": {"window": 3, "activation": "tanh", "hidden": [20], "direct": True, "tied": False, "smoothing": 0.0},
    "relu_sentence_tied": {"window": 9, "activation": "relu", "hidden": [20, D], "direct": False, "tied": True,
                           "smoothing": 0.1},
}


class Ffn(nn.Module):
    def __init__(self, window, activation, hidden, direct, tied, smoothing):
        super().__init__()
        self.window, self.direct, self.act = window, direct, golden.ACTIVATIONS[activation]
        self.table = nn.Parameter(torch.empty(V, D))
        self.hidden = nn.ModuleList(nn.Linear(i, o) for i, o in zip([window * D] + hidden, hidden))
        self.output = nn.Linear(hidden[-1] + (window * D if direct else 0), V)
        if tied:
            self.output.weight = self.table

    def forward(self, ids):
        text = torch.cat([torch.full((self.window - 1,), golden.BOS), ids])
        x = self.table[text.unfold(0, self.window, 1)].flatten(1) * math.sqrt(D)
        h = x
        for layer in self.hidden:
            h = self.act(layer(h))
        return self.output(torch.cat([x, h], 1) if self.direct else h), {"out.window": x}


def compute(configuration, dtype):
    file, texts = golden.text_rows(TEXTS)
    model, views = Ffn(**configuration), golden.Views()
    views.whole("embed", model.table)
    for i, layer in enumerate(model.hidden):
        views.linear(f"hidden{i}", layer)
    if configuration["tied"]:
        views.whole("output.bias", model.output.bias)
    else:
        views.linear("output", model.output)

    def evaluate():
        scores, outputs = zip(*(model(inputs) for inputs, _ in texts))
        targets = torch.cat([t for _, t in texts])
        return golden.cross_entropy(torch.cat(scores), targets, configuration["smoothing"]), golden.joined(outputs)

    return golden.compute(model, views, file, D, evaluate, dtype)


if __name__ == "__main__":
    golden.main("ffn", CONFIGURATIONS, compute, dict(vocab=V, d=D))
