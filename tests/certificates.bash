# SPDX-License-Identifier: MIT
# Certificates of a private CA, for servers on this machine.

# make_ca DIR: ca.pem, and DIR/hashed with it.
make_ca() {
	mkdir -p "$1/hashed"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=sk-helper test $RANDOM" \
		-keyout "$1/ca.key" -out "$1/ca.pem" 2>/dev/null
	cp "$1/ca.pem" "$1/hashed/$(openssl x509 -in "$1/ca.pem" -noout -hash).0"
}

# make_certificate DIR FILE SUBJECT-ALTERNATIVE-NAMES [expired]: FILE.key and FILE.pem, by DIR's CA.
make_certificate() {
	local from to
	from=$(date -u -d '2 days ago' +%y%m%d%H%M%SZ)
	to=$(date -u -d "$([ "${4:-}" = expired ] && echo 'yesterday' || echo 'tomorrow')" +%y%m%d%H%M%SZ)
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout "$1/$2.key" -out "$1/$2.csr" 2>/dev/null
	printf 'subjectAltName=%s\n' "$3" >"$1/$2.ext"
	printf '[ca]\ndefault_ca=x\n[x]\ndatabase=%s/index\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n' \
		"$1" "$1" >"$1/$2.conf"
	: >"$1/index"
	openssl ca -batch -notext -config "$1/$2.conf" -cert "$1/ca.pem" -keyfile "$1/ca.key" -in "$1/$2.csr" -extfile "$1/$2.ext" \
		-startdate "$from" -enddate "$to" -out "$1/$2.pem" 2>"$1/$2.log" || { cat "$1/$2.log" >&2; return 1; }
}

# tls_options DIR FILE [HOST]: for start_peer.
tls_options() {
	printf '{"host":"%s","tls":{"key":"%s/%s.key","cert":"%s/%s.pem"}}' "${3:-localhost}" "$1" "$2" "$1" "$2"
}
