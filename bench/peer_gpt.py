#!/usr/bin/env python3
"""The opponent of heed's language model: a decoder-only Transformer in PyTorch, on the processor.

    python3 bench/peer_gpt.py --batches text.batches [options]     `<TAB>ids` a line, one behind each batch empty

The model is that of nanoGPT's example for a processor: 4 pre-norm layers, d = 128, ffn = 512, 4 heads, learned
positions, one matrix for embeddings and output, no dropout, AdamW. What was tried and kept: one product for queries,
keys and values, scaled_dot_product_attention, fused AdamW, memory kept by the allocator, torch.compile (--compile).
The texts of a batch must have one length. One JSON object goes to standard output, with rates as in peer_train.py.
"""

import argparse
import json

from peer_train import BOS, EOS, keep_memory, read_batches, time_steps


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batches", required=True)
    parser.add_argument("--vocab", type=int, default=68)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--warmup", type=int, default=10)
    parser.add_argument("--block", type=int, default=10)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--ffn", type=int, default=512)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--compile", action="store_true")
    return parser.parse_args()


def build(chosen, torch):
    from torch import nn
    from torch.nn import functional as F

    d, heads = chosen.width, chosen.heads

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
            self.up, self.down = nn.Linear(d, chosen.ffn), nn.Linear(chosen.ffn, d)
            self.before, self.between = nn.LayerNorm(d), nn.LayerNorm(d)

        def forward(self, x):
            q, k, v = self.qkv(self.before(x)).unflatten(-1, (3, heads, d // heads)).permute(2, 0, 3, 1, 4)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).flatten(2))
            return x + self.down(F.gelu(self.up(self.between(x))))

    class Gpt(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.places = nn.Embedding(chosen.vocab, d), nn.Embedding(chosen.window, d)
            self.layers = nn.Sequential(*(Layer() for _ in range(chosen.layers)))
            self.norm = nn.LayerNorm(d)
            for parameter in self.parameters():
                if parameter.dim() == 2:
                    nn.init.normal_(parameter, std=0.02)

        def forward(self, inputs, targets):
            x = self.tokens(inputs) + self.places.weight[: inputs.shape[1]]
            scores = self.norm(self.layers(x)) @ self.tokens.weight.T
            return F.cross_entropy(scores.float().flatten(0, 1), targets.flatten())

    return Gpt()


def measure(chosen, torch):
    torch.manual_seed(1)
    torch.set_num_threads(chosen.threads)
    torch.set_flush_denormal(True)
    groups = [[text for _, text in group] for group in read_batches(chosen.batches)]
    batches = [(torch.tensor([[BOS] + t for t in group]), torch.tensor([t + [EOS] for t in group]),
                sum(len(t) + 1 for t in group)) for group in groups]
    model = build(chosen, torch)
    run = torch.compile(model) if chosen.compile else model
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), fused=True)

    def step(number):
        inputs, targets, tokens = batches[number % len(batches)]
        with torch.autocast("cpu", torch.bfloat16, enabled=chosen.precision == "bf16"):
            loss = run(inputs, targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        return loss.item(), tokens

    return {"torch": torch.__version__, "threads": chosen.threads, "precision": chosen.precision,
            "compile": chosen.compile, "vocabulary": chosen.vocab,
            "parameters": sum(p.numel() for p in model.parameters()), "batches": len(batches),
            "tokens_an_epoch": sum(batch[2] for batch in batches), "steps": chosen.steps, **time_steps(chosen, step)}


def main():
    keep_memory()
    chosen = options()
    import torch

    print(json.dumps(measure(chosen, torch)))


if __name__ == "__main__":
    main()
