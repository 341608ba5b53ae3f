#!/usr/bin/env python3
"""heed at word2vec against fastText, the original program and gensim, in turn, on the very same words.

    make
    python3 bench/word2vec_peers.py --text train.en [--text more.en] [--rounds 3] [--threads 1 --threads 2] [options]

Words are runs of letters and digits and single other characters, in lower case; all programs read one file with a
space between words, leave out those that come less than five times, and have the same settings: width, window,
negative samples, subsampling, learning rate, epochs. fastText's parts of words are turned off. --word2vec names the
original program, built from its source with its own makefile's options; --gensim adds gensim, which has to be
installed for this Python. The programs run one after the other, round by round, each a fresh process from the text to
the file of vectors; a rate counts the words of the text times epochs over that whole time. The best of each stands in
the table, since other processes only make things slower; with one thread, and under --processor-time with more, the
time is that in which the program itself ran.

--similarity and --analogies name files that `heed eval` then reads, for the vectors of all: mean and spread over the
rounds, each with its own seed. fastText and gensim keep to no seed with several threads; the original has none.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

MIN_COUNT = 5


def options():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--text", action="append", required=True)
    parser.add_argument("--mode", choices=("skip-gram", "cbow"), default="skip-gram")
    parser.add_argument("--loss", choices=("negative", "hierarchical"), default="negative")
    parser.add_argument("--width", type=int, default=100)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--negative", type=int, default=5)
    parser.add_argument("--subsample", type=float, default=1e-3)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, action="append")
    parser.add_argument("--processor-time", action="store_true")
    parser.add_argument("--similarity", action="append", default=[])
    parser.add_argument("--analogies", action="append", default=[])
    parser.add_argument("--fasttext", default="fasttext")
    parser.add_argument("--word2vec", help="the original program")
    parser.add_argument("--gensim", action="store_true")
    parser.add_argument("--build", default=os.path.join(here, "build"), help="where heed was built")
    chosen = parser.parse_args()
    chosen.threads = chosen.threads or [1]
    chosen.lr = chosen.lr or (0.05 if chosen.mode == "cbow" else 0.025)
    return chosen


def prepare(chosen, folder):
    """The words, a line each text, and heed's tokenizer of them; and how many words there are."""
    text, tokenizer = os.path.join(folder, "text"), os.path.join(folder, "words.tok")
    count, kinds = 0, {}
    with open(text, "w", encoding="utf-8") as out:
        for path in chosen.text:
            with open(path, encoding="utf-8") as lines:
                for line in lines:
                    words = re.findall(r"\w+|[^\w\s]", line.lower())
                    for word in words:
                        kinds[word] = kinds.get(word, 0) + 1
                    if words:
                        print(" ".join(words), file=out)
    count = sum(n for n in kinds.values() if n >= MIN_COUNT)
    subprocess.run([os.path.join(chosen.build, "heed"), "tokenizer", "train", "--quiet", "--kind", "space",
                    "--min-count", str(MIN_COUNT), "-o", tokenizer, text], check=True)
    return text, tokenizer, count, sum(n >= MIN_COUNT for n in kinds.values())


def lower_tests(chosen, folder):
    """Copies of the files of tests in lower case, as the vectors are."""
    for files in (chosen.similarity, chosen.analogies):
        for i, path in enumerate(files):
            files[i] = os.path.join(folder, os.path.basename(path))
            with open(path, encoding="utf-8") as test, open(files[i], "w", encoding="utf-8") as copy:
                copy.write(test.read().lower())


GENSIM = """
import json, sys
from gensim.models import Word2Vec
text, out, settings = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
Word2Vec(corpus_file=text, **settings).wv.save_word2vec_format(out)
"""


def commands(chosen, folder, text, tokenizer, threads, seed):
    """Name, command and file of vectors of each contestant."""
    cbow, hierarchical = chosen.mode == "cbow", chosen.loss == "hierarchical"
    negative = 0 if hierarchical else chosen.negative
    out = os.path.join(folder, "vectors")
    yield "heed", [
        os.path.join(chosen.build, "heed"), "train", "word2vec", "--quiet", "--text", text, "--tokenizer-file", tokenizer,
        "-o", out, "--mode", chosen.mode, "--loss", chosen.loss, "--width", str(chosen.width),
        "--window", str(chosen.window), "--negative", str(chosen.negative), "--subsample", str(chosen.subsample),
        "--lr", str(chosen.lr), "--epochs", str(chosen.epochs), "--threads", str(threads), "--seed", str(seed)], out
    yield "fastText", [
        chosen.fasttext, "cbow" if cbow else "skipgram", "-verbose", "0", "-input", text, "-output", out,
        "-loss", "hs" if hierarchical else "ns", "-dim", str(chosen.width), "-ws", str(chosen.window),
        "-neg", str(chosen.negative), "-t", str(chosen.subsample), "-lr", str(chosen.lr), "-epoch", str(chosen.epochs),
        "-minCount", str(MIN_COUNT), "-minn", "0", "-maxn", "0", "-thread", str(threads), "-seed", str(seed)], out + ".vec"
    if chosen.word2vec:
        yield "word2vec", [
            chosen.word2vec, "-train", text, "-output", out, "-size", str(chosen.width), "-window", str(chosen.window),
            "-sample", str(chosen.subsample), "-hs", str(int(hierarchical)), "-negative", str(negative),
            "-cbow", str(int(cbow)), "-alpha", str(chosen.lr), "-iter", str(chosen.epochs),
            "-min-count", str(MIN_COUNT), "-threads", str(threads), "-debug", "0"], out
    if chosen.gensim:
        settings = {"vector_size": chosen.width, "window": chosen.window, "sample": chosen.subsample, "sg": int(not cbow),
                    "hs": int(hierarchical), "negative": negative, "alpha": chosen.lr, "epochs": chosen.epochs,
                    "min_count": MIN_COUNT, "workers": threads, "seed": seed}
        yield "gensim", [sys.executable, "-c", GENSIM, text, out, json.dumps(settings)], out


def measure(command):
    """Seconds on the clock and of the processor, and the most memory any child has held."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()[-2000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def quality(chosen, vectors):
    """What `heed eval` says of each file of tests, by the file's name."""
    found = {}
    for kind, files in (("similarity", chosen.similarity), ("analogies", chosen.analogies)):
        for path in files:
            command = [os.path.join(chosen.build, "heed"), "eval", "-m", vectors, "--" + kind, path]
            lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
            found[os.path.basename(path)] = float(dict(line.split("\t") for line in lines)[kind])
    return found


def in_turn(chosen, folder, text, tokenizer, threads):
    runs = {}
    for number in range(chosen.rounds):
        for name, command, vectors in commands(chosen, folder, text, tokenizer, threads, number + 1):
            wall, processor = measure(command)
            runs.setdefault(name, []).append((wall, processor, quality(chosen, vectors)))
            print(f"round {number + 1} of {chosen.rounds}, {threads} threads: {name}: {wall:.1f} s, "
                  f"{processor:.1f} s of the processor", file=sys.stderr)
    return runs


def report(chosen, runs, threads, words):
    own_time = threads == 1 or chosen.processor_time
    rates = {}
    for name, all_runs in runs.items():
        best = min(processor if own_time else wall for wall, processor, _ in all_runs)
        rates[name] = words * chosen.epochs / best
        line = f"{threads:7} {name:10} {rates[name]:12.0f}"
        for test in all_runs[0][2]:
            values = [found[test] for _, _, found in all_runs]
            spread = statistics.stdev(values) if len(values) > 1 else 0
            line += f"   {test} {statistics.mean(values):.4f} +- {spread:.4f}"
        print(line)
    for name, rate in rates.items():
        if name != "heed":
            print(f"{threads:7} {'heed : ' + name:19} {rates['heed'] / rate:.2f}")


def main():
    chosen = options()
    with tempfile.TemporaryDirectory(prefix="word2vec_") as folder:
        text, tokenizer, words, vocabulary = prepare(chosen, folder)
        lower_tests(chosen, folder)
        print(f"{chosen.mode}, {chosen.loss}: {words} words, {vocabulary} kinds, {chosen.epochs} epochs, width "
              f"{chosen.width}, window {chosen.window}, negative {chosen.negative}, subsample {chosen.subsample}, "
              f"lr {chosen.lr}, {chosen.rounds} rounds")
        print(f"threads {'':10} {'best words/s':>12}")
        for threads in chosen.threads:
            report(chosen, in_turn(chosen, folder, text, tokenizer, threads), threads, words)


if __name__ == "__main__":
    main()
