# Prints one JSON document a line: all Docker objects of the kind $1.
set -u
case $1 in
container) ids=$(docker ps --all --quiet --no-trunc) || exit ;;
image) ids=$(docker images --all --quiet --no-trunc) || exit ;;
network | volume) ids=$(docker "$1" ls --quiet) || exit ;;
esac
[ -n "$ids" ] || exit 0
form='{{json .}}'
[ "$1" != image ] || form='{"Id":{{json .Id}},"RepoTags":{{json .RepoTags}},"Size":{{.Size}},"Config":{{json .Config}}}'
# shellcheck disable=SC2046,SC2086 # Each id is a word.
docker "$1" inspect --format "$form" $(printf '%s\n' $ids | sort -u)
