#!/usr/bin/env python3
"""heed's classifiers against the same models in PyTorch: accuracy, with spread over seeds, and time.

    make
    python3 bench/classify_torch.py --data FOLDER [--seeds 5] [--only dan:sst2] [options]

FOLDER holds sst2/ and trec/, each with train, val and test: NAME.txt a text a line, NAME.label its label. One
word tokenizer, learned by heed from the training texts, cuts them for both; the models have the same shape and initial
distributions, dropout in the same places, the same optimiser, learning rates and clipping, batches of as many tokens,
and as many epochs. After each epoch comes the accuracy on val; the weights that were best there are the result, and
are asked for the test texts once. Both train with the same number of seeds, taking turns, one thread each; their random
numbers differ, so it is mean and spread that can be compared. The settings in the table below were chosen by heed's
accuracy on val. A time is that of the processor from the first batch to the last validation, with heed also that of
its start and its files.

    dan        torch.nn.Linear over the mean of embeddings
    birnn      a bidirectional torch.nn.LSTM, packed; the maximum of its states
    encoder    torch.nn.TransformerEncoderLayer, pre-norm; the mean of its vectors
"""

import argparse
import math
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time

# What both sides are told, by the names of heed's options.
SHARED = {"optimizer": "adamw", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "schedule": "cosine", "warmup": 50,
          "clip": 1, "lr-end": 0}
SETTINGS = {
    "dan:sst2": {"width": 100, "layers": 1, "hidden": 100, "word-dropout": 0.5, "dropout": 0.3, "lr": 0.001,
                 "weight-decay": 0.1, "epochs": 8, "batch-tokens": 1000},
    "dan:trec": {"width": 100, "layers": 1, "hidden": 100, "word-dropout": 0.1, "dropout": 0.3, "lr": 0.005,
                 "weight-decay": 0.1, "epochs": 10, "batch-tokens": 500},
    "birnn:sst2": {"width": 64, "layers": 1, "hidden": 64, "embedding-dropout": 0.5, "dropout": 0.5, "lr": 0.003,
                   "weight-decay": 0.1, "epochs": 3, "batch-tokens": 1000},
    "birnn:trec": {"width": 64, "layers": 1, "hidden": 64, "embedding-dropout": 0.5, "dropout": 0.5, "lr": 0.005,
                   "weight-decay": 0.1, "epochs": 6, "batch-tokens": 600},
    "encoder:sst2": {"width": 64, "layers": 1, "heads": 4, "feed-forward": 128, "dropout": 0.3, "lr": 0.001,
                     "weight-decay": 0.1, "epochs": 6, "batch-tokens": 1000},
    "encoder:trec": {"width": 64, "layers": 1, "heads": 4, "feed-forward": 128, "dropout": 0.3, "lr": 0.002,
                     "weight-decay": 0.1, "epochs": 8, "batch-tokens": 500},
}
PARTS, BUCKET = ("train", "val", "test"), 8
EMPTY = [2]  # what heed reads of a text without words: its end


def options():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, metavar="FOLDER")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", action="append", choices=SETTINGS, help="family:data; again for more")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="in place of the table's")
    parser.add_argument("--side", action="append", choices=("heed", "torch"), help="one side alone")
    parser.add_argument("--no-test", action="store_true", help="val alone: to choose settings")
    parser.add_argument("--build", default=os.path.join(here, "build"), help="where heed was built")
    chosen = parser.parse_args()
    chosen.only = chosen.only or list(SETTINGS)
    chosen.side = chosen.side or ["heed", "torch"]
    return chosen


class Data:
    """A data set: the files that heed reads, and the same as ids."""

    def __init__(self, heed, source, folder):
        self.files = {part: os.path.join(folder, part) for part in PARTS}
        self.tokenizer = os.path.join(folder, "words.tok")
        for part, path in self.files.items():
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(f"{label}\t{text}\n" for label, text in zip(self.lines(source, part, "label"),
                                                                           self.lines(source, part, "txt")))
        subprocess.run([heed, "tokenizer", "train", "--quiet", "--kind", "word", "--lowercase", "--min-count", "2",
                        "-o", self.tokenizer, os.path.join(source, "train.txt")], check=True)
        names = sorted(set(self.lines(source, "train", "label")))
        self.classes, self.texts, self.labels = len(names), {}, {}
        for part in PARTS:
            command = [heed, "tokenize", "--quiet", "--ids", "-m", self.tokenizer, os.path.join(source, f"{part}.txt")]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            self.texts[part] = [[int(i) for i in line.split()] or EMPTY for line in out.split("\n")[:-1]]
            self.labels[part] = [names.index(label) for label in self.lines(source, part, "label")]
        self.vocabulary = 1 + max(i for text in self.texts["train"] for i in text)

    @staticmethod
    def lines(source, part, kind):
        with open(os.path.join(source, f"{part}.{kind}"), encoding="utf-8", newline="\n") as file:
            return [line.rstrip("\r\n") for line in file]


def arguments(settings):
    return [word for name, value in settings.items() for word in (f"--{name}", str(value))]


# --- heed ---


def run_heed(chosen, heed, family, data, settings, seed, folder):
    """Accuracy on val and test, and seconds of the processor."""
    model = os.path.join(folder, "model.heed")
    more = {name: settings["dropout"] for name in ("attention-dropout", "activation-dropout")} \
        if family == "encoder" else {}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([heed, "train", family, "--quiet", "-o", model, "--labelled", data.files["train"],
                    "--valid-labelled", data.files["val"], "--tokenizer-file", data.tokenizer, "--threads", "1",
                    "--seed", str(seed), "--valid-metric", "accuracy", "--bucket", str(BUCKET),
                    *arguments({**SHARED, **settings, **more})], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = []
    for part in PARTS[1 : 2 if chosen.no_test else 3]:
        out = subprocess.run([heed, "eval", "-m", model, "--threads", "1", "--labelled", data.files[part]], check=True,
                             capture_output=True, text=True).stdout
        found.append(float(dict(line.split("\t") for line in out.splitlines())["accuracy"]))
    return found + [after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime]


# --- PyTorch ---


def build(torch, family, data, s):
    """A module from (ids of all texts in a row, their lengths) to scores [texts, classes].

    Everything begins as in heed. Its table holds vectors that are multiplied by the root of their width, which also
    multiplies what an update does to them; they begin with a tenth of the usual length. PyTorch's second bias of a gate
    stays 0.
    """
    from torch import nn
    from torch.nn import functional as F

    d = s["width"]

    def linear(to, width, relu=False):
        layer = nn.Linear(width, to)
        (nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu") if relu
         else nn.init.xavier_uniform_(layer.weight))
        nn.init.zeros_(layer.bias)
        return layer

    def padded(x, lengths):
        return nn.utils.rnn.pad_sequence(x.split(lengths), batch_first=True)

    class Classifier(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.table = nn.Parameter(torch.randn(data.vocabulary, d) * 0.1 / math.sqrt(d))
            self.output = linear(data.classes, width)

        def vectors(self, ids):
            return F.embedding(ids, self.table) * math.sqrt(d)

    class Dan(Classifier):
        def __init__(self):
            super().__init__(s["hidden"] if s["layers"] > 0 else d)
            widths = [d] + [s["hidden"]] * s["layers"]
            self.hidden = nn.ModuleList(linear(to, i, relu=True) for i, to in zip(widths, widths[1:]))

        def forward(self, ids, lengths):
            texts = torch.repeat_interleave(torch.tensor(lengths))
            keep = torch.ones(len(ids))
            if self.training:
                keep = (torch.rand(len(ids)) >= s["word-dropout"]).float()
            count = torch.zeros(len(lengths)).index_add_(0, texts, keep)
            keep = torch.where(count[texts] > 0, keep, torch.ones(()))
            count = torch.zeros(len(lengths)).index_add_(0, texts, keep)
            starts = torch.tensor([0] + lengths[:-1]).cumsum(0)
            x = F.embedding_bag(ids, self.table, starts, mode="sum", per_sample_weights=keep / count[texts])
            x = x * math.sqrt(d)
            for layer in self.hidden:
                x = F.dropout(F.relu(layer(x)), s["dropout"], self.training)
            return self.output(x)

    class Birnn(Classifier):
        def __init__(self):
            super().__init__(2 * s["hidden"])
            self.layers = nn.LSTM(d, s["hidden"], s["layers"], bidirectional=True, batch_first=True,
                                  dropout=s["dropout"] if s["layers"] > 1 else 0)
            for name, parameter in self.layers.named_parameters():
                if "bias" in name:
                    nn.init.zeros_(parameter)
                    if "_ih" in name:
                        nn.init.ones_(parameter.data[s["hidden"] : 2 * s["hidden"]])
                    else:
                        parameter.requires_grad_(False)
                else:
                    for gate in parameter.data.chunk(4):
                        nn.init.xavier_uniform_(gate)

        def forward(self, ids, lengths):
            x = F.dropout(self.vectors(ids), s["embedding-dropout"], self.training)
            packed = nn.utils.rnn.pack_padded_sequence(padded(x, lengths), torch.tensor(lengths), True,
                                                       enforce_sorted=False)
            y, _ = nn.utils.rnn.pad_packed_sequence(self.layers(packed)[0], batch_first=True, padding_value=-math.inf)
            return self.output(F.dropout(y.amax(1), s["dropout"], self.training))

    class Encoder(Classifier):
        def __init__(self):
            super().__init__(d)
            layer = nn.TransformerEncoderLayer(d, s["heads"], s["feed-forward"], s["dropout"], "gelu", batch_first=True,
                                               norm_first=True)
            self.layers = nn.TransformerEncoder(layer, s["layers"], nn.LayerNorm(d), enable_nested_tensor=False)
            for parameter in self.layers.parameters():
                if parameter.dim() == 2:
                    for part in parameter.data.chunk(3 if parameter.shape[0] == 3 * d else 1):
                        nn.init.xavier_uniform_(part)
            angle = torch.arange(512)[:, None] / 10000 ** (torch.arange(0, d, 2) / d)
            self.register_buffer("places", torch.stack([angle.sin(), angle.cos()], -1).flatten(1))

        def forward(self, ids, lengths):
            x = padded(self.vectors(ids), lengths)
            x = F.dropout(x + self.places[: x.shape[1]], s["dropout"], self.training)
            pad = torch.arange(x.shape[1])[None] >= torch.tensor(lengths)[:, None]
            y = self.layers(x, src_key_padding_mask=pad).masked_fill(pad[:, :, None], 0)
            return self.output(y.sum(1) / torch.tensor(lengths)[:, None])

    return {"dan": Dan, "birnn": Birnn, "encoder": Encoder}[family]()


def batches_of(texts, order, limit):
    """Batches in the given order, each of at most `limit` tokens."""
    batches, batch, tokens = [], [], 0
    for i in order:
        if batch and tokens + len(texts[i]) > limit:
            batches.append(batch)
            batch, tokens = [], 0
        batch.append(i)
        tokens += len(texts[i])
    return batches + [batch]


def epoch_batches(texts, limit, draw):
    """Texts of like length together, eight batches at a time; in random order."""
    order = list(range(len(texts)))
    draw.shuffle(order)
    size = len(texts) * BUCKET // (sum(map(len, texts)) // limit + 1) + 1
    order = [i for at in range(0, len(order), size) for i in sorted(order[at : at + size], key=lambda i: len(texts[i]))]
    batches = batches_of(texts, order, limit)
    draw.shuffle(batches)
    return batches


def run_torch(chosen, torch, family, data, settings, seed):
    torch.manual_seed(seed)
    draw, s = random.Random(seed), settings
    begin = time.process_time()
    model = build(torch, family, data, s)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=s["lr"],
                                  betas=(SHARED["beta1"], SHARED["beta2"]), eps=SHARED["epsilon"],
                                  weight_decay=s["weight-decay"], fused=True)

    def scores(part, batch):
        texts = [data.texts[part][i] for i in batch]
        labels = torch.tensor([data.labels[part][i] for i in batch])
        return model(torch.tensor([i for text in texts for i in text]), [len(text) for text in texts]), labels

    def accuracy(part):
        model.eval()
        order = sorted(range(len(data.texts[part])), key=lambda i: len(data.texts[part][i]))
        with torch.no_grad():
            right = [x.argmax(-1) == y for x, y in
                     (scores(part, b) for b in batches_of(data.texts[part], order, s["batch-tokens"]))]
        return torch.cat(right).double().mean().item()

    step, best, kept = 0, -1, None
    epochs = [epoch_batches(data.texts["train"], s["batch-tokens"], draw) for _ in range(s["epochs"])]
    total = s["epochs"] * len(epochs[0])
    for batches in epochs:
        model.train()
        for batch in batches:
            step += 1
            past = (step - SHARED["warmup"]) / max(total - SHARED["warmup"], 1)
            rate = step / SHARED["warmup"] if past < 0 else (1 + math.cos(math.pi * min(past, 1))) / 2
            for group in optimizer.param_groups:
                group["lr"] = s["lr"] * rate
            loss = torch.nn.functional.cross_entropy(*scores("train", batch))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), SHARED["clip"])
            optimizer.step()
        now = accuracy("val")
        if now > best:
            best, kept = now, {name: value.clone() for name, value in model.state_dict().items()}
    seconds = time.process_time() - begin
    model.load_state_dict(kept)
    return [best] + ([] if chosen.no_test else [accuracy("test")]) + [seconds]


# --- the comparison ---


def compare(chosen, name, torch, folder):
    """What each side found, a list a seed: accuracy on val, on test, seconds."""
    family, data_name = name.split(":")
    heed = os.path.join(chosen.build, "heed")
    data = Data(heed, os.path.join(chosen.data, data_name), folder)
    settings = dict(SETTINGS[name])
    for pair in chosen.set:
        key, value = pair.split("=")
        settings[key] = type(settings[key])(value) if key in settings else value
    found = {side: [] for side in chosen.side}
    for seed in range(1, chosen.seeds + 1):
        for side, runs in found.items():
            runs.append(run_heed(chosen, heed, family, data, settings, seed, folder) if side == "heed"
                        else run_torch(chosen, torch, family, data, settings, seed))
            print(f"{name}: seed {seed}, {side}: {runs[-1]}", file=sys.stderr)
    return found


def spread(values):
    values = [100 * value for value in values]
    return f"{statistics.mean(values):6.2f} +- {statistics.stdev(values) if len(values) > 1 else 0:4.2f}"


def main():
    chosen = options()
    torch = None
    if "torch" in chosen.side:
        import torch

        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
    print(f"accuracy in percent, mean and standard deviation of {chosen.seeds} seeds; seconds of the processor a run"
          + (f"; torch {torch.__version__}" if torch else ""))
    print(f"{'':14} {'':6} {'val':>15} {'test':>15} {'test, each seed':38} {'s':>6}", flush=True)
    for name in chosen.only:
        with tempfile.TemporaryDirectory(prefix="classify_torch_") as folder:
            found = compare(chosen, name, torch, folder)
        for side, runs in found.items():
            val, *test, seconds = zip(*runs)
            each = " ".join(f"{100 * x:.2f}" for x in test[0]) if test else ""
            print(f"{name:14} {side:6} {spread(val):>15} {spread(test[0]) if test else '':>15} {each:38} "
                  f"{statistics.mean(seconds):6.1f}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
