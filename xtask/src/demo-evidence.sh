# Asks Docker, the kernel and the audit log about the container $1 since the time $2.
docker=$(lxc-attach -n "$1" --clear-env -- docker info --format '{{.ServerVersion}} on {{.Driver}}')
echo "Docker in $1:            $docker"
init=$(lxc-info -n "$1" --pid --no-humanize)
echo "label of its process 1:    $(cat "/proc/$init/attr/current")"
# A record looks like `type=AVC msg=audit(1700000000.123:45): apparmor="DENIED" ... profile="..."`.
denials=$(awk -v begin="$2" '
    /apparmor="DENIED"/ && /profile="lxc-phoenix-v2/ {
        split($0, part, /audit\(/)
        if (part[2] + 0 >= begin) print
    }' /var/log/audit/audit.log)
if [ -z "$denials" ]; then
    echo "denials since it was made: none"
else
    echo "denials since it was made: $(echo "$denials" | wc -l), by operation and program:"
    echo "$denials" | sed 's/.*operation="\([^"]*\)".*comm="\([^"]*\)".*/    \1 \2/' | sort | uniq -c
    echo '    (those of mount and of (crub_all) come at every boot and do no harm: docs/apparmor.md says why)'
fi
