#!/bin/sh
# Makes the authorities, tokens and answers in this folder anew. Needs OpenSSL 3.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'logs.test/root-log\n3\nx\n' > message

cat > "$work/tsa.cnf" <<CONF
[ tsa ]
default_tsa = it
[ it ]
serial = $work/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ordering = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ stamps ]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[ not_critical ]
extendedKeyUsage = timeStamping
[ two_purposes ]
extendedKeyUsage = critical, timeStamping, serverAuth
CONF
echo 01 > "$work/serial"

key() { # name kind
    case $2 in
        rsa) openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/$1.key" ;;
        ec) openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key" ;;
        p384) openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$work/$1.key" ;;
    esac
}
root() { # name kind
    key "$1" "$2"
    openssl req -x509 -new -key "$work/$1.key" -sha256 -days 36500 -subj "/O=Test/CN=$1" -out "$1.pem"
}
signer() { # name kind issuer extensions days
    key "$1" "$2"
    openssl req -new -key "$work/$1.key" -subj "/O=Test/CN=$1" -out "$work/$1.csr"
    openssl x509 -req -in "$work/$1.csr" -CA "$3.pem" -CAkey "$work/$3.key" -CAcreateserial -CAserial "$work/ca.srl" \
        -sha256 -days "$5" -extfile "$work/tsa.cnf" -extensions "$4" -out "$1.pem" 2>/dev/null
}
reply() { # name signer request
    openssl ts -reply -config "$work/tsa.cnf" -section it -queryfile "$3" -signer "$2.pem" -inkey "$work/$2.key" -out "$1.tsr" 2>/dev/null
}

root root-rsa rsa
root root-ec ec
signer tsa-rsa rsa root-rsa stamps 36500
signer tsa-ec ec root-ec stamps 36500
signer tsa-not-critical ec root-ec not_critical 36500
signer tsa-two-purposes ec root-ec two_purposes 36500
signer tsa-p384 p384 root-ec stamps 36500

# A request with the nonce 7, as the crate writes it.
digest=$(openssl dgst -sha256 -binary message | od -An -tx1 | tr -d ' \n')
printf '%s' "303c020101""3031300d060960864801650304020105000420$digest""020107""0101ff" | xxd -r -p > query.tsq
openssl ts -query -in query.tsq -text | grep -q 'Nonce: 0x07'
for name in rsa ec p384; do reply "$name" "tsa-$name" query.tsq; done

# Tokens that `openssl ts` does not make: by certificates that are not for time-stamps alone, and one
# that does not name its certificate.
openssl ts -reply -in ec.tsr -token_out -out "$work/token" 2>/dev/null
openssl cms -verify -inform DER -in "$work/token" -noverify -out "$work/info" 2>/dev/null
token() { # name signer options
    name=$1; signer=$2; shift 2
    openssl cms -sign -binary -nodetach -econtent_type 1.2.840.113549.1.9.16.1.4 -md sha256 "$@" \
        -in "$work/info" -signer "$signer.pem" -inkey "$work/$signer.key" -outform DER -out "$name.token"
}
token not-critical tsa-not-critical -cades
token two-purposes tsa-two-purposes -cades
token unnamed tsa-ec
token good tsa-ec -cades

# Asked with SHA-512: the authority grants it, and the reader does not know it.
openssl ts -query -data message -sha512 -cert -out "$work/512.tsq" 2>/dev/null
reply sha512 tsa-ec "$work/512.tsq"
# An unknown digest: refused with a text.
openssl ts -query -data message -sha1 -cert -out "$work/sha1.tsq" 2>/dev/null
reply refused tsa-ec "$work/sha1.tsq"
rm -f tsa-not-critical.pem tsa-two-purposes.pem tsa-p384.pem
