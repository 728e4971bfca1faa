# Whether AppArmor's own parser finds the variables of `tunables/home`: compiles a profile that uses them and throws the
# result away. Loads nothing.
set -u
printf 'include <tunables/home>\nprofile phoenix-verify { @{HOME}/x r, @{HOMEDIRS}/x r, }\n' |
    apparmor_parser --skip-kernel-load --skip-cache >/dev/null && echo read
