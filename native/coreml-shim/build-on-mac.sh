#!/bin/sh
# Builds the shim for both of Apple's architectures, and tries it. Needs a Mac with Xcode's command line tools.
#   build-on-mac.sh [FOLDER [PACKAGE.mlpackage]]     the library is FOLDER/libbaton_coreml.dylib; build here if not named
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/build}
mkdir -p "$out"
common="-O2 -Wall -Wextra -mmacosx-version-min=12.0 -arch arm64 -arch x86_64"
clang -dynamiclib -fobjc-arc $common -fvisibility=hidden -framework Foundation -framework CoreML \
  -install_name @rpath/libbaton_coreml.dylib -o "$out/libbaton_coreml.dylib" "$here/baton_coreml.m"
clang $common -o "$out/selftest" "$here/selftest.c" -L"$out" -lbaton_coreml -Wl,-rpath,"$out"
if [ $# -gt 1 ]; then
  rm -rf "$out/selftest.mlmodelc"
  "$out/selftest" "$2" "$out/selftest.mlmodelc"
else
  "$out/selftest"
fi
echo "Name the library to Java: -Dbaton.coreml.library=$out/libbaton_coreml.dylib"
