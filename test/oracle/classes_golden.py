"""Writes the cases of test/unit/test_classes.c, between its two marks: what scikit-learn says of random guesses.

Run from the root of the repository, with scikit-learn installed, and clang-format the file afterwards:
    python3 test/oracle/classes_golden.py
"""

import random
import warnings

from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

FILE = "test/unit/test_classes.c"
BEGIN, END = "/* From scikit-learn: */\n", "/* Till here. */\n"


def draw(rng):
    """Truths and guesses of up to 8 classes, some never true, some never guessed."""
    true = rng.sample(range(8), rng.randint(1, 8))
    said = rng.sample(range(8), rng.randint(1, 8))
    truths, guesses = [], []
    for _ in range(rng.choice([1, 2, 5, 20, 60])):
        truth = rng.choice(true)
        truths.append(truth)
        guesses.append(truth if truth in said and rng.random() < 0.6 else rng.choice(said))
    return truths, guesses


def letters(classes):
    return '"' + "".join(chr(ord("a") + c) for c in classes) + '"'


def numbers(xs):
    return "{" + ", ".join(repr(float(x)) for x in xs) + "}"


def case(truths, guesses):
    precision, recall, f1, _ = precision_recall_fscore_support(truths, guesses, labels=range(8))
    macro = precision_recall_fscore_support(truths, guesses, average="macro")[:3]
    confusion = confusion_matrix(truths, guesses, labels=range(8))
    fields = [letters(truths), letters(guesses), repr(accuracy_score(truths, guesses)), numbers(macro)]
    fields += [numbers(precision), numbers(recall), numbers(f1)]
    fields += ["{" + ", ".join("{" + ", ".join(map(str, row)) + "}" for row in confusion) + "}"]
    return "{" + ",\n".join(fields) + "},\n"


def main():
    rng = random.Random(1)
    warnings.simplefilter("ignore", UndefinedMetricWarning)
    with open(FILE, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    with open(FILE, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "".join(case(*draw(rng)) for _ in range(12)) + END + after)


main()
