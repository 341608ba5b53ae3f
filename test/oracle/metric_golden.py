"""Writes test/golden/metric/sacrebleu.json: what sacreBLEU 2.6.0 prints for random texts.

Run from the root of the repository, with sacrebleu==2.6.0 installed:
    python3 test/oracle/metric_golden.py
"""

import json
import logging
import random

import numpy
import sacrebleu
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import Result, _compute_p_value, estimate_ci
from sacrebleu.utils import Color, _format_score_lines
from tabulate import tabulate

OUT = "test/golden/metric/sacrebleu.json"

WORDS = """a the dog Dog DOG runs sat on mat , . ! ? ; : ( ) [x] {y} "quoted" 'tis don't o'clock well-known
end. end, ... .. ., ,. U.S. e.g. 3.14 1,000 1,000.50 12:30 5-4 7- -7 a-b -- - 3.x x.3 ,5 5, .5 5. $9.99 50% #1 a/b
&quot;hi&quot; &amp; &amp;lt; &amp;quot; &lt;b&gt; & &foo; <skipped> <skip<skipped>ped> < > a_b `tick` ~ ^ | \\ @x
Straße STRASSE naïve NAÏVE café cafe\u0301 İstanbul ıI ΣΑΣ ΟΔΟΣ Σ ΑΣ.Β Α’Σ ΣΑ\u0301Σ ǅ Ⅷ ⓐΣ ªΣ ﬁ Ωmega Ж жЖ Привет
日本語 日本 語 한국어 مرحبا עברית हिन्दी ไทย 👍 👨‍👩‍👧 🙂🙂 … « » „so“ “so” – — ‚x‘ € £5 ½ ² ٣ ٣.٤ １２ ，。 、 ・ ¿qué? ¡no! º °C × ÷ ™""".split()
SPACES = [" "] * 30 + ["  ", "\t", "\u00a0", "\u3000", "\u2028", "\u0085", "\u200b", "\x1c", "\r", "-\n", "\n", ""]
LETTERS = "abcAB .,-5&;é日Σ\u0301"


def random_text(rng):
    if rng.random() < 0.03:
        return rng.choice(["", " ", "\t\u00a0", ".", "-\n", "a", "5", "&", "é"])
    if rng.random() < 0.15:
        return "".join(rng.choice(LETTERS) for _ in range(rng.randint(1, 14)))
    text = rng.choice(["", "", "", " "])
    common = rng.random() < 0.5
    for _ in range(rng.randint(1, 9)):
        text += rng.choice(WORDS[:14] if common and rng.random() < 0.7 else WORDS) + rng.choice(SPACES)
    return text


def edit(rng, text):
    """A text a few edits away."""
    words = text.split(" ")
    for _ in range(rng.randint(0, 3)):
        i = rng.randrange(len(words))
        what = rng.random()
        if what < 0.4:
            words[i] = rng.choice(WORDS)
        elif what < 0.6:
            words[i] = words[i].swapcase()
        elif what < 0.8 and len(words) > 1:
            del words[i]
        else:
            words.insert(i, words[rng.randrange(len(words))])
    return " ".join(words)


def random_segment(rng, references, missing):
    first = random_text(rng)
    hypothesis = first if rng.random() < 0.05 else edit(rng, first) if rng.random() < 0.8 else random_text(rng)
    others = [edit(rng, first) if rng.random() < 0.6 else random_text(rng) for _ in range(references - 1)]
    if missing:
        others = [None if rng.random() < 0.5 else r for r in others]
    return [hypothesis, first] + others


def bleu(**options):
    arguments = {"tokenize": "13a", "smooth_method": "exp", "lowercase": False, "effective_order": False,
                 "smooth_value": None, **options}
    return {"kind": "bleu", **arguments}


def chrf(**options):
    return {"kind": "chrf", "char_order": 6, "word_order": 0, "beta": 2, "lowercase": False, **options}


BLEUS = [bleu(), bleu(lowercase=True), bleu(effective_order=True), bleu(tokenize="none"),
         bleu(tokenize="none", lowercase=True), bleu(tokenize="char"), bleu(tokenize="intl"),
         bleu(tokenize="intl", lowercase=True), bleu(smooth_method="floor"),
         bleu(smooth_method="floor", smooth_value=0.01), bleu(smooth_method="add-k"),
         bleu(smooth_method="add-k", smooth_value=0.5, effective_order=True), bleu(smooth_method="none"),
         bleu(smooth_method="none", effective_order=True, lowercase=True),
         bleu(smooth_method="floor", effective_order=True, tokenize="intl")]
CHRFS = [chrf(), chrf(lowercase=True), chrf(word_order=2), chrf(word_order=2, lowercase=True),
         chrf(char_order=4, word_order=1, beta=3), chrf(char_order=1, beta=1)]
CONFIGS = BLEUS + CHRFS


def make(config):
    options = {k: v for k, v in config.items() if k != "kind"}
    return BLEU(force=True, **options) if config["kind"] == "bleu" else CHRF(**options)


def philox(counter, key):
    """Philox 4x32-10; the low 64 bits of the block."""
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [p1 >> 32 ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, p0 >> 32 ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c[1] << 32 | c[0]


def bootstrap(rng, resamples=120, segments=30, seed=987654321987):
    """What sacreBLEU would print if it drew the segments as heed does."""
    stream = 7
    draws = [[philox((i, 0, r, stream), (seed & 0xFFFFFFFF, seed >> 32)) * segments >> 64
              for i in range(segments)] for r in range(resamples)]
    references = [random_text(rng) for _ in range(segments)]
    outputs = [[edit(rng, r) for r in references] for _ in range(2)]
    table = {"System": ["Baseline: première", "second"]}
    numbers = []
    for metric in (BLEU(), CHRF(word_order=2)):
        stats = [metric._extract_corpus_statistics(o, [references]) for o in outputs]
        score = [metric._aggregate_and_compute(s) for s in stats]
        drawn = [numpy.array([metric._aggregate_and_compute([s[i] for i in d]).score for d in draws])
                 for s in stats]
        differences = numpy.abs(drawn[1] - drawn[0])
        p = _compute_p_value(differences - differences.mean(), abs(score[0].score - score[1].score))
        summary = [estimate_ci(d) for d in drawn]
        table[score[0].name] = [Result(score[0].score, None, *summary[0]), Result(score[1].score, p, *summary[1])]
        numbers.append([p, *summary[0], *summary[1]])
    Color.ENABLE_COLORS = False
    text = tabulate(_format_score_lines(table, 1), headers="keys", tablefmt="fancy_grid", colalign=("right",),
                    stralign="center", numalign="center", floatfmt=".1f")
    return {"seed": seed, "resamples": resamples, "segments": [list(s) for s in zip(*outputs, references)],
            "numbers": [[float(x) for x in row] for row in numbers], "table": text + "\n"}


def main():
    assert sacrebleu.__version__ == "2.6.0", sacrebleu.__version__
    logging.disable(logging.WARNING)
    rng = random.Random(20260)
    heads = [{} for _ in CONFIGS]
    lines = []
    for case in range(2400):
        references = rng.choice([1, 1, 1, 2, 3])
        segments = 1 if rng.random() < 0.75 else rng.randint(2, 7)
        missing = references > 1 and rng.random() < 0.2
        text = [random_segment(rng, references, missing) for _ in range(segments)]
        # the defaults are in every second case
        chosen = [0, 15, 17] if case % 2 == 0 else [rng.randrange(len(BLEUS)),
                                                    len(BLEUS) + rng.randrange(len(CHRFS))]
        width = 1 if case % 3 == 0 else 5
        expected = []
        for c in chosen:
            metric = make(CONFIGS[c])
            score = metric.corpus_score([s[0] for s in text], list(zip(*[s[1:] for s in text])))
            signature = str(metric.get_signature())
            count = signature.split("|")[0].split(":")[1]
            line = score.format(width=width, signature=signature)
            head, rest = line.split(" = ", 1)
            assert heads[c].setdefault(count, head) == head
            expected.append([c, count, rest])
        lines.append(json.dumps([width, text, expected], ensure_ascii=False, separators=(",", ":")))
    configs = [json.dumps({**c, "heads": h}, ensure_ascii=False) for c, h in zip(CONFIGS, heads)]
    together = json.dumps(bootstrap(rng), ensure_ascii=False)
    with open(OUT, "w", encoding="utf-8", newline="\n") as f:
        f.write('{"configs":[\n' + ",\n".join(configs) + '\n],"bootstrap":' + together
                + ',"cases":[\n' + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main()
