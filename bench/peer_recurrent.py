#!/usr/bin/env python3
"""The opponent of heed's recurrent language models: torch.nn.LSTM, RNN or GRU, on the processor.

    python3 bench/peer_recurrent.py --batches text.batches --cell lstm [options]  `<TAB>ids` a line, an empty one behind
                                                                                  each batch

Embeddings, layers, one linear map to the vocabulary, with the embeddings' matrix when --tied; the state goes on from
batch to batch, gradients end at the batch; clipping, Adam. The texts of a batch must have one length. What was tried
and kept: time before batch, fused Adam, clipping of all gradients in one call, memory kept by the allocator, and
peer_train.py's softmax in blocks that stay in the cache; --plain leaves that last one away and is what most people
write. One JSON object goes to standard output, with rates as in peer_train.py.
"""

import argparse
import json
import math

from peer_train import BOS, EOS, blocked_loss, keep_memory, read_batches, time_steps


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--batches", required=True)
    parser.add_argument("--cell", choices=["tanh", "relu", "lstm", "gru"], default="lstm")
    parser.add_argument("--vocab", type=int, default=10000)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--width", type=int, default=200)
    parser.add_argument("--hidden", type=int, default=200)
    parser.add_argument("--tied", action="store_true")
    parser.add_argument("--dropout", type=float, default=0.2, help="of embeddings, between layers, before the output")
    parser.add_argument("--clip", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--block", type=int, default=10)
    parser.add_argument("--plain", action="store_true", help="torch's own cross-entropy")
    parser.add_argument("--loss-rows", type=int, default=256, help="rows of a block of the vocabulary's softmax")
    parser.add_argument("--compile", action="store_true")
    return parser.parse_args()


def build(chosen, torch):
    from torch import nn
    from torch.nn import functional as F

    kinds = {"lstm": (nn.LSTM, {}), "gru": (nn.GRU, {}), "tanh": (nn.RNN, {"nonlinearity": "tanh"}),
             "relu": (nn.RNN, {"nonlinearity": "relu"})}
    in_blocks = blocked_loss(torch, chosen.loss_rows)

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            kind, more = kinds[chosen.cell]
            self.embed = nn.Embedding(chosen.vocab, chosen.width)
            self.layers = kind(chosen.width, chosen.hidden, chosen.layers,
                               dropout=chosen.dropout if chosen.layers > 1 else 0, **more)
            self.output = nn.Linear(chosen.hidden, chosen.vocab)
            nn.init.normal_(self.embed.weight, std=chosen.width**-0.5)
            nn.init.zeros_(self.output.bias)
            if chosen.tied:
                self.output.weight = self.embed.weight

        def forward(self, inputs, state):
            x = F.dropout(self.embed(inputs) * math.sqrt(chosen.width), chosen.dropout)
            y, state = self.layers(x, state)
            return F.dropout(y, chosen.dropout).flatten(0, 1), state

        def loss(self, y, targets):
            if chosen.plain:
                return F.cross_entropy(self.output(y), targets)
            return in_blocks(y, self.output.weight, self.output.bias, targets, 0.0)

    return Recurrent()


def parameters(model, cell):
    """Their number. PyTorch adds up two biases where heed has one, but for a third of a GRU's."""
    second = sum(p.numel() for name, p in model.named_parameters() if name.startswith("layers.bias_hh"))
    return sum(p.numel() for p in model.parameters()) - (second * 2 // 3 if cell == "gru" else second)


def measure(chosen, torch):
    torch.manual_seed(1)
    torch.set_num_threads(chosen.threads)
    torch.set_flush_denormal(True)
    groups = [[text for _, text in group] for group in read_batches(chosen.batches)]
    batches = [(torch.tensor([[BOS] + t for t in group]).T.contiguous(),
                torch.tensor([t + [EOS] for t in group]).T.flatten(), sum(len(t) + 1 for t in group))
               for group in groups]
    model = build(chosen, torch)
    run = torch.compile(model) if chosen.compile else model
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999), fused=True)
    kept = [None]

    def step(number):
        inputs, targets, tokens = batches[number % len(batches)]
        y, state = run(inputs, kept[0])
        kept[0] = tuple(s.detach() for s in state) if chosen.cell == "lstm" else state.detach()
        loss = model.loss(y, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), chosen.clip, foreach=True)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        return loss.item(), tokens

    return {"torch": torch.__version__, "threads": chosen.threads, "cell": chosen.cell, "plain": chosen.plain,
            "compile": chosen.compile, "vocabulary": chosen.vocab, "parameters": parameters(model, chosen.cell),
            "batches": len(batches), "tokens_an_epoch": sum(batch[2] for batch in batches), "steps": chosen.steps,
            **time_steps(chosen, step)}


def main():
    keep_memory()
    chosen = options()
    import torch

    print(json.dumps(measure(chosen, torch)))


if __name__ == "__main__":
    main()
