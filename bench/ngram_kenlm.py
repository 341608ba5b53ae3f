#!/usr/bin/env python3
"""heed against KenLM's lmplz and query at estimating an n-gram model and asking it, in turn, on the same text.

    make
    python3 bench/ngram_kenlm.py --lmplz build/bin/lmplz --query build/bin/query --text train.txt --test test.txt

lmplz reads the text and writes an ARPA file; heed reads the text and writes a model, which needs no further step before
it is used. A line of the table is the best and the median of all rounds: seconds by the clock, seconds of all
processors, peak memory. lmplz takes as much memory as it is allowed, so it runs with each --memory that is given; by
default that is its own default, 80 % of the machine, and 1G. Words stand between spaces; "<unk>" in the text becomes
another word, which lmplz would refuse. Both must come to the same perplexity, or the figures mean nothing.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time


def options():
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lmplz", required=True)
    parser.add_argument("--query", required=True)
    parser.add_argument("--build-binary", help="then KenLM is also asked with its packed form of the model, a trie")
    parser.add_argument("--text", required=True, action="append", help="again for more files")
    parser.add_argument("--test", required=True)
    parser.add_argument("--order", type=int, default=5)
    parser.add_argument("--prune", default="0")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="of heed; lmplz has a thread for each of its steps")
    parser.add_argument("--memory", action="append", help="a setting of lmplz's -S; again for more")
    parser.add_argument("--build", default=os.path.join(here, "build"), help="where heed was built")
    parser.add_argument("--folder", help="for temporary files")
    return parser.parse_args()


def clean(paths, out):
    words = 0
    with open(out, "w", encoding="utf-8", newline="\n") as to:
        for path in paths:
            with open(path, encoding="utf-8", newline="\n") as text:
                for line in text:
                    line = " ".join("(unk)" if w in ("<unk>", "<s>", "</s>") else w for w in line.split(" "))
                    words += len(line.split())
                    to.write(line if line.endswith("\n") else line + "\n")
    return words


def run(command, stdin=None):
    """Seconds by the clock, of processors, MiB at the peak, and what it printed."""
    with tempfile.TemporaryFile() as said, open(stdin or os.devnull, "rb") as given:
        begin = time.monotonic()
        child = subprocess.Popen(command, stdin=given, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - begin
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    if status != 0:
        sys.exit("%s failed:\n%s" % (" ".join(command), text))
    return (wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024), text


def perplexity(text):
    for line in text.splitlines():
        if line.startswith("Perplexity including OOVs:") or line.startswith("perplexity\t"):
            return float(line.split("\t")[1])
    sys.exit("no perplexity in:\n" + text)


def table(title, results, words):
    print("\n%s\n%-28s %10s %10s %10s %10s %10s %10s" % (
        title, "", "best s", "median s", "best cpu", "median", "MiB", "words/s"))
    for name, rounds in results.items():
        wall, cpu, memory = zip(*rounds)
        print("%-28s %10.2f %10.2f %10.2f %10.2f %10.0f %10.0f" % (
            name, min(wall), statistics.median(wall), min(cpu), statistics.median(cpu), min(memory), words / min(wall)))


def main():
    o = options()
    heed = os.path.join(o.build, "heed")
    memories = o.memory or [None, "1G"]
    with tempfile.TemporaryDirectory(dir=o.folder) as folder:
        text, test = os.path.join(folder, "text"), os.path.join(folder, "test")
        arpa, model, packed = (os.path.join(folder, "a." + kind) for kind in ("arpa", "heed", "trie"))
        words, asked = clean(o.text, text), clean([o.test], test)
        ours = [heed, "train", "ngram", "--quiet", "--threads", str(o.threads), "--order", str(o.order), "--prune",
                o.prune, "--tokenizer", "space", "--normalize", "none", "--text", text, "-o", model]
        train, ask, found = {}, {}, set()
        print("%d words to learn from, %d to be asked for, order %d" % (words, asked, o.order))
        for _ in range(o.rounds):
            train.setdefault("heed", []).append(run(ours)[0])
            for memory in memories:
                theirs = [o.lmplz, "-o", str(o.order), "--prune", *o.prune.split(), "--text", text, "--arpa", arpa,
                          "-T", os.path.join(folder, "lmplz")] + (["-S", memory] if memory else [])
                train.setdefault("lmplz" + (" -S " + memory if memory else ""), []).append(run(theirs)[0])
            used, said = run([heed, "eval", "-m", model, "--threads", str(o.threads), "--text", test])
            ask.setdefault("heed eval", []).append(used)
            found.add("%.2f" % perplexity(said))
            files = {"query, of the ARPA file": arpa}
            if o.build_binary:
                train.setdefault("build_binary trie, after it", []).append(
                    run([o.build_binary, "-T", os.path.join(folder, "trie"), "trie", arpa, packed])[0])
                files["query, of the trie"] = packed
            for name, path in files.items():
                used, said = run([o.query, "-v", "summary", path], stdin=test)
                ask.setdefault(name, []).append(used)
                found.add("%.2f" % perplexity(said))
        table("training", train, words)
        table("asking, with the loading of the model", ask, asked)
        print("\nperplexity of both: " + " and ".join(sorted(found)))
        for path in (model, arpa, packed):
            if os.path.exists(path):
                print("size of %s: %.1f MiB" % (os.path.basename(path), os.path.getsize(path) / 2**20))
    return 0 if len(found) == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
