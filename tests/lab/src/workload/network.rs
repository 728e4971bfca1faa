//! Networks, ports and sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

use super::case::How::{Host, Script};
use super::case::{Case, Verdict};
use crate::target::Target;

pub(super) const CASES: &[Case] = &[
    Case {
        id: "network",
        shows: "two containers talk over a bridge network of their own, by name",
        needs: &["image"],
        how: Script(
            r#"docker network create --label phx phx-net >/dev/null
            docker run -d --name phx-web --label phx --network phx-net -p 18080:80 $B perl -MIO::Socket::INET -e '
                $l = IO::Socket::INET->new(LocalPort => 80, Listen => 9, ReuseAddr => 1) or die $!; $| = 1; print "up\n";
                while ($c = $l->accept) { while (<$c>) { last unless /\S/ } print $c "HTTP/1.0 200 OK\r\n\r\nphx-hello\n"; close $c }' \
                >/dev/null
            until_ok sh -c 'docker logs phx-web | grep -qx up'
            out=$(docker run --rm --label phx --network phx-net $B perl -MIO::Socket::INET -e '
                $s = IO::Socket::INET->new(PeerAddr => "phx-web:80", Timeout => 20) or die "no connection: $!\n";
                print $s "GET / HTTP/1.0\r\n\r\n"; print while <$s>')
            has "$out" phx-hello 'the answer'"#,
        ),
    },
    Case {
        id: "port",
        shows: "a published port is reached from the LXC container",
        needs: &["network"],
        how: Script(
            r#"for to in 127.0.0.1:18080 $(ip -4 -o addr show eth0 | awk '{sub("/.*", "", $4); print $4 ":18080"}'); do
                has "$(perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(PeerAddr => $ARGV[0], Timeout => 20)
                    or die "no connection: $!\n"; print $s "GET / HTTP/1.0\r\n\r\n"; print while <$s>' $to)" phx-hello $to
                echo "reached by $to"
            done"#,
        ),
    },
    Case {
        id: "port-from-host",
        shows: "the published port is reached from the host",
        needs: &["network"],
        how: Host(reach_port),
    },
    Case {
        id: "connect",
        shows: "a running container joins a second network and leaves it",
        needs: &["network"],
        how: Script(
            r#"docker network create --label phx --internal --subnet 10.199.7.0/24 phx-net2 >/dev/null
            docker network connect phx-net2 phx-web
            has "$(docker exec phx-web ls /sys/class/net)" eth1 'the second network'
            docker network disconnect phx-net2 phx-web; docker network rm phx-net2 >/dev/null
            docker rm -f phx-web >/dev/null; docker network rm phx-net >/dev/null"#,
        ),
    },
    Case {
        id: "socket",
        shows: "a container that has docker.sock talks to the daemon",
        needs: &["image"],
        how: Script(
            r#"out=$(run -v /run/docker.sock:/run/docker.sock $B perl -MIO::Socket::UNIX -e '
                $s = IO::Socket::UNIX->new("/run/docker.sock") or die "no connection: $!\n";
                print $s "GET /version HTTP/1.0\r\nHost: d\r\n\r\n"; print while <$s>')
            has "$out" '"ApiVersion"' 'the answer'"#,
        ),
    },
    Case {
        id: "host-network",
        shows: "a container on the host's network sees the LXC container's interfaces",
        needs: &["image"],
        how: Script(
            r#"has "$(docker run --rm --label phx --network host $B ls /sys/class/net)" docker0 'the interfaces'"#,
        ),
    },
    Case {
        id: "namespaces",
        shows: "a container shares the LXC container's process ids and IPC, and has NET_ADMIN",
        needs: &["image"],
        how: Script(
            r#"out=$(run --pid host --ipc host --uts host --cap-add NET_ADMIN --cap-add SYS_PTRACE $B \
                sh -c 'cat /proc/1/comm; grep CapEff /proc/self/status')
            has "$out" systemd 'process 1'"#,
        ),
    },
];

/// Asks the published port at the address that the host's bridge gave the container.
fn reach_port(target: &Target) -> Result<Verdict> {
    let show = "ip -4 -o addr show eth0 | awk '{sub(\"/.*\", \"\", $4); print $4; exit}'";
    let address = target.script(show, Duration::from_secs(20))?.success()?.stdout;
    let address = address.trim();
    if address.is_empty() {
        let why = "the container has no IPv4 address on the host's bridge";
        return Ok(Verdict::Skipped(why.to_owned()));
    }
    let to: SocketAddr = format!("{address}:18080").parse().context("not an address")?;
    let mut stream = TcpStream::connect_timeout(&to, Duration::from_secs(20))
        .with_context(|| format!("cannot connect to {to}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(if answer.contains("phx-hello") {
        Verdict::Passed(format!("reached by {to}"))
    } else {
        Verdict::Failed(format!("{to} answered {answer:?}"))
    })
}
