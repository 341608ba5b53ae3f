#!/usr/bin/env python3
"""Writes test/golden/transformer/*.safetensors: small encoder-decoder Transformers computed by PyTorch.

Run by hand, never by the tests; needs torch, numpy and safetensors:

    python3 test/oracle/transformer_golden.py [FOLDER]     write the files
    python3 test/oracle/transformer_golden.py --float32    only print how far PyTorch's own float32 is from them

The layers are torch.nn.TransformerEncoderLayer and torch.nn.TransformerDecoderLayer themselves, without dropout,
run sequence by sequence, so there is no padding and no padding mask. golden.py says what a file holds; here also:

    out.source        [source rows, d] embedding * sqrt(d) + position; out.input the same for the decoder
    out.enc0 ...      [source rows, d] output of each encoder layer; out.enc the same after the final norm, if any
    out.dec0 ...      [target rows, d] output of each decoder layer; out.dec after the final norm, if any
    out.logits        [target rows, V]
"""

import math

import golden
import torch
from golden import ACTIVATIONS, EOS
from torch import nn

V, D, FFN, HEADS, LAYERS = 23, 16, 24, 2, 2
SMOOTHING = 0.1

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
        return matrix[ids] * math.sqrt(D) + golden.sinusoids(len(ids), D, matrix.dtype)

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
    views = golden.Views()
    if tied:
        views.whole("embed", model.source)
    else:
        views.whole("embed.source", model.source)
        views.whole("embed.target", model.target)
        views.whole("output.weight", model.output)
    for i, layer in enumerate(model.enc):
        views.self_attention(f"enc{i}.self", layer.self_attn, layer.norm1)
        views.feed_forward(f"enc{i}.ffn", layer, layer.norm2)
    for i, layer in enumerate(model.dec):
        views.self_attention(f"dec{i}.self", layer.self_attn, layer.norm1)
        views.cross_attention(f"dec{i}.cross", layer.multihead_attn, layer.norm2)
        views.feed_forward(f"dec{i}.ffn", layer, layer.norm3)
    for side, norm in (("enc", model.enc_norm), ("dec", model.dec_norm)):
        if isinstance(norm, nn.LayerNorm):
            views.linear(f"{side}.norm", norm)
    return views


def compute(configuration, dtype):
    sources = [s + [EOS] for s, _ in PAIRS]
    file, texts = golden.text_rows([t for _, t in PAIRS])
    file = {**golden.rows("source", sources), **file}
    model = Transformer(**configuration)

    def evaluate():
        out = golden.joined([model(torch.tensor(s), i) for s, (i, _) in zip(sources, texts)])
        return golden.cross_entropy(out["out.logits"], torch.cat([t for _, t in texts]), SMOOTHING), out

    views = parameter_views(model, configuration["tied"])
    return golden.compute(model, views, file, D, evaluate, dtype)


if __name__ == "__main__":
    golden.main("transformer", CONFIGURATIONS, compute,
                dict(vocab=V, d=D, ffn=FFN, heads=HEADS, layers=LAYERS, label_smoothing=SMOOTHING))
