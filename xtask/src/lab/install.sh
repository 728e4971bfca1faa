# PACKAGE: installs it, unless it is the one that is installed already.
set -eu
package=$1
if ! cmp -s "$package" "$package.installed"; then
  dpkg --install --force-confnew "$package" < /dev/null
  cp "$package" "$package.installed"
fi
