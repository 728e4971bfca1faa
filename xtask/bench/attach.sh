#!/bin/sh
# Nothing but the entries themselves, ten at once: it checks nothing, and is here as a measure of `lxc-attach`.
#
#     attach.sh CONTAINER...
printf '%s\n' "$@" | xargs -P 10 -I{} lxc-attach --name {} --clear-env -- /bin/true
