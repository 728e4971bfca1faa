# Was the running dockerd told that it is in a container? Prints `told`, `not told` or `not running`.
set -u
pid=$(cat /run/docker.pid 2>/dev/null) && [ -r "/proc/$pid/environ" ] || { echo 'not running'; exit 0; }
tr '\0' '\n' < "/proc/$pid/environ" | grep -q '^container=.' && echo told || echo 'not told'
