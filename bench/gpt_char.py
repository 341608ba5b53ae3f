#!/usr/bin/env python3
"""heed against PyTorch at training a language model of characters, in turn, on the very same batches.

    make benches
    python3 bench/gpt_char.py --text input.txt [--rounds 5] [--steps 200] [--threads 2] [--peer=OPTIONS ...]

The model and the batches are those of nanoGPT's example for a processor: 4 layers, d = 128, 4 heads, windows of 64
characters, 12 of them a batch. Windows are drawn at random from the text; each is a text of 63 characters with its
bos and eos. build/bench/bench_train and bench/peer_gpt.py read the one file of batches. What counts is the best of
the best, as in train_tiny.py, whose rounds and table these are; a step is 768 tokens.
"""

import argparse
import os
import random
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from train_tiny import in_turn, report  # noqa: E402

WINDOW, SEQUENCES, BATCHES = 64, 12, 50
SPECIAL_IDS = 3


def options():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--text", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--warmup", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--build", default=os.path.join(here, "build"), help="where heed was built")
    parser.add_argument("--peer", action="append", metavar="OPTIONS", help="one setting of peer_gpt.py")
    chosen = parser.parse_args()
    chosen.peer = chosen.peer if chosen.peer else [""]
    return chosen


def write_batches(text, path):
    """Returns the size of the vocabulary."""
    with open(text, encoding="utf-8") as file:
        text = file.read()
    number = {c: SPECIAL_IDS + i for i, c in enumerate(sorted(set(text)))}
    draw = random.Random(1)
    with open(path, "w", encoding="ascii") as file:
        for _ in range(BATCHES):
            for _ in range(SEQUENCES):
                at = draw.randrange(len(text) - WINDOW)
                print("\t" + " ".join(str(number[c]) for c in text[at : at + WINDOW - 1]), file=file)
            print(file=file)
    return SPECIAL_IDS + len(number)


def commands(chosen, batches, vocabulary):
    """Name and command of each contestant, heed first."""
    shared = ["--batches", batches, "--vocab", str(vocabulary), "--threads", str(chosen.threads),
              "--warmup", str(chosen.warmup), "--steps", str(chosen.steps)]
    heed = ["--family", "gpt", "--preset", "char", "--attention-dropout", "0"]
    yield "heed", [os.path.join(chosen.build, "bench", "bench_train"), *shared, *heed]
    peer = [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer_gpt.py")]
    for setting in chosen.peer:
        yield " ".join(["torch", *setting.split()]), peer + shared + setting.split()


def main():
    chosen = options()
    with tempfile.TemporaryDirectory(prefix="gpt_char_") as scratch:
        batches = os.path.join(scratch, "text.batches")
        vocabulary = write_batches(chosen.text, batches)
        runs = in_turn(chosen, list(commands(chosen, batches, vocabulary)))
    report(chosen, runs, "char GPT 4x128")
    for name, every in runs.items():
        best = max(run["best_tokens_per_second"] for run in every)
        print(f"{name:34} {best / (WINDOW * SEQUENCES):10.1f} steps/s")


if __name__ == "__main__":
    main()
