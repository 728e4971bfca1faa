# PATH MODE OWNER EXPECTED SIZE PREFIX: standard input becomes the file.
# Exit code 102: something else is there than EXPECTED (a SHA-256, or `absent`); 101: refused.
set -u
path=$1 mode=$2 owner=$3 expected=$4 size=$5 prefix=$6
folder=${path%/*}
folder=${folder:-/}
temporary=
refuse() { exit 101; }
changed() { echo "$1" >&2; exit 102; }
# Its own clean-up; after the rename there is nothing to remove.
trap 'if [ -n "$temporary" ]; then rm -f "$temporary"; fi' EXIT
umask 022
[ -d "$folder" ] || mkdir -p "$folder" || refuse
temporary=$(mktemp "$folder/${prefix}XXXXXX") || refuse
cat >"$temporary" || refuse
# A feeder that was killed looks like the end of the input.
[ "$(wc -c <"$temporary")" -eq "$size" ] || { echo "only a part of the contents arrived" >&2; refuse; }
# Access lists and the like of the file that is replaced; a small tool box cannot copy them.
if [ -f "$path" ] && [ ! -L "$path" ]; then
  cp --attributes-only --preserve=mode,xattr -- "$path" "$temporary" 2>/dev/null || :
fi
# The owner first: a change of owner takes the set-user-id bit away.
chown "$owner" "$temporary" || refuse
chmod "$mode" "$temporary" || refuse
# Small tool boxes can only sync everything.
if ! words=$(sync "$temporary" 2>&1); then
  case $words in
    *"No space left"* | *nput/output* | *uota*) echo "$words" >&2; refuse ;;
    *) sync || refuse ;;
  esac
fi
if [ -L "$path" ]; then changed "it is a symbolic link now"; fi
if [ -d "$path" ]; then changed "it is a folder now"; fi
if [ "$expected" = absent ]; then
  if [ -e "$path" ]; then changed "something is there now"; fi
elif [ -f "$path" ]; then
  now=$(sha256sum <"$path") || refuse
  [ "${now%% *}" = "$expected" ] || changed "it has other contents now"
else
  changed "it is gone, or no regular file any more"
fi
mv -f "$temporary" "$path" || refuse
sync "$folder" 2>/dev/null || sync || refuse
