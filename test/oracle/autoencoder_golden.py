#!/usr/bin/env python3
"""Writes test/golden/autoencoder/*.safetensors: one-hot tokens through an embedding and back, by PyTorch.

Run by hand, never by the tests; needs torch, numpy and safetensors:

    python3 test/oracle/autoencoder_golden.py [FOLDER]     write the files
    python3 test/oracle/autoencoder_golden.py --float32    only print how far PyTorch's own float32 is from them

golden.py says what a file holds; here also:

    out.code          [rows, d] embeddings of the targets
"""

import golden
import torch
from torch import nn
from torch.nn import functional as F

V, D = 21, 8
TEXTS = [[5, 17, 9, 9, 3], [], [20, 12, 14, 8, 5, 12, 6]]

CONFIGURATIONS = {
    "cross_entropy": {"loss": "cross-entropy", "tied": False},
    "squared_l2": {"loss": "squared-l2", "tied": False},
    "squared_l2_tied": {"loss": "squared-l2", "tied": True},
}


class Autoencoder(nn.Module):
    def __init__(self, loss, tied):
        super().__init__()
        self.squared = loss == "squared-l2"
        self.table = nn.Parameter(torch.empty(V, D))
        self.back = self.table if tied else nn.Parameter(torch.empty(V, D))

    def forward(self, ids):
        one_hot = F.one_hot(ids, V).to(self.table.dtype)
        code = one_hot @ self.table
        scores = code @ self.back.T
        loss = ((one_hot - scores) ** 2).sum(1).mean() if self.squared else F.cross_entropy(scores, ids)
        return loss, {"out.code": code}


def compute(configuration, dtype):
    file, texts = golden.text_rows(TEXTS)
    model, views = Autoencoder(**configuration), golden.Views()
    views.whole("embed", model.table)
    if not configuration["tied"]:
        views.whole("output.weight", model.back)
    targets = torch.cat([t for _, t in texts])
    return golden.compute(model, views, file, D, lambda: model(targets), dtype)


if __name__ == "__main__":
    golden.main("autoencoder", CONFIGURATIONS, compute, dict(vocab=V, d=D))
