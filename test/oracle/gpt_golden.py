#!/usr/bin/env python3
"""Writes test/golden/gpt/*.safetensors: small decoder-only Transformers computed by PyTorch.

Run by hand, never by the tests; needs torch, numpy and safetensors:

    python3 test/oracle/gpt_golden.py [FOLDER]     write the files
    python3 test/oracle/gpt_golden.py --float32    only print how far PyTorch's own float32 is from them

golden.py says what a file holds; here also:

    out.input         [rows, d] embedding * sqrt(d) + position, or with learned positions embedding + position
    out.dec0 ...      [rows, d] output of each layer; out.dec the same after the final norm, if any
"""

import math

import golden
import torch
from torch import nn

V, D, FFN, LAYERS, LONGEST = 19, 16, 24, 2, 8

# Token ids without bos and eos; one text is empty, as the shortest case there is.
TEXTS = [[5, 17, 9, 9, 3], [], [3, 12, 14, 8, 5, 12, 6]]

CONFIGURATIONS = {
    "pre_learned_tied": {"norm": "pre", "tied": True, "activation": "gelu", "position": "learned", "heads": 4,
                         "projections": "full", "smoothing": 0.0},
    "post_sincos_plain": {"norm": "post", "tied": False, "activation": "swish", "position": "sincos", "heads": 1,
                          "projections": "none", "smoothing": 0.1},
}


class Gpt(nn.Module):
    def __init__(self, norm, tied, activation, position, heads, projections, smoothing):
        super().__init__()
        self.table = nn.Parameter(torch.empty(V, D))
        self.output = self.table if tied else nn.Parameter(torch.empty(V, D))
        self.places = nn.Parameter(torch.empty(LONGEST, D)) if position == "learned" else None
        self.stack = golden.Stack("dec", LAYERS, D, heads, FFN, norm, activation, projections, causal=True)

    def forward(self, ids):
        places = golden.sinusoids(len(ids), D, self.table.dtype) if self.places is None else self.places[: len(ids)]
        scale = math.sqrt(D) if self.places is None else 1
        out = {"out.input": self.table[ids] * scale + places}
        return self.stack(out["out.input"], out) @ self.output.T, out


def compute(configuration, dtype):
    file, texts = golden.text_rows(TEXTS)
    model, views = Gpt(**configuration), golden.Views()
    views.whole("embed", model.table)
    if model.output is not model.table:
        views.whole("output.weight", model.output)
    if model.places is not None:
        views.whole("positions", model.places)
    model.stack.view(views)

    def evaluate():
        scores, outputs = zip(*(model(inputs) for inputs, _ in texts))
        targets = torch.cat([t for _, t in texts])
        return golden.cross_entropy(torch.cat(scores), targets, configuration["smoothing"]), golden.joined(outputs)

    return golden.compute(model, views, file, D, evaluate, dtype)


if __name__ == "__main__":
    golden.main("gpt", CONFIGURATIONS, compute, dict(vocab=V, d=D, ffn=FFN, layers=LAYERS, longest=LONGEST))
