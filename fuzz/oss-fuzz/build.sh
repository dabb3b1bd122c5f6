#!/bin/bash -eu
# Builds one fuzzer for each target of fuzz.TARGETS, with its seeds and the dictionary beside it.
pip3 install ".[cli]"
for name in $(python3 -c "import fuzz; print(*fuzz.TARGETS)"); do
    launcher="$SRC/fuzz_$name.py"
    cat >"$launcher" <<EOF
import sys

import atheris

with atheris.instrument_imports(include=["kick_proto", "kick_io", "wsproto", "h11"]):
    from fuzz.$name import check

atheris.Setup(sys.argv, check)
atheris.Fuzz()
EOF
    PYTHONPATH="$SRC/kick-proto" compile_python_fuzzer "$launcher" --paths "$SRC/kick-proto"
    zip -jq "$OUT/fuzz_${name}_seed_corpus.zip" "fuzz/seeds/$name"/*
    cp fuzz/kick.dict "$OUT/fuzz_$name.dict"
done
