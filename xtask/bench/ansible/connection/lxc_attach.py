"""A connection plugin of Ansible for plain LXC: each command is one `lxc-attach`, with the module on its input."""

DOCUMENTATION = """
    name: lxc_attach
    short_description: enter a container with lxc-attach
    description: [Runs commands in a container of this host.]
    extends_documentation_fragment: [connection_pipelining]
    options:
        remote_addr:
            description: The name of the container.
            default: inventory_hostname
            vars: [{name: inventory_hostname}]
"""

import shlex
import subprocess

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    transport = "lxc_attach"
    has_pipelining = True

    def _connect(self):
        # The first command shows whether it can be entered.
        self._connected = True
        return self

    def _attach(self, command, data):
        words = ["lxc-attach", "--clear-env", "--name", self.get_option("remote_addr")]
        # Ansible keeps its files in the home of the user, which an empty environment does not know.
        words += ["--set-var", "HOME=/root", "--", "/bin/sh", "-c", command]
        done = subprocess.run(words, input=data, capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return self._attach(cmd, in_data or b"")

    def put_file(self, in_path, out_path):
        super().put_file(in_path, out_path)
        with open(in_path, "rb") as file:
            code, _, error = self._attach(f"cat > {shlex.quote(out_path)}", file.read())
        if code:
            raise AnsibleConnectionFailure(error.decode())

    def fetch_file(self, in_path, out_path):
        super().fetch_file(in_path, out_path)
        code, data, error = self._attach(f"cat {shlex.quote(in_path)}", b"")
        if code:
            raise AnsibleConnectionFailure(error.decode())
        with open(out_path, "wb") as file:
            file.write(data)

    def close(self):
        self._connected = False
