# The storage driver of the running Docker. The client is not used where no dockerd runs, because its socket
# would start one. Ends with 3 there.
for file in /proc/[0-9]*/comm; do
  name=
  { read -r name <"$file"; } 2>/dev/null
  if [ "$name" = dockerd ]; then
    exec timeout 15 docker info --format \
      '{{.Driver}}{{range .DriverStatus}}{{if eq (index . 1) "io.containerd.snapshotter.v1"}} (containerd){{end}}{{end}}'
  fi
done
exit 3
