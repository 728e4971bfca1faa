//! An apt repository on this machine, behind a server that counts: the mirror of packages that a container cannot reach by itself.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use xtask::{process::quiet, testbed::Container};

use crate::running::until;

/// All that apt needs of a server.
const SERVER: &str = r#"
use IO::Socket::INET;
my $listener = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$ARGV[0]", Listen => 9, ReuseAddr => 1) or die;
while (my $s = $listener->accept) {
    my ($path) = (<$s> // "") =~ m{^GET (\S+)};
    while (($_ = <$s> // "") =~ /\S/) {}
    $path =~ s/%([0-9a-f]{2})/chr hex $1/egi;
    local $/;
    my $file;
    my $body = open($file, "<:raw", "/srv$path") ? <$file> : undef;
    my $status = defined $body ? "200 OK" : "404 Not Found";
    print $s "HTTP/1.0 $status\r\nContent-Length: ", length($body // ""), "\r\n\r\n", $body // "";
    close $s;
}
"#;

/// A repository that is served until the test ends.
#[derive(Debug)]
pub struct Mirror {
    folder: TempDir,
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    down: Arc<AtomicBool>,
}

impl Mirror {
    /// The packages that lie in a container's own repository, in the form of Debian's: a pool, and lists by their hash.
    pub fn of(container: &Container) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let debian = folder.path().join("debian");
        let lists = debian.join("dists/test/main/binary-amd64");
        fs::create_dir_all(debian.join("pool"))?;
        fs::create_dir_all(lists.join("by-hash/SHA256"))?;
        let from = container.rootfs().join("var/lib/phoenix-testbed/repo");
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|extension| extension == "deb") {
                fs::copy(entry.path(), debian.join("pool").join(entry.file_name()))?;
            }
        }
        let packages = fs::read_to_string(from.join("Packages"))?;
        let packages = packages.replace("Filename: ./", "Filename: pool/");
        let hash: String =
            Sha256::digest(&packages).iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(lists.join("Packages"), &packages)?;
        fs::write(lists.join("by-hash/SHA256").join(&hash), &packages)?;
        let release = format!(
            "Suite: test\nCodename: test\nArchitectures: amd64\nComponents: main\nAcquire-By-Hash: yes\nSHA256:\n {hash} {} main/binary-amd64/Packages\n",
            packages.len()
        );
        fs::write(debian.join("dists/test/Release"), release)?;
        let (asked, down) = (Arc::default(), Arc::default());
        let port = serve(folder.path(), &asked, &down)?;
        Ok(Self { folder, port, asked, down })
    }

    /// `HOST:PORT`, as this machine reaches it. For a container it is its own loopback, where nobody is.
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Makes it the only source of a container.
    pub fn become_source_of(&self, container: &Container) -> Result<()> {
        let source = format!("deb [trusted=yes] http://{}/debian test main\n", self.authority());
        container.write_file("/etc/apt/sources.list", source.as_bytes(), 0o644)
    }

    /// Serves the same at the same address, but inside a container, for nobody but itself.
    pub fn serve_inside(&self, container: &Container) -> Result<()> {
        let to = container.rootfs().join("srv/debian");
        quiet(Command::new("cp").arg("-r").arg(self.folder.path().join("debian")).arg(to))?;
        container.write_file("/server.pl", SERVER.as_bytes(), 0o644)?;
        let port = self.port.to_string();
        container.ok(&["systemd-run", "--quiet", "perl", "/server.pl", &port])?;
        until("the server inside", || Ok(container.ok(&["ss", "-ltnH"])?.contains(&port)))
    }

    /// The paths that were asked for, in their order, since this was last asked.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on it hangs up on everybody.
    pub fn go_down(&self) {
        self.down.store(true, Ordering::SeqCst);
    }

    /// Has something else of the same size in the place of every package, as somebody on the way might.
    pub fn spoil(&self) -> Result<()> {
        let [pool, good] = self.pools();
        fs::rename(&pool, &good)?;
        fs::create_dir(&pool)?;
        for entry in fs::read_dir(&good)? {
            let entry = entry?;
            let length = usize::try_from(entry.metadata()?.len())?;
            fs::write(pool.join(entry.file_name()), vec![b'x'; length])?;
        }
        Ok(())
    }

    /// Has its packages again.
    pub fn heal(&self) -> Result<()> {
        let [pool, good] = self.pools();
        fs::remove_dir_all(&pool)?;
        Ok(fs::rename(good, pool)?)
    }

    fn pools(&self) -> [PathBuf; 2] {
        ["debian/pool", "good"].map(|path| self.folder.path().join(path))
    }
}

fn serve(folder: &Path, asked: &Arc<Mutex<Vec<String>>>, down: &Arc<AtomicBool>) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
    let port = listener.local_addr()?.port();
    let (folder, asked, down) = (folder.to_owned(), Arc::clone(asked), Arc::clone(down));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if down.load(Ordering::SeqCst) {
                continue;
            }
            let (folder, asked) = (folder.clone(), Arc::clone(&asked));
            // Whoever asks may hang up; that is nobody's failure here.
            thread::spawn(move || answer(stream, &folder, &asked));
        }
    });
    Ok(port)
}

fn answer(mut stream: TcpStream, folder: &Path, asked: &Mutex<Vec<String>>) -> Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().context("nothing was asked")??;
    let path = first.split(' ').nth(1).unwrap_or_default().replace("%2b", "+").replace("%3a", ":");
    while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
    let (status, body) = match fs::read(folder.join(path.trim_start_matches('/'))) {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    write!(stream, "HTTP/1.0 {status}\r\nContent-Length: {}\r\n\r\n", body.len())?;
    Ok(stream.write_all(&body)?)
}
