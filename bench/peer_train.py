#!/usr/bin/env python3
"""The opponent for training speed: Transformer-Tiny in PyTorch, on the processor, made as fast as PyTorch lets us.

    python3 bench/peer_train.py --src train.en --tgt train.de [options]    raw text; BPE by sentencepiece
    python3 bench/peer_train.py --ids train.ids [options]                  `source ids<TAB>target ids` a line
    python3 bench/peer_train.py --batches train.batches [options]          the same, an empty line behind each batch

The model is the one of Wu et al. 2021 for Multi30k: 4 + 4 post-norm layers, d = 128, ffn = 256, 4 heads, one matrix
for both embeddings and the output, dropout 0.3 (also on attention weights), label smoothing 0.1, Adam. A batch holds
n pairs of like length with n * longest <= 4096. Ids in a file lack bos and eos; they are added here.

What was tried and kept: fused query-key-value and key-value projections, fused Adam, padding dropped before the
vocabulary, the vocabulary's softmax and its gradient computed in blocks of rows that stay in the cache, dropout from
one byte of noise an element drawn once a step (F.dropout draws element by element on one thread), memory kept by the
allocator between steps, torch.compile for everything but the vocabulary (--compile). --plain takes the last four
tricks away and leaves what most people would write.

One JSON object goes to standard output. Rates are source + target tokens a second, eos counted, padding not;
`best` is the best run of --block steps in a row, `median` that of all such runs. On a machine that others use too,
`per_processor_second` with --threads 1 still tells variants apart.
"""

import argparse
import json
import math
import os
import random
import resource
import sys
import time

# Read by glibc at start only: keep freed memory instead of giving tens of megabytes back to the kernel every step.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "8589934592",
             "MALLOC_TOP_PAD_": "67108864"}
BOS, EOS = 1, 2
LOG2E = math.log2(math.e)


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ids")
    parser.add_argument("--batches")
    parser.add_argument("--src")
    parser.add_argument("--tgt")
    parser.add_argument("--vocab", type=int, default=10000)
    parser.add_argument("--spm", default="", help="sentencepiece model to use, or to make and keep")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--warmup", type=int, default=10)
    parser.add_argument("--block", type=int, default=10)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--attention-dropout", type=float, default=0.3)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--ffn", type=int, default=256)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--attention", choices=["bmm", "sdpa"], default="bmm")
    parser.add_argument("--plain", action="store_true", help="torch's own dropout and cross-entropy, no tricks")
    parser.add_argument("--loss-rows", type=int, default=256, help="rows of a block of the vocabulary's softmax")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--profile", action="store_true", help="print PyTorch's table of operators to standard error")
    chosen = parser.parse_args()
    if not chosen.ids and not chosen.batches and not (chosen.src and chosen.tgt):
        parser.error("give --batches, --ids, or --src and --tgt")
    return chosen


def parse_pair(line):
    return tuple([int(i) for i in side.split()] for side in line.split("\t"))


def read_batches(path):
    with open(path, encoding="ascii") as file:
        groups = file.read().rstrip("\n").split("\n\n")
    return [[parse_pair(line) for line in group.split("\n")] for group in groups]


def read_pairs(chosen):
    if chosen.ids:
        with open(chosen.ids, encoding="ascii") as file:
            return [parse_pair(line.rstrip("\n")) for line in file]
    import sentencepiece

    model = chosen.spm or f"/tmp/peer_train_{os.getpid()}.model"
    if not os.path.exists(model):
        sentencepiece.SentencePieceTrainer.train(
            input=[chosen.src, chosen.tgt], model_prefix=model.removesuffix(".model"), vocab_size=chosen.vocab,
            model_type="bpe", unk_id=0, bos_id=BOS, eos_id=EOS, character_coverage=1.0, minloglevel=2)
    pieces = sentencepiece.SentencePieceProcessor(model_file=model)
    lines = [open(path, encoding="utf-8").read().split("\n")[:-1] for path in (chosen.src, chosen.tgt)]
    return list(zip(*(pieces.encode(side) for side in lines)))


def group_pairs(pairs, limit):
    """Groups of pairs of like length, n * longest <= limit with the ends counted, in random order."""
    shuffled = random.Random(1)
    pairs = [pair for pair in pairs if max(map(len, pair)) < limit]
    shuffled.shuffle(pairs)
    pairs.sort(key=lambda pair: (max(len(pair[0]), len(pair[1])), len(pair[1])))
    groups, group = [], []
    for pair in pairs:
        if group and (len(group) + 1) * (max(map(len, pair)) + 1) > limit:
            groups.append(group)
            group = []
        group.append(pair)
    groups.append(group)
    shuffled.shuffle(groups)
    return groups


def make_batches(groups, torch):
    """A batch is (source, input, target rows, pad masks, real tokens)."""
    groups = [[(s + [EOS], [BOS] + t, t + [EOS]) for s, t in group] for group in groups]

    def padded(sequences):
        width = max(map(len, sequences))
        return torch.tensor([s + [EOS] * (width - len(s)) for s in sequences])

    batches = []
    for group in groups:
        source, inputs, targets = (padded([pair[side] for pair in group]) for side in range(3))
        lengths = [torch.tensor([len(pair[side]) for pair in group]) for side in (0, 2)]
        pad = torch.arange(source.shape[1])[None] >= lengths[0][:, None]
        real = (torch.arange(inputs.shape[1])[None] < lengths[1][:, None]).flatten().nonzero()[:, 0]
        # The causal mask hides what follows a target, so the decoder's own padding needs no mask.
        hidden = torch.zeros(pad.shape).masked_fill_(pad, -math.inf)[:, None, None, :]
        batches.append((source, inputs, hidden, real, targets.flatten()[real], sum(map(int, map(sum, lengths)))))
    return batches


def time_steps(chosen, step):
    """Rates and losses; step(number) trains and gives the loss and how many tokens the batch has."""
    losses, seconds, busy, tokens = [], [], [], []
    for i in range(chosen.warmup + chosen.steps):
        begin, begin_busy = time.perf_counter(), time.process_time()
        loss, count = step(i)
        seconds.append(time.perf_counter() - begin)
        busy.append(time.process_time() - begin_busy)
        losses.append(loss)
        tokens.append(count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    width = min(chosen.block, chosen.steps)

    def rates(times):
        """Tokens a second of each run of `width` steps in a row, slowest first."""
        starts = range(chosen.warmup, len(times) - width + 1)
        return sorted(sum(tokens[i : i + width]) / sum(times[i : i + width]) for i in starts)

    wall, processor = rates(seconds), rates(busy)
    return {"best_tokens_per_second": round(wall[-1]), "median_tokens_per_second": round(wall[len(wall) // 2]),
            "mean_tokens_per_second": round(sum(tokens[chosen.warmup :]) / sum(seconds[chosen.warmup :])),
            "best_tokens_per_processor_second": round(processor[-1]),
            "median_tokens_per_processor_second": round(processor[len(processor) // 2]), "peak_rss_bytes": peak,
            "first_loss": round(losses[0], 4), "last_loss": round(losses[-1], 4)}


def keep_memory():
    """Begins again with the allocator's settings, unless they are there."""
    if any(name not in os.environ for name in ALLOCATOR):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ALLOCATOR})


def blocked_loss(torch, block):
    """A function of (y, w, bias or None, target, smoothing) for the loss, which takes `block` rows at a time."""

    class BlockedLoss(torch.autograd.Function):
        """Mean label-smoothed cross-entropy of y @ w.T + bias, and at once all gradients, a block of rows at a time.

        With p the softmax of a row and t its target, the gradient of the row's scores is
        p - (1 - smoothing) * onehot(t) - smoothing / V. Only p is a matrix here: the other two terms are taken
        from rows and sums of w. Powers of two, as exp2 is the faster function.
        """

        @staticmethod
        def forward(context, y, w, bias, target, smoothing):
            y, w = y.detach(), w.detach()
            b = w.new_zeros(len(w)) if bias is None else bias.detach()
            rows, hit, even = y.shape[0], (1 - smoothing) / y.shape[0], smoothing / w.shape[0] / y.shape[0]
            dy, dw, db = torch.empty_like(y), torch.zeros_like(w), torch.zeros_like(b)
            loss = 0.0
            for at in range(0, rows, block):
                part = y[at : at + block] * LOG2E
                score = part @ w.T if bias is None else torch.addmm(b * LOG2E, part, w.T)
                top = score.amax(-1, keepdim=True)
                power = score.sub_(top).exp2_()
                total = power.sum(-1, keepdim=True)
                loss += float((top / LOG2E + total.log()).sum()) / rows
                scale = 1 / (total * rows)
                torch.mm(power, w, out=dy[at : at + block]).mul_(scale)
                dw.addmm_(power.T, y[at : at + block] * scale)
                if bias is not None:
                    db.addmv_(power.T, scale[:, 0])
            wanted, all_w = w[target], w.sum(0)
            loss -= float(hit * ((y * wanted).sum() + b[target].sum()) + even * ((y @ all_w).sum() + rows * b.sum()))
            dy -= hit * wanted + even * all_w
            dw.index_add_(0, target, y, alpha=-hit).sub_(even * y.sum(0))
            db.sub_(hit * torch.bincount(target, minlength=len(b)) + even * rows)
            context.save_for_backward(dy, dw, db)
            context.biased = bias is not None
            return torch.tensor(loss)

        @staticmethod
        def backward(context, upstream):
            dy, dw, db = context.saved_tensors
            return dy, dw, db if context.biased else None, None, None

    return BlockedLoss.apply


def build(chosen, vocabulary, torch):
    from torch import nn
    from torch.nn import functional as F

    d, heads, rate = chosen.width, chosen.heads, chosen.dropout

    class Noise:
        """Dropout from a buffer of random bytes. The rate is rounded to a multiple of 1/256."""

        def __init__(self, noise):
            self.noise, self.at = noise, 0

        def drop(self, x, rate):
            if chosen.plain or rate == 0:
                return F.dropout(x, rate)
            part = self.noise[self.at : self.at + x.numel()].view(x.shape)
            self.at += x.numel()
            dropped = round(rate * 256)
            return x * part.ge(dropped).to(x.dtype).mul(256 / (256 - dropped))

    def attend(q, k, v, mask, noise):
        """q [n, T, d], k and v [n, S, d], mask added to the scores [n or 1, 1, T or 1, S]."""
        n, t = q.shape[:2]
        q, k, v = (x.view(n, -1, heads, d // heads).transpose(1, 2) for x in (q, k, v))
        if chosen.attention == "sdpa":
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=chosen.attention_dropout)
        else:
            scores = q @ (k * (d // heads) ** -0.5).transpose(2, 3) + mask
            y = noise.drop(scores.softmax(-1), chosen.attention_dropout) @ v
        return y.transpose(1, 2).reshape(n, t, d)

    class Attention(nn.Module):
        def __init__(self, cross):
            super().__init__()
            self.cross = cross
            self.q = nn.Linear(d, d if cross else 3 * d)
            self.kv = nn.Linear(d, 2 * d) if cross else None
            self.out = nn.Linear(d, d)
            self.norm = nn.LayerNorm(d)

        def forward(self, x, memory, mask, noise):
            q, k, v = (self.q(x), *self.kv(memory).chunk(2, -1)) if self.cross else self.q(x).chunk(3, -1)
            return self.norm(x + noise.drop(self.out(attend(q, k, v, mask, noise)), rate))

    class FeedForward(nn.Module):
        def __init__(self):
            super().__init__()
            self.up, self.down, self.norm = nn.Linear(d, chosen.ffn), nn.Linear(chosen.ffn, d), nn.LayerNorm(d)

        def forward(self, x, noise):
            return self.norm(x + noise.drop(self.down(F.relu(self.up(x))), rate))

    class Trunk(nn.Module):
        """Everything but the projection to the vocabulary."""

        def __init__(self):
            super().__init__()
            self.embed = nn.Parameter(torch.randn(vocabulary, d) * d ** -0.5)
            self.enc = nn.ModuleList(nn.ModuleList([Attention(False), FeedForward()]) for _ in range(chosen.layers))
            self.dec = nn.ModuleList(nn.ModuleList([Attention(False), Attention(True), FeedForward()])
                                     for _ in range(chosen.layers))
            angle = torch.arange(chosen.batch_tokens)[:, None] / 10000 ** (torch.arange(0, d, 2) / d)
            self.register_buffer("positions", torch.stack([angle.sin(), angle.cos()], -1).flatten(1))
            self.register_buffer("ahead", torch.full((512, 512), -math.inf).triu(1))

        def tokens(self, ids, noise):
            x = F.embedding(ids, self.embed) * math.sqrt(d) + self.positions[: ids.shape[1]]
            return noise.drop(x, rate)

        def forward(self, source, inputs, hidden, real, noise):
            noise = Noise(noise)
            x = self.tokens(source, noise)
            for attention, feed in self.enc:
                x = feed(attention(x, None, hidden, noise), noise)
            y = self.tokens(inputs, noise)
            ahead = self.ahead[: inputs.shape[1], : inputs.shape[1]][None, None]
            for attention, cross, feed in self.dec:
                y = feed(cross(attention(y, None, ahead, noise), x, hidden, noise), noise)
            return y.flatten(0, 1)[real]

    in_blocks = blocked_loss(torch, chosen.loss_rows)

    def loss(y, w, target):
        if chosen.plain or chosen.precision == "bf16":
            return F.cross_entropy((y @ w.T).float(), target, label_smoothing=0.1)
        return in_blocks(y, w, None, target, 0.1)

    trunk = Trunk()
    for name, parameter in trunk.named_parameters():
        if parameter.dim() == 2 and name != "embed":
            nn.init.xavier_uniform_(parameter)
    return trunk, loss


def measure(chosen, torch, numpy):
    torch.manual_seed(1)
    bits = numpy.random.Generator(numpy.random.SFC64(1))
    torch.set_num_threads(chosen.threads)
    torch.set_flush_denormal(True)
    groups = read_batches(chosen.batches) if chosen.batches else group_pairs(read_pairs(chosen), chosen.batch_tokens)
    vocabulary = max(chosen.vocab, 1 + max(max(s + t, default=0) for group in groups for s, t in group))
    batches = make_batches(groups, torch)
    trunk, loss_of = build(chosen, vocabulary, torch)
    run = torch.compile(trunk, dynamic=True) if chosen.compile else trunk
    optimizer = torch.optim.Adam(trunk.parameters(), lr=1e-3, betas=(0.9, 0.98), eps=1e-9, fused=True)

    def draw(batch):
        """Bytes of noise for every place where the trunk drops something."""
        n, s, t = batch[0].shape[0], batch[0].shape[1], batch[1].shape[1]
        elements = n * chosen.width * (s + t + chosen.layers * (2 * s + 3 * t))
        elements += n * chosen.heads * chosen.layers * (s * s + t * t + s * t)
        return torch.from_numpy(bits.integers(0, 2 ** 64, -(-elements // 8), dtype="uint64")).view(torch.uint8)

    def step(batch):
        source, inputs, hidden, real, target, _ = batch
        noise = None if chosen.plain else draw(batch)
        with torch.autocast("cpu", torch.bfloat16, enabled=chosen.precision == "bf16"):
            loss = loss_of(run(source, inputs, hidden, real, noise), trunk.embed, target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        return loss.item()

    rates = time_steps(chosen, lambda i: (step(batches[i % len(batches)]), batches[i % len(batches)][-1]))
    if chosen.profile:
        with torch.profiler.profile() as profile:
            for batch in batches[:5]:
                step(batch)
        print(profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=30), file=sys.stderr)
    return {"torch": torch.__version__, "threads": chosen.threads, "attention": chosen.attention,
            "plain": chosen.plain, "precision": chosen.precision, "compile": chosen.compile,
            "dropout": chosen.dropout, "attention_dropout": chosen.attention_dropout, "vocabulary": vocabulary,
            "parameters": sum(p.numel() for p in trunk.parameters()), "batches": len(batches),
            "tokens_an_epoch": sum(batch[-1] for batch in batches), "steps": chosen.steps, **rates}


def main():
    keep_memory()
    chosen = options()
    import numpy
    import torch

    print(json.dumps(measure(chosen, torch, numpy)))


if __name__ == "__main__":
    main()
