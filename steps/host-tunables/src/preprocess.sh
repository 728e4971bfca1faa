# Prints what AppArmor's own parser makes of the tunable: its text with everything included. Loads nothing.
set -u
printf 'include <tunables/nesting>\n' | apparmor_parser --preprocess
