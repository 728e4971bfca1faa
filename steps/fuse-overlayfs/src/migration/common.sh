# What those scripts share that ask Docker.
fail() {
    printf '%s\n' "$1" | tail -n 1 | cut -c 1-400 >&2
    exit 1
}

# An orchestrator that was killed leaves its script running, and the next one must not work beside it.
lock() {
    exec 9>/run/phoenix-orch-docker-migration.lock || fail "no lock can be taken"
    flock -w 3600 9 || fail "an earlier migration is still at work"
}

answers() {
    tries=60
    until said=$(timeout 10 docker info --format '{{.Driver}}' 2>&1); do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "Docker does not answer: $said"
        sleep 1
    done
    driver=$said
}

# All images of the running Docker: `image ID` and `tag ID NAME`, sorted.
visible() {
    listed=$(docker images --all --no-trunc --format 'tag {{.ID}} {{.Repository}}:{{.Tag}}') || return 1
    [ -n "$listed" ] || return 0
    printf '%s\n' "$listed" | sed -n 'p; s/^tag \([^ ]*\) .*/image \1/p' | sort -u
}

# Those of the list in file $1 that the running Docker does not have.
missing() {
    seen=$(visible) || return 1
    grep -e '^image ' -e '^tag ' "$1" | while IFS= read -r line; do
        printf '%s\n' "$seen" | grep -q -F -x -e "$line" || printf '%s\n' "$line"
    done
}
