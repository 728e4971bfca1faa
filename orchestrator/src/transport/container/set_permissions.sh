# PATH MODE OWNER, of which the last two may be empty.
path=$1 mode=$2 owner=$3
if [ -L "$path" ]; then
  if [ -n "$mode" ]; then echo "a symbolic link has no mode" >&2; exit 101; fi
elif [ -z "$mode" ]; then
  mode=$(stat -c %a "$path") || exit 101
fi
if [ -n "$owner" ]; then chown -h "$owner" "$path" || exit 101; fi
if [ -n "$mode" ]; then chmod "$mode" "$path" || exit 101; fi
