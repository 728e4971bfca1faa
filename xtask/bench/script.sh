#!/bin/bash
# As the old scripts do it: one container after the other, one `lxc-attach` a command, and look before you change. What they did
# in `pct exec`, which on Proxmox costs hundreds of milliseconds more, is `lxc-attach` here. The last line counts the changes.
#
#     script.sh HOST-FILES CONTAINER...      HOST-FILES: a folder with those that the host should have
set -euo pipefail
host_files=$1
shift
changed=0

inside() {
    local container=$1
    shift
    lxc-attach --name "$container" --clear-env --set-var DEBIAN_FRONTEND=noninteractive -- "$@"
}

change() {
    echo "$1: $2"
    changed=$((changed + 1))
}

if [[ $(stat --format %a /dev/fuse) != *[67] ]]; then
    chmod 0666 /dev/fuse
    change host /dev/fuse
fi
while IFS= read -r file; do
    if ! cmp --quiet "$host_files/$file" "/$file"; then
        install -D --mode 0644 "$host_files/$file" "/$file"
        change host "/$file"
    fi
done < <(cd "$host_files" && find . -type f)

for container; do
    configuration=/var/lib/lxc/$container/config
    if ! grep -q '^lxc.mount.entry = /dev/fuse ' "$configuration"; then
        echo 'lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0' >> "$configuration"
        change "$container" "$configuration"
    fi
    for package in docker.io fuse-overlayfs; do
        # The status is a word of its own in the output, so that a package that was removed is not taken for installed.
        if [[ $(inside "$container" dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) != installed ]]; then
            inside "$container" apt-get update
            inside "$container" apt-get install --yes --no-install-recommends "$package"
            change "$container" "$package"
        fi
    done
    restart=
    if ! inside "$container" grep -q '"storage-driver": *"fuse-overlayfs"' /etc/docker/daemon.json 2>/dev/null; then
        inside "$container" mkdir -p /etc/docker
        inside "$container" sh -c 'cat > /etc/docker/daemon.json' <<< '{"storage-driver": "fuse-overlayfs", "features": {"containerd-snapshotter": false}}'
        restart=1
        change "$container" daemon.json
    fi
    if ! inside "$container" systemctl is-enabled --quiet docker.service; then
        inside "$container" systemctl enable --quiet docker.service
        change "$container" enabled
    fi
    if ! inside "$container" systemctl is-active --quiet docker.service; then
        restart=1
        change "$container" active
    fi
    if [[ $restart ]]; then
        inside "$container" systemctl restart docker.service
    fi
done
echo "changed: $changed"
