# Tries a native overlay on the file system that is to hold Docker's data: in /var/tmp where that is the same
# one, else in the data's folder or the nearest above it. The mount is in a mount namespace of its own and gone
# with it; the temporary folder is removed.
# Ends with 0: works, 10: nothing could be tried, 11: cannot be mounted, 12: mounted, and does not work.
set -u
place=$1
while [ ! -d "$place" ]; do
  place=${place%/*}
  [ -n "$place" ] || place=/
done
[ "$(stat -c %d "$place" 2>&1)" != "$(stat -c %d /var/tmp 2>/dev/null)" ] || place=/var/tmp
folder=
trap '[ -z "$folder" ] || rm -rf -- "$folder"' EXIT
trap 'exit 10' HUP INT TERM
folder=$(mktemp -d "${place%/}/.phoenix-doctor.XXXXXX") || exit 10
cd -- "$folder" && mkdir lower upper work merged lower/folder || exit 10
echo old >lower/kept && echo old >lower/gone && echo old >lower/moved && echo old >lower/folder/file || exit 10
timeout 20 unshare --mount --propagation private /bin/sh -u -c '
  mount -t overlay overlay -o userxattr,lowerdir=lower,upperdir=upper,workdir=work merged || exit 11
  cd merged || exit 12
  rm gone && mv moved elsewhere && rm -r folder && mkdir folder && echo new >kept && echo new >fresh || exit 12
  [ ! -e gone ] && [ ! -e moved ] && [ -e elsewhere ] && [ ! -e folder/file ] && [ "$(cat kept)" = new ] || {
    echo "files in it were not as they should be" >&2
    exit 12
  }
'
code=$?
case $code in 0 | 11 | 12) exit "$code" ;; *) exit 10 ;; esac
