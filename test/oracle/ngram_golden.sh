#!/bin/sh
# Writes test/golden/ngram: a text of the built-in phrases, and what KenLM's lmplz estimates from it.
# Run by hand, never by the tests, in the root: ngram_golden.sh LMPLZ [HEED]
# github.com/kpu/kenlm builds lmplz with cmake, Boost and Eigen.
set -eu
lmplz=$1 heed=${2:-build/heed} out=test/golden/ngram
mkdir -p "$out"
"$heed" corpus phrases --count 400 --seed 5 | cut -f1 | sed "s/\([.,?!']\)/ \1/g" >"$out/text"
"$lmplz" -o 4 --text "$out/text" --arpa "$out/order4.arpa"
"$lmplz" -o 3 --prune 0 0 1 --text "$out/text" --arpa "$out/order3_pruned.arpa"
# A text so small that no discounts follow from it.
head -n 12 "$out/text" >"$out/few"
"$lmplz" -o 5 --discount_fallback 0.5 1 1.5 --text "$out/few" --arpa "$out/few_order5.arpa"
