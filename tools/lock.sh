#!/bin/sh
# Writes requirements.lock anew from pyproject.toml: everything the program and its tests need, for every
# Python that pyproject.toml allows, with hashes and without any address. Needs uv; reads the package index.
#
#   tools/lock.sh              keeps the locked versions that still fit
#   tools/lock.sh --upgrade    takes the newest versions that fit
set -eu
cd -- "$(dirname -- "$0")/.."
# --no-config: the lock must not depend on one person's machine.
exec uv pip compile --quiet --no-config --universal --python-version 3.11 --extra test \
    --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
    "$@" --output-file requirements.lock pyproject.toml
