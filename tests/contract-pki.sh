#!/bin/sh
# contract-pki.sh OUT: the certificates, keys and lists that the C contract tests are given.
set -eu
umask 022
out=$1
rm -rf "$out"
mkdir -p "$out/layout/ca" "$out/layout/server" "$out/empty"
cd "$out"
exec 2> openssl.log

cat > openssl.cnf << 'END'
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
keyUsage = digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
[client]
basicConstraints = CA:FALSE
keyUsage = digitalSignature
extendedKeyUsage = clientAuth
[named]
basicConstraints = CA:FALSE
keyUsage = digitalSignature
extendedKeyUsage = clientAuth
subjectAltName = DNS:alice.example, email:alice@lab.example
[nameless]
basicConstraints = CA:FALSE
keyUsage = digitalSignature
extendedKeyUsage = serverAuth
[strange]
basicConstraints = CA:FALSE
keyUsage = digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost
1.2.3.4 = critical, ASN1:NULL
[ca]
default_ca = lab
[lab]
database = index.txt
crlnumber = number
default_md = sha256
default_crl_days = 30
crl_extensions = list
[list]
authorityKeyIdentifier = keyid
END

key() { (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"); }

key ca.key
openssl req -x509 -config openssl.cnf -extensions authority -subj '/CN=Contract CA' -days 30 \
    -key ca.key -out ca.pem

signed() { # NAME SECTION
    key "$1.key"
    openssl req -new -config openssl.cnf -subj "/CN=$1" -key "$1.key" -out "$1.csr"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 \
        -extfile openssl.cnf -extensions "$2" -out "$1.pem"
}
signed server server
signed second server
signed client client

key self.key
openssl req -x509 -config openssl.cnf -extensions server -subj '/CN=self' -days 20 \
    -key self.key -out self.pem

(umask 077 && openssl pkcs8 -topk8 -in client.key -v2 aes-256-cbc -passout pass:right -out locked.key)

: > index.txt
echo 01 > number
openssl ca -config openssl.cnf -gencrl -cert ca.pem -keyfile ca.key -out crl.pem
openssl ca -config openssl.cnf -gencrl -crlhours 1 -cert ca.pem -keyfile ca.key -out brief.pem
openssl ca -config openssl.cnf -revoke second.pem -cert ca.pem -keyfile ca.key
openssl ca -config openssl.cnf -gencrl -cert ca.pem -keyfile ca.key -out revoked.pem

# Certificates of keys that are there already, mostly with one problem each; see effects_problems.c.
another() { # NAME CSR SECTION OPTION...
    name=$1 request=$2 section=$3
    shift 3
    openssl x509 -req -in "$request.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 \
        -extfile openssl.cnf -extensions "$section" -out "$name.pem" "$@"
}
another nameless server nameless
another strange server strange
another sha1 server server -sha1
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out short.key
openssl req -new -config openssl.cnf -subj /CN=short -key short.key -out short.csr
another short short server
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -out first.pem
openssl x509 -in self.pem -badsig -out forged.pem
printf -- '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n' > garbage.pem
# The key of server.pem in another certificate.
another renewed server server
# A client with every sort of name.
another named client named
cp -p client.key named.key

# What is no good.
cp client.key open.key
chmod 644 open.key
head -c 300 ca.pem > cut.pem
printf '\001\002\000\377 no PEM at all' > binary.pem
: > empty.pem
openssl x509 -in server.pem -outform DER -out server.der

# The layout of five files, without an own pair and without a known server yet.
cp ca.pem layout/ca/cert.pem
chmod 700 layout/server
