# A PostgreSQL server in a folder of its own, for as long as standard input stays open.
#
# Arguments: the folder of the server's programs, a port, `plain` or `tls`. Prints the socket's folder when the server is
# up, then does what standard input says, one word a line: `stop`, `start`, `crash`. However the
# process that holds the other end ends, its end of the pipe closes, and the server goes with it.
set -eu
bin=$1
port=$2
kind=$3
trap '' INT TERM HUP
if [ "$(id -u)" = 0 ]; then
    # PostgreSQL refuses to run as root.
    user=nobody
    if id postgres >/dev/null 2>&1; then user=postgres; fi
    exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups sh -c "$SERVER_SCRIPT" sh "$bin" "$port" "$kind"
fi
cd /
folder=$(mktemp -d "${TMPDIR:-/tmp}/factlog-postgres.XXXXXX")
leave() {
    "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap leave EXIT
serve() {
    "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w -t 60 start >/dev/null 2>&1
}
LC_ALL=C "$bin/initdb" -D "$folder/data" -U factlog -A trust -E UTF8 --locale=C --no-sync >/dev/null
cat >>"$folder/data/postgresql.conf" <<CONF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$folder'
max_connections = 200
fsync = on
synchronous_commit = on
CONF
if [ "$kind" = tls ]; then
    # A CA, a certificate for `localhost` by it, and another CA that signed nothing here.
    authority() {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
            -addext basicConstraints=critical,CA:TRUE -keyout "$folder/$1.key" -out "$folder/$1.pem" 2>/dev/null
    }
    authority ca
    authority other
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
        -keyout "$folder/data/server.key" -out "$folder/server.csr" 2>/dev/null
    echo "subjectAltName=DNS:localhost" >"$folder/names"
    openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial \
        -days 2 -extfile "$folder/names" -out "$folder/data/server.crt" 2>/dev/null
    chmod 600 "$folder/data/server.key"
    echo "ssl = on" >>"$folder/data/postgresql.conf"
    # By TCP with TLS or not at all.
    printf 'local all all trust\nhostssl all all 127.0.0.1/32 trust\n' >"$folder/data/pg_hba.conf"
fi
serve || { tail -n 5 "$folder/log" >&2; exit 1; }
echo "$folder"
while read -r word; do
    case $word in
    stop) "$bin/pg_ctl" -D "$folder/data" -m fast -w stop >/dev/null ;;
    start) serve ;;
    # It may have gone by itself, when its disk was full.
    crash) "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true ;;
    esac
    echo done
done
