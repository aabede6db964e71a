#!/bin/sh
# Fuzzes the request codec for SECONDS (default 60) per form, from the corpus in this folder; fails with the inputs that broke it.
# Needs afl-fuzz (Debian: afl++) and the .NET SDK; installs the sharpfuzz tool into its work folder.
set -eu
seconds=${1:-60}
here=$(cd "$(dirname "$0")" && pwd)
command -v afl-fuzz > /dev/null || { echo "afl-fuzz is not installed (Debian: apt-get install afl++)." >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

dotnet tool install SharpFuzz.CommandLine --version 2.3.0 --tool-path "$work/tools" > /dev/null
dotnet build "$here/Codec.cs" -c Release -v q -o "$work/app"
"$work/tools/sharpfuzz" "$work/app/ZeroWorld.ML.Serving.Protocol.dll"

status=0
for form in grpc rest; do
    AFL_SKIP_BIN_CHECK=1 AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
        afl-fuzz -i "$here/corpus/$form" -o "$work/$form" -V "$seconds" -t 5000 -m none -- dotnet "$work/app/Codec.dll" "$form" > "$work/$form.log" 2>&1 \
        || { tail -20 "$work/$form.log" >&2; exit 1; }
    executions=$(sed -n 's/^execs_done *: *//p' "$work/$form/default/fuzzer_stats")
    crashes=$(find "$work/$form/default/crashes" "$work/$form/default/hangs" -type f -name 'id*' | wc -l)
    echo "$form: $executions runs, $crashes inputs that broke it"
    if [ "$crashes" -gt 0 ]; then
        mkdir -p "$here/found/$form"
        find "$work/$form/default/crashes" "$work/$form/default/hangs" -type f -name 'id*' -exec cp {} "$here/found/$form/" \;
        echo "They are in tests/fuzz/found/$form." >&2
        status=1
    fi
done
exit $status
