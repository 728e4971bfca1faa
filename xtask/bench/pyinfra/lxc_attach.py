"""A connector of pyinfra for plain LXC: `@lxc/NAME`. Like its own for chroot and Docker, but that it does not enter once more
only to see whether that works, and that files go through the entry's input: each command is one `lxc-attach`."""

import subprocess

from pyinfra.api import QuoteString, StringCommand
from pyinfra.api.exceptions import InventoryError
from pyinfra.api.util import get_file_io
from pyinfra.connectors.base import BaseConnector
from pyinfra.connectors.local import LocalConnector
from pyinfra.connectors.util import extract_control_arguments, make_unix_command_for_host


class LxcConnector(BaseConnector):
    handles_execution = True

    def __init__(self, state, host):
        super().__init__(state, host)
        self.local = LocalConnector(state, host)

    @staticmethod
    def make_names_data(name=None):
        if not name:
            raise InventoryError("no container is named")
        yield f"@lxc/{name}", {"lxc_name": name}, ["@lxc"]

    def connect(self):
        self.local.connect()

    def _words(self):
        return ["lxc-attach", "--clear-env", "--name", self.host.data.lxc_name, "--", "sh", "-c"]

    def run_shell_command(self, command, print_output=False, print_input=False, **arguments):
        control = extract_control_arguments(arguments)
        command = make_unix_command_for_host(self.state, self.host, command, **arguments)
        return self.local.run_shell_command(
            StringCommand(*self._words(), QuoteString(command)),
            print_output=print_output,
            print_input=print_input,
            **control,
        )

    def put_file(self, filename_or_io, remote_filename, remote_temp_filename=None,
                 print_output=False, print_input=False, **arguments):
        with get_file_io(filename_or_io) as file:
            data = file.read()
        data = data.encode() if isinstance(data, str) else data
        cat = StringCommand("cat", ">", QuoteString(remote_filename)).get_raw_value()
        done = subprocess.run([*self._words(), cat], input=data, capture_output=True)
        if done.returncode:
            raise OSError(done.stderr.decode())
        return True

    def get_file(self, remote_filename, filename_or_io, remote_temp_filename=None,
                 print_output=False, print_input=False, **arguments):
        cat = StringCommand("cat", QuoteString(remote_filename)).get_raw_value()
        done = subprocess.run([*self._words(), cat], capture_output=True)
        if done.returncode:
            raise OSError(done.stderr.decode())
        with get_file_io(filename_or_io, "wb") as file:
            file.write(done.stdout)
        return True
