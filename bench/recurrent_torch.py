#!/usr/bin/env python3
"""heed against PyTorch at training recurrent language models, in turn, on the very same batches.

    make benches
    python3 bench/recurrent_torch.py [--rounds 3] [--steps 8] [--threads 1 --threads 2] [--only lstm-words] [options]

Four models: `lstm` and `rnn`, each of words (2 layers of 200, one matrix for embeddings and output, a vocabulary of
10 000, 20 sequences of 35 a batch, dropout 0.2) and of characters (1 layer of 512 on vectors of 64, 32 sequences of
64). The tokens are made up, as often as Zipf's law has it: what they say does not change how long a step takes. The
state goes on from batch to batch; a step is forward, backward, clipping to a norm of 1, Adam. build/bench/bench_train
and bench/peer_recurrent.py read the one file of batches and must have as many parameters, PyTorch's second biases not
counted. Each measurement is a fresh process; heed and every setting of the peer take turns, round by round. The ratio
is heed's rate over that of the fastest setting: best of all rounds, and median of the rounds' medians. With one thread
rates are by processor time, which leaves out what other processes do.

--peer=OPTIONS is a setting that PyTorch runs under, in options of peer_recurrent.py; again for more. By default that
is --plain, and for words, where the vocabulary is large, also its own tuned loss.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from train_tiny import measure  # noqa: E402

SPECIAL_IDS, BATCHES = 3, 8
# vocabulary, layers, width, hidden, tied, dropout, sequences a batch, tokens of each
WORDS, CHARACTERS = (10000, 2, 200, 200, True, 0.2, 20, 35), (68, 1, 64, 512, False, 0.0, 32, 64)
MODELS = {"lstm-words": ("lstm", "lstm", WORDS), "rnn-words": ("rnn", "tanh", WORDS),
          "lstm-characters": ("lstm", "lstm", CHARACTERS), "rnn-characters": ("rnn", "tanh", CHARACTERS)}


def options():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--threads", type=int, action="append")
    parser.add_argument("--only", choices=MODELS, action="append", help="these models; again for more")
    parser.add_argument("--build", default=os.path.join(here, "build"), help="where heed was built")
    parser.add_argument("--peer", action="append", metavar="OPTIONS", help="one setting of peer_recurrent.py")
    chosen = parser.parse_args()
    chosen.threads = chosen.threads or [1, 2]
    chosen.only = chosen.only or list(MODELS)
    return chosen


def write_batches(path, vocabulary, sequences, length):
    """Sequences of `length` with their bos or eos."""
    draw, ids = random.Random(1), range(SPECIAL_IDS, vocabulary)
    weights = [1 / (i + 1) for i in range(len(ids))]
    with open(path, "w", encoding="ascii") as file:
        for _ in range(BATCHES):
            for _ in range(sequences):
                print("\t" + " ".join(map(str, draw.choices(ids, weights, k=length - 1))), file=file)
            print(file=file)


def contestants(chosen, name, threads, batches):
    """Name and command of each, heed first."""
    family, cell, (vocabulary, layers, width, hidden, tied, dropout, sequences, length) = MODELS[name]
    shared = ["--batches", batches, "--vocab", str(vocabulary), "--threads", str(threads), "--clip", "1",
              "--warmup", str(chosen.warmup), "--steps", str(chosen.steps), "--block", str(min(chosen.steps, 4))]
    settings = {"layers": layers, "width": width, "hidden": hidden, "tie": "all" if tied else "none",
                "dropout": dropout, "embedding-dropout": dropout, "output-dropout": dropout, "window": length}
    yield "heed", [os.path.join(chosen.build, "bench", "bench_train"), "--family", family, "--preset", "char",
                   "--settings", " ".join(f"{key}={value}" for key, value in settings.items()), *shared]
    peer = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer_recurrent.py"), "--cell",
            cell, "--layers", str(layers), "--width", str(width), "--hidden", str(hidden), "--dropout", str(dropout),
            *(["--tied"] if tied else []), *shared]
    for setting in chosen.peer or (["--plain", ""] if tied else ["--plain"]):
        yield " ".join(["torch", *setting.split()]), peer + setting.split()


def all_rounds(chosen, folder):
    """What each contestant printed, of every round: {(model, threads): {contestant: [...]}}."""
    runs = {(name, threads): {} for name in chosen.only for threads in chosen.threads}
    for name in chosen.only:
        vocabulary, *_, sequences, length = MODELS[name][2]
        write_batches(os.path.join(folder, name), vocabulary, sequences, length)
    for number in range(chosen.rounds):
        for (name, threads), table in runs.items():
            for who, command in contestants(chosen, name, threads, os.path.join(folder, name)):
                found = measure(command)
                table.setdefault(who, []).append(found)
                print(f"round {number + 1} of {chosen.rounds}: {name}, {threads} threads, {who}: "
                      f"{found['best_tokens_per_second']} tokens/s", file=sys.stderr)
    return runs


def same_work(table):
    heed = table["heed"][0]
    for who, found in table.items():
        for key in ("parameters", "batches", "tokens_an_epoch", "vocabulary"):
            if found[0][key] != heed[key]:
                sys.exit(f"{who} has {found[0][key]} {key}, heed {heed[key]}")


def report(chosen, runs):
    one = next(iter(runs.values()))
    versions = {who: found[0].get("torch") for who, found in one.items()}
    print(f"{chosen.rounds} rounds of {chosen.steps} steps; heed's kernels {one['heed'][0]['kernels']}, "
          f"torch {next(v for v in versions.values() if v)}; tokens a second, by processor time with one thread")
    print(f"{'model':16} {'threads':>7} {'':14} {'best':>8} {'median':>8} {'peak MB':>8} {'loss':>14} "
          f"{'heed is best':>13} {'median':>7}")
    for (name, threads), table in runs.items():
        same_work(table)
        kind = "processor_second" if threads == 1 else "second"
        rates = {who: (max(run[f"best_tokens_per_{kind}"] for run in found),
                       statistics.median(run[f"median_tokens_per_{kind}"] for run in found))
                 for who, found in table.items()}
        fastest = [max(rate[i] for who, rate in rates.items() if who != "heed") for i in (0, 1)]
        for who, (best, median) in rates.items():
            found = table[who]
            peak = max(run["peak_rss_bytes"] for run in found) / 1e6
            loss = f"{found[0]['first_loss']:.3f}-{found[0]['last_loss']:.3f}"
            ratio = f"{best / fastest[0]:12.2f}x {median / fastest[1]:6.2f}x" if who == "heed" else ""
            print(f"{name:16} {threads:7} {who:14} {best:8.0f} {median:8.0f} {peak:8.0f} {loss:>14} {ratio}".rstrip())


def main():
    chosen = options()
    with tempfile.TemporaryDirectory(prefix="recurrent_torch_") as folder:
        runs = all_rounds(chosen, folder)
    report(chosen, runs)


if __name__ == "__main__":
    main()
