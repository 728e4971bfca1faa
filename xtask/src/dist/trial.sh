# VERSION NEXT LIBRARY: in a clean Debian, installs /trial/first.deb (VERSION), uses it, upgrades to /trial/next.deb (NEXT, in which
# LIBRARY is another file), removes and purges it. Whatever is not as it must be ends the script.
version=$1 next=$2 library=$3
plugins=/usr/lib/phoenix-orch/plugins
catalogue=/etc/phoenix-orch/plugins.toml
unset DEBIAN_FRONTEND

wrong() { echo "WRONG: $1" >&2; exit 1; }
# WHAT EXPECTED FOUND
same() { [ "$2" = "$3" ] || wrong "$1: expected
$2
found
$3"; }
# EXIT CODE, COMMAND: runs it, and keeps what it says in /trial/said.
ends() { code=$1; shift; found=0; "$@" > /trial/said 2>&1 </dev/null || found=$?; [ "$found" = "$code" ] || {
  cat /trial/said >&2; wrong "\`$*\` ended with $found, not $code"; }; }
says() { grep -q -e "$1" /trial/said || { cat /trial/said >&2; wrong "\`$1\` is not said"; }; }
state() { dpkg-query --show --showformat '${db:Status-Abbrev}${Version}' phoenix-orch 2>/dev/null || echo gone; }
# Everything that is there, but for what apt, dpkg and the loader note of their own work.
everything() { find / -xdev -path /trial -prune -o -path /tmp -prune -o -path '/var/log/*' -prune -o -path '/var/cache/*' -prune \
  -o -path '/var/lib/dpkg/*' -prune -o -path '/var/lib/apt/*' -prune -o -path '/etc/ld.so.cache' -prune -o -print | sort; }
ours() { find / -xdev -path /trial -prune -o -path '/var/lib/dpkg/*' -prune -o -name '*phoenix-orch*' -print | sort; }

everything > /trial/before
same "before it is installed" "" "$(ours)"

# Installed.
ends 0 apt-get install --yes --no-install-recommends /trial/first.deb
same "state" "ii $version" "$(state)"
same "what dpkg finds changed" "" "$(dpkg --verify phoenix-orch)"
same "version" "phoenix-orch $version" "$(phoenix-orch --version)"
for path in / /etc /etc/phoenix-orch "$catalogue" /usr/lib/phoenix-orch "$plugins" "$plugins"/*; do
  same "owner of $path" root:root "$(stat --format %U:%G "$path")"
  case $(stat --format %A "$path") in ?????w*|????????w*) wrong "others may write to $path";; esac
done
[ ! -e /etc/systemd/system/timers.target.wants/phoenix-orch-status.timer ] || wrong "the timer is enabled"

# Used: each plugin is loaded in its own process, by the word of the package alone.
cd /
ends 0 phoenix-orch graph --features docker
for step in host-tunables apparmor-profile fuse-overlayfs docker-install; do says "$step"; done
if grep -q sha256 "$catalogue"; then grep '^ *sha256' "$catalogue" && wrong "the catalogue has pins"; fi
ends 0 phoenix-orch plugins list
same "plugins by the word of their package" "$(ls "$plugins"/*.so | wc -l)" "$(grep -c 'pinned by its package' /trial/said)"
ends 0 phoenix-orch explain DOCKER-DRIVER-HIDES-DATA
says DOCKER-DRIVER-HIDES-DATA
ends 2 phoenix-orch no-such-verb

# Its manual and completions have every verb.
phoenix-orch --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\).*/\1/p' | grep -v '^help$' > /trial/verbs
[ "$(wc -l < /trial/verbs)" -ge 12 ] || wrong "too few verbs: $(cat /trial/verbs)"
while read -r verb; do
  page=/usr/share/man/man1/phoenix-orch-$verb.1.gz
  gzip -dc "$page" | grep -q "^.TH phoenix-orch-$verb 1" || wrong "$page is no page of $verb"
  for file in bash-completion/completions/phoenix-orch zsh/vendor-completions/_phoenix-orch \
    fish/vendor_completions.d/phoenix-orch.fish; do
    grep -q -e "$verb" "/usr/share/$file" || wrong "$file does not know $verb"
  done
done < /trial/verbs
gzip -dc /usr/share/man/man1/phoenix-orch.1.gz | grep -q '^.SH NAME' || wrong "no manual"
gzip -dc /usr/share/man/man5/phoenix-orch-plugins.toml.5.gz | grep -q '^format = 1' || wrong "no manual of the catalogue"
same "what bash makes of rollb" rollback "$(bash -euc '
  . /usr/share/bash-completion/completions/phoenix-orch
  function=$(complete -p phoenix-orch | sed "s/.* -F \([^ ]*\) .*/\1/")
  COMP_WORDS=(phoenix-orch rollb) COMP_CWORD=1
  $function phoenix-orch rollb phoenix-orch
  echo "${COMPREPLY[*]}"')"

# A library that is not as the package brought it is not loaded, nor one that the package does not know.
cp -a "$plugins/$library" /trial/library
echo >> "$plugins/$library"
ends 5 phoenix-orch graph --features docker
says PLUGIN-PACKAGE-MISMATCH
ends 0 phoenix-orch plugins pin host-tunables
ends 0 phoenix-orch graph --features docker
cp -a /trial/library "$plugins/$library"
ends 5 phoenix-orch graph --features docker
says PLUGIN-PIN-MISMATCH
sed -i /^sha256/d "$catalogue"
same "what dpkg finds changed" "" "$(dpkg --verify phoenix-orch)"
mv "$plugins/SHA256SUMS" /trial/sums
ends 5 phoenix-orch graph --features docker
says PLUGIN-NOT-PINNED
mv /trial/sums "$plugins/SHA256SUMS"
ends 0 phoenix-orch graph --features docker

# Upgraded: what the administrator has written stays, without a question, and the other library is loaded.
echo '# mine' >> "$catalogue"
cp -a "$catalogue" /trial/mine
mkdir -p /var/lib/phoenix-orch /var/cache/phoenix-orch/packages
echo kept > /var/lib/phoenix-orch/journal.sqlite
before=$(sha256sum < "$plugins/$library")
ends 0 apt-get install --yes --no-install-recommends /trial/next.deb
if grep -i -e 'configuration file' -e conffile /trial/said; then wrong "dpkg asked about the configuration"; fi
same "state" "ii $next" "$(state)"
cmp "$catalogue" /trial/mine || wrong "the catalogue was changed"
same "files beside the catalogue" plugins.toml "$(ls -A /etc/phoenix-orch)"
[ "$before" != "$(sha256sum < "$plugins/$library")" ] || wrong "the library is the old one"
ends 0 phoenix-orch graph --features docker

# Removed: configuration and journal stay, and nothing else.
ends 0 apt-get remove --yes phoenix-orch
same "state" "rc $next" "$(state)"
cmp "$catalogue" /trial/mine || wrong "the catalogue was changed"
same "journal" kept "$(cat /var/lib/phoenix-orch/journal.sqlite)"
same "what is left" "/etc/phoenix-orch
/var/cache/phoenix-orch
/var/lib/phoenix-orch" "$(ours | grep -v -e ^/var/lib/systemd/ -e ^/etc/systemd/)"

# Installed again and purged: nothing is left, and whatever else was there is there.
ends 0 apt-get install --yes --no-install-recommends /trial/first.deb --allow-downgrades
cmp "$catalogue" /trial/mine || wrong "the catalogue was changed"
ends 0 apt-get purge --yes phoenix-orch
same "state" gone "$(state)"
same "what is left" "" "$(ours)"
everything > /trial/after
diff /trial/before /trial/after || wrong "the system is not as it was"
