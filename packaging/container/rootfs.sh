#!/bin/sh
# The root filesystem of the container: the program, the libraries it asks for, certificates, a user and a folder for data. The
# Dockerfile runs this in its first stage; where no engine runs, packaging/check.sh runs it into a folder and starts the program in it.
#
#   rootfs.sh PROGRAM FOLDER
set -eu
program=${1:?usage: rootfs.sh PROGRAM FOLDER}
root=${2:?usage: rootfs.sh PROGRAM FOLDER}

mkdir -p "$root/etc/ssl/certs" "$root/usr/bin" "$root/var/lib/factor-mcp" "$root/tmp"
install -m 0755 "$program" "$root/usr/bin/factor-mcp"
# Every library, and the loader, under the paths at which they are looked for.
ldd "$program" | grep -o '/[^ ]*' | sort -u | while read -r library; do
    install -D -m 0755 "$library" "$root$library"
done
install -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
echo 'factor-mcp:x:65532:65532:factor-mcp:/var/lib/factor-mcp:/sbin/nologin' >"$root/etc/passwd"
echo 'factor-mcp:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chown 65532:65532 "$root/var/lib/factor-mcp"
chmod 0700 "$root/var/lib/factor-mcp"
chmod 1777 "$root/tmp"
