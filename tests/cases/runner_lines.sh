#!/bin/sh
# runner_lines.sh PKI COMMAND...: what the case runner COMMAND makes of good lines and of bad ones.
# PKI is what contract-pki.sh has filled.
set -eu
pki=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "runner_lines.sh: $*" >&2
    cat "$work/out" "$work/err" >&2
    exit 1
}

# The text of a file as the inside of a JSON string.
pem() { sed 's/$/\\n/' "$pki/$1" | tr -d '\n'; }

# case_line ID LEAF MEMBERS: a line with the lab's authority.
case_line() {
    printf '{"id":"%s","kind":"SERVER","leaf":"%s","trusted":["%s"],"intermediates":[],%s}\n' \
        "$1" "$(pem "$2")" "$(pem ca.pem)" "$3"
}


# verdict ID WHAT: the line of this case has these words.
verdict() {
    grep -F "{\"id\":\"$1\",\"verdict\":\"$2\"" "$work/out" | grep -Fq "$3" || fail "$1 is not $2 with $3"
}

here='"peer_name":{"kind":"DNS","value":"localhost"},"time":null,"features":[]'
{
    case_line good server.pem "$here"
    case_line 'q\"u\\o\u0074e\u00e4\ud83d\ude00' server.pem "$here"
    case_line address server.pem '"peer_name":{"kind":"IP","value":"127.0.0.1"},"time":null'
    case_line path server.pem '"peer_name":null,"time":null,"crls":[],"unknown":[{"a":[1.5e3,-0,true,false]}]'
    case_line other server.pem '"peer_name":{"kind":"DNS","value":"other.example"},"time":null'
    case_line mail server.pem '"peer_name":{"kind":"RFC822","value":"a@b.example"},"time":null'
    case_line no-host server.pem '"peer_name":{"kind":"DNS","value":"a b"},"time":null'
    case_line early server.pem '"time":3'
    case_line earlier server.pem '"time":-1'
    case_line revoked second.pem "$here,\"crls\":[\"$(pem revoked.pem)\"]"
    case_line uncovered server.pem "$here,\"crls\":[\"no list\"]"
    printf '{"id":"self","kind":"SERVER","leaf":"%s","trusted":["%s"],"features":["TRUSTED_LEAF"]}\n' \
        "$(pem self.pem)" "$(pem self.pem)"
    printf '{"id":"client","kind":"CLIENT","leaf":"%s","trusted":["%s"],"eku":["clientAuth"]}\n' \
        "$(pem client.pem)" "$(pem ca.pem)"
    printf '{"id":"unread","kind":"SERVER","leaf":"no PEM","trusted":["nor this"],"max_chain_depth":2}\n'
} > "$work/in"
code=0
"$@" < "$work/in" > "$work/out" 2> "$work/err" || code=$?
[ $code = 0 ] || fail "good lines end with $code"
[ ! -s "$work/err" ] || fail "good lines have errors"
[ "$(wc -l < "$work/out")" = "$(wc -l < "$work/in")" ] || fail "not each line has a verdict"
verdict good SUCCESS '"problems":[],'
verdict 'q\"u\\oteä😀' SUCCESS '"why":"0: '
verdict address SUCCESS '"problems":[],'
verdict path SUCCESS '"problems":[],'
verdict other FAILURE '"problems":["name-mismatch"]'
verdict mail FAILURE 'RFC822'
verdict no-host FAILURE 'a b'
verdict early FAILURE 'not-yet-valid'
verdict earlier FAILURE 'before 1970'
verdict revoked FAILURE '"problems":["revoked"]'
verdict uncovered FAILURE 'crls[0] is not taken'
verdict self SUCCESS '"problems":[],'
verdict client SUCCESS '"problems":[],'
verdict unread FAILURE 'max_chain_depth'

{
    echo
    echo 'no JSON'
    echo '[]'
    echo '{}'
    echo '{"id":"a","kind":"SERVER"}'
    echo '{"id":"a","kind":"OTHER","leaf":""}'
    echo '{"id":"a","kind":"SERVER","leaf":"","trusted":"x"}'
    echo '{"id":"a","kind":"SERVER","leaf":"","crls":[1]}'
    echo '{"id":"a","kind":"SERVER","leaf":"","time":1.5}'
    echo '{"id":"a","kind":"SERVER","leaf":"","time":99999999999999999999}'
    echo '{"id":"a","kind":"SERVER","leaf":"","peer_name":{"kind":"DNS"}}'
    echo '{"id":"a","id":"b","kind":"SERVER","leaf":""}'
    echo '{"id":"a","kind":"SERVER","leaf":""} x'
    echo '{"id":"a","kind":"SERVER","leaf":"",}'
    echo '{"id":"a\u0000","kind":"SERVER","leaf":""}'
    echo '{"id":"\ud800","kind":"SERVER","leaf":""}'
    echo '{"id":"a\q","kind":"SERVER","leaf":""}'
    echo '{"id":"a","kind":"SERVER","leaf":"","x":01}'
    echo '{"id":"a","kind":"SERVER","leaf":"","x":-}'
    printf '{"id":"\377","kind":"SERVER","leaf":""}\n'
    printf '{"id":"\300\200","kind":"SERVER","leaf":""}\n'
    printf '{"id":"a","kind":"SERVER","leaf":"\n'
    printf '%05000d\n' 0 | tr 0 '['
    printf '{"id":"a","kind":"SERVER","leaf'
} > "$work/in"
code=0
"$@" < "$work/in" > "$work/out" 2> "$work/err" || code=$?
[ $code = 1 ] || fail "bad lines end with $code"
[ ! -s "$work/out" ] || fail "bad lines have verdicts"
[ "$(grep -c 'is no case' "$work/err")" = 24 ] || fail "not each bad line is named"
grep -q '^case-runner: line 1 is no case' "$work/err" || fail "the line is not named"

code=0
"$@" --profile none < "$work/in" > "$work/out" 2> "$work/err" || code=$?
[ $code = 2 ] || fail "a profile that is none ends with $code"
