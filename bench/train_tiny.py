#!/usr/bin/env python3
"""heed against PyTorch at training Transformer-Tiny, in turn, on the very same batches.

    make benches
    python3 bench/train_tiny.py --src train.en --tgt train.de [--rounds 5] [--steps 20] [--threads 2] [options]

heed learns the joint BPE and cuts the text; the pairs are grouped as PERFORMANCE.md section 3.2 has it, like lengths
together and n * longest <= 4096; build/bench/bench_train and bench/peer_train.py then read that one file of batches,
so that both take the same sentences, as the same tokens, in the same order and with the same vocabulary. heed
computes no padding, PyTorch does; a rate counts real tokens, source and target, ends included. The programs run one
after the other, round by round, each a fresh process: first heed, then every setting of the peer. What counts is the
best of the best, since other processes only ever make things slower; the median of the medians stands beside it.

--peer=OPTIONS is a setting that PyTorch runs under, in options of peer_train.py; again for more, as in
--peer= --peer=--compile --peer='--plain --attention sdpa'. The ratio is taken against the fastest. This needs the
Python of peer_train.py: torch and numpy.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from peer_train import group_pairs, parse_pair  # noqa: E402


def options():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--src", required=True)
    parser.add_argument("--tgt", required=True)
    parser.add_argument("--vocab", type=int, default=10000)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--build", default=os.path.join(here, "build"), help="where heed was built")
    parser.add_argument("--peer", action="append", metavar="OPTIONS", help="one setting of peer_train.py")
    parser.add_argument("--keep", metavar="FOLDER", help="keep tokenizer and batches there, and use those that are there")
    chosen = parser.parse_args()
    chosen.peer = chosen.peer if chosen.peer else [""]
    return chosen


def prepare(chosen, folder):
    """The file of batches, made in the folder unless it is there, and the size of the vocabulary."""
    heed = os.path.join(chosen.build, "heed")
    tokenizer, batches = (os.path.join(folder, name) for name in ("joint.tok", "train.batches"))
    if not os.path.exists(tokenizer):
        subprocess.run([heed, "tokenizer", "train", "--quiet", "--vocab", str(chosen.vocab), "-o", tokenizer,
                        chosen.src, chosen.tgt], check=True)
    if not os.path.exists(batches):
        sides = []
        for text in (chosen.src, chosen.tgt):
            command = [heed, "tokenize", "--quiet", "--ids", "-m", tokenizer, text]
            sides.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")[:-1])
        if len(sides[0]) != len(sides[1]):
            sys.exit(f"{chosen.src} has {len(sides[0])} lines, {chosen.tgt} has {len(sides[1])}")
        pairs = [pair for pair in zip(*sides) if all(pair)]
        groups = group_pairs([parse_pair("\t".join(pair)) for pair in pairs], chosen.batch_tokens)
        with open(batches, "w", encoding="ascii") as file:
            for group in groups:
                for pair in group:
                    print("\t".join(" ".join(map(str, side)) for side in pair), file=file)
                print(file=file)
    return batches


def measure(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.strip().split("\n")[-1])


def commands(chosen, batches):
    """Name and command of each contestant, heed first."""
    shared = ["--batches", batches, "--vocab", str(chosen.vocab), "--threads", str(chosen.threads),
              "--warmup", str(chosen.warmup), "--steps", str(chosen.steps)]
    peer = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer_train.py")]
    yield "heed", [os.path.join(chosen.build, "bench", "bench_train"), *shared]
    for setting in chosen.peer:
        yield " ".join(["torch", *setting.split()]), peer + shared + setting.split()


def main():
    chosen = options()
    with tempfile.TemporaryDirectory(prefix="train_tiny_") as scratch:
        if chosen.keep:
            os.makedirs(chosen.keep, exist_ok=True)
        batches = prepare(chosen, chosen.keep or scratch)
        runs = in_turn(chosen, list(commands(chosen, batches)))
    report(chosen, runs, "Transformer-Tiny")


def in_turn(chosen, contestants):
    """What each contestant printed, by name, of every round."""
    runs = {name: [] for name, _ in contestants}
    for number in range(chosen.rounds):
        for name, command in contestants:
            runs[name].append(measure(command))
            rate = runs[name][-1]["best_tokens_per_second"]
            print(f"round {number + 1} of {chosen.rounds}: {name}: {rate} tokens/s", file=sys.stderr)
    return runs


def report(chosen, runs, title):
    heed = runs["heed"][0]
    others = [all_runs[0] for name, all_runs in runs.items() if name != "heed"]
    if any(other[key] != heed[key] for other in others for key in ("batches", "tokens_an_epoch", "vocabulary")):
        sys.exit("the contestants had different batches or vocabularies")
    print(f"{title}, {heed['vocabulary']} pieces, {heed['batches']} batches with {heed['tokens_an_epoch']} "
          f"tokens; {chosen.threads} threads, {chosen.rounds} rounds of {chosen.steps} steps; heed's kernels "
          f"{heed['kernels']}, torch {others[0]['torch']}")
    if chosen.threads == 1:
        print("rates by processor time: what other processes do beside does not count")
    kind = "processor_second" if chosen.threads == 1 else "second"
    print(f"{'':34} {'best tok/s':>10} {'median tok/s':>12} {'peak MB':>8} {'loss':>16}")
    table = {}
    for name, all_runs in runs.items():
        best = max(run[f"best_tokens_per_{kind}"] for run in all_runs)
        median = statistics.median(run[f"median_tokens_per_{kind}"] for run in all_runs)
        peak = max(run["peak_rss_bytes"] for run in all_runs) / 1e6
        table[name] = (best, median)
        loss = f"{all_runs[0]['first_loss']:.3f} to {all_runs[0]['last_loss']:.3f}"
        print(f"{name:34} {best:10.0f} {median:12.0f} {peak:8.0f} {loss:>16}")
    fastest = [max(numbers[i] for name, numbers in table.items() if name != "heed") for i in (0, 1)]
    print(f"{'heed / fastest torch':34} {table['heed'][0] / fastest[0]:10.2f} {table['heed'][1] / fastest[1]:12.2f}")
    print(f"allocations of heed in the timed steps: {max(run['allocations'] for run in runs['heed'])}")


if __name__ == "__main__":
    main()
