"""The work as a user of pyinfra would write it: its own operations, each of which asks for one or two facts, and acts where they
differ. All hosts are looked at in parallel, which pyinfra does by itself. No `update` of apt's lists, whose age would have to be
asked for; no facts that nothing needs.

Data: `daemon` is a file as `daemon.json` should be; `host_files` a folder with what the host should have; `names` the containers; `fresh` is not empty where apt has no lists yet."""

from os import walk
from os.path import join, relpath

from pyinfra import host
from pyinfra.facts.server import Command
from pyinfra.operations import apt, files, server, systemd

if host.name == "@local":
    # pyinfra has no operation for devices.
    if host.get_fact(Command, "stat -c %a /dev/fuse")[-1] not in "67":
        server.shell(commands=["chmod 0666 /dev/fuse"])
    for folder, _, names in walk(host.data.host_files):
        for name in names:
            path = join(folder, name)
            files.put(src=path, dest="/" + relpath(path, host.data.host_files))
    # An operation for each file would be one shell for each, one after the other; so one asks which of them lack the line.
    configurations = " ".join(f"/var/lib/lxc/{name}/config" for name in host.data.names.split(","))
    lacking = host.get_fact(Command, f"grep -L '^lxc.mount.entry = /dev/fuse ' {configurations} || true")
    for path in (lacking or "").split():
        files.line(path=path, line="lxc.mount.entry = /dev/fuse dev/fuse none bind,create=file 0 0")
else:
    apt.packages(packages=["docker.io", "fuse-overlayfs"], no_recommends=True, update=bool(host.data.fresh))
    daemon = files.put(src=host.data.daemon, dest="/etc/docker/daemon.json", mode="644")
    systemd.service(service="docker.service", running=True, enabled=True)
    systemd.service(service="docker.service", restarted=True, _if=daemon.did_change)
