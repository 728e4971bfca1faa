//! Docker itself: up, images, builds.

use super::case::{Case, How::Script};

pub(super) const CASES: &[Case] = &[
    Case {
        id: "docker",
        shows: "Docker is up and says which storage driver it uses",
        needs: &[],
        how: Script(
            r#"systemctl is-active --quiet docker || fail "$(systemctl status --no-pager --lines=8 docker || true)"
            timeout 20 docker info --format '{{.Driver}}, Docker {{.ServerVersion}}, {{.SecurityOptions}}'"#,
        ),
    },
    Case {
        id: "image",
        shows: "an image is imported from the container's own files",
        needs: &["docker"],
        how: Script(
            // Everything that the other cases run in Docker containers; no registry is needed.
            r#"docker image inspect $B >/dev/null 2>&1 && { echo 'it is there already'; exit 0; }
            d=$(mktemp -d -p /var/tmp)
            mkdir -p $d/usr/bin $d/usr/lib $d/usr/lib64 $d/usr/sbin $d/proc $d/sys $d/dev $d/tmp $d/etc $d/var $d/root
            ln -s usr/bin $d/bin; ln -s usr/lib $d/lib; ln -s usr/lib64 $d/lib64; ln -s usr/sbin $d/sbin
            chmod 755 $d; chmod 1777 $d/tmp
            echo 'root:x:0:0:root:/root:/bin/sh' > $d/etc/passwd; echo 'root:x:0:' > $d/etc/group
            for p in sh perl cat ls id sleep mount grep head mkdir rm ln chmod mv cp touch dd stat tty wc cut tr env true df; do
                cp -L /usr/bin/$p $d/usr/bin/
                ldd /usr/bin/$p | grep -o '/[^ ]*' | while read lib; do
                    [ -e $d$lib ] || cp -L --parents $lib $d
                done
            done
            cp -a --parents /usr/lib/x86_64-linux-gnu/perl-base $d
            tar -C $d -c . | docker import - $B >/dev/null
            rm -rf $d
            docker image inspect --format '{{.Size}} bytes' $B"#,
        ),
    },
    Case {
        id: "run",
        shows: "a container runs on the default bridge, with proc, sysfs and cgroups of its own",
        needs: &["image"],
        how: Script(
            r#"out=$(docker run --rm --label phx $B sh -c 'cat /proc/self/mounts; cat /proc/1/comm; ls /sys/class/net')
            has "$out" 'proc /proc proc' 'the mounts'; has "$out" 'sysfs /sys sysfs ro' 'the mounts'
            has "$out" '/proc/sysrq-trigger proc ro' 'the mounts'; has "$out" eth0 'the network'
            echo "$out" | grep ' / '"#,
        ),
    },
    Case {
        id: "build",
        shows: "the classic builder builds three layers",
        needs: &["image"],
        how: Script(
            r#"d=$(mktemp -d -p /var/tmp); echo copied > $d/file
            cat > $d/Dockerfile <<-END
			FROM $B
			LABEL phx=1
			RUN echo one > /one && mkdir /dir && touch /dir/gone
			COPY file /two
			RUN rm /dir/gone && cat /one /two > /three
			END
            DOCKER_BUILDKIT=0 docker build --network none -q -t phx-built $d >/dev/null
            rm -r $d
            is "$(echo $(run phx-built sh -c 'cat /three; ls -A /dir'))" 'one copied' 'the built image'"#,
        ),
    },
    Case {
        id: "buildkit",
        shows: "BuildKit, which the daemon has built in, builds three layers",
        needs: &["image"],
        how: Script(
            // Asked over the API, for the client's part of it is a package of its own.
            r#"d=$(mktemp -d -p /var/tmp); echo copied > $d/file
            cat > $d/Dockerfile <<-END
			FROM $B
			RUN echo one > /one && mkdir /dir && touch /dir/gone
			COPY file /two
			RUN --mount=type=tmpfs,target=/scratch rm /dir/gone && touch /scratch/x && cat /one /two > /three
			END
            tar -C $d -cf $d.tar .; rm -r $d
            perl -MIO::Socket::UNIX -e '
                $/ = undef; open F, "<", $ARGV[0] or die; $body = <F>;
                $s = IO::Socket::UNIX->new("/run/docker.sock") or die "docker.sock: $!\n";
                print $s "POST /build?version=2&t=phx-kit&networkmode=none&buildid=phx$$ HTTP/1.0\r\nHost: d\r\n",
                    "Content-Type: application/x-tar\r\nContent-Length: ", length $body, "\r\n\r\n", $body;
                $answer = <$s>; print $answer =~ s/[^\x20-\x7e\n]//gr' $d.tar > $d.out 2>&1 || true
            rm $d.tar; said=$(tail -c 600 $d.out); rm $d.out
            docker image inspect phx-kit >/dev/null 2>&1 || fail "not built: $said"
            is "$(echo $(run phx-kit sh -c 'cat /three; ls -A /dir'))" 'one copied' 'the built image'"#,
        ),
    },
    Case {
        id: "save-load",
        shows: "an image is saved, removed, loaded and runs again",
        needs: &["build"],
        how: Script(
            r#"docker save phx-built -o /var/tmp/phx-save.tar; docker rmi phx-built >/dev/null
            docker load -q -i /var/tmp/phx-save.tar; rm /var/tmp/phx-save.tar
            is "$(run phx-built cat /one)" one 'the loaded image'"#,
        ),
    },
    Case {
        id: "commit",
        shows: "a container's changes become an image, and are listed before",
        needs: &["image"],
        how: Script(
            r#"docker run --name phx-commit --label phx --network none $B sh -c 'echo new > /new; rm /etc/group'
            has "$(docker diff phx-commit)" 'A /new' 'the changes'
            has "$(docker diff phx-commit)" 'D /etc/group' 'the changes'
            docker commit phx-commit phx-committed >/dev/null; docker rm phx-commit >/dev/null
            is "$(run phx-committed sh -c 'cat /new; ls /etc/group 2>/dev/null || true')" new 'the committed image'"#,
        ),
    },
    Case {
        id: "export",
        shows: "a container's file system is exported",
        needs: &["image"],
        how: Script(
            r#"docker create --name phx-export --label phx $B true >/dev/null
            docker export phx-export | tar -t | grep -q '^usr/bin/perl$'; docker rm phx-export >/dev/null"#,
        ),
    },
];
