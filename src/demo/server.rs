//! Starts a real nats-server on free ports with a temporary store, and takes everything away again.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

/// The newest nats-server that is supported, and the one that the set-up fetches.
pub const NEWEST: &str = "2.15.1";
/// The oldest nats-server that is supported.
pub const OLDEST: &str = "2.10.26";
/// How long a server may take until it is ready.
const START_LIMIT: Duration = Duration::from_secs(20);

/// Why there is no server.
#[derive(Debug, Error)]
pub enum ServerError {
    /// No binary was found.
    #[error(
        "nats-server {wanted} was not found on PATH or in .cache/nats-server; run `make setup`, or install it from https://nats.io/download"
    )]
    NotFound {
        /// The version that was looked for.
        wanted: String,
    },
    /// It was started and did not become ready.
    #[error("nats-server did not start: {0}")]
    NotReady(String),
    /// A file or process operation failed.
    #[error("could not run nats-server: {0}")]
    Io(#[from] io::Error),
}

/// Which server to start.
#[derive(Clone, Debug)]
pub struct ServerSpec {
    /// The exact version, from the cache or PATH; `None` takes any supported one on PATH, else the newest in the cache.
    pub version: Option<String>,
    /// Enable `JetStream` with a store in the temporary directory.
    pub jetstream: bool,
    /// More configuration, appended as it is (accounts, TLS, limits). `{dir}` becomes the temporary directory.
    pub config: String,
    /// The server's name.
    pub name: String,
    /// Join a cluster of this name: own route port, and the route ports of all members.
    pub cluster: Option<(String, u16, Vec<u16>)>,
    /// The client port; a free one when `None`.
    pub port: Option<u16>,
}

impl Default for ServerSpec {
    fn default() -> Self {
        Self {
            version: Some(NEWEST.into()),
            jetstream: true,
            config: String::new(),
            name: "jetscope-demo".into(),
            cluster: None,
            port: None,
        }
    }
}

/// A running (or killed) server. Dropping it kills the process and removes its directory; should we be
/// killed ourselves, a minder process does the same.
#[derive(Debug)]
pub struct Server {
    binary: PathBuf,
    dir: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
    minder: Option<Child>,
}

impl Server {
    /// Starts a server and waits until it says that it is ready.
    pub fn start(spec: &ServerSpec) -> Result<Self, ServerError> {
        let binary = find(spec.version.as_deref())?;
        let dir = tempfile::Builder::new().prefix("jetscope-").tempdir()?;
        let port = spec.port.map_or_else(free_port, Ok)?;
        fs::write(dir.path().join("server.conf"), config_text(spec, port, dir.path()))?;
        let mut server = Self { binary, dir, port, child: None, minder: None };
        server.restart()?;
        Ok(server)
    }

    /// `nats://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The client port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The temporary directory: `server.conf`, `server.log`, `store/`.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// What the server logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("server.log")).unwrap_or_default()
    }

    /// kill -9, and waits until the process is gone. The store stays.
    pub fn kill(&mut self) {
        if let Some(mut minder) = self.minder.take() {
            let _ = minder.kill();
            let _ = minder.wait();
        }
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// The end of its log, or what an empty one may mean.
    fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().rev().take(3).collect();
        if lines.is_empty() {
            return format!("it wrote no log into {}; is the disk there full?", self.dir.path().display());
        }
        lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
    }

    /// Starts it (again) on the same port and store, and waits until it is ready.
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.kill();
        let log = self.dir.path().join("server.log");
        let _ = fs::remove_file(&log);
        let mut child = Command::new(&self.binary)
            .arg("-c")
            .arg(self.dir.path().join("server.conf"))
            .arg("-l")
            .arg(&log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Its own group: a Ctrl-C on our terminal must not kill it under our feet.
            .process_group(0)
            .spawn()?;
        self.minder = mind(child.id(), self.dir.path()).ok();
        let started = Instant::now();
        loop {
            if fs::read_to_string(&log).is_ok_and(|text| text.contains("Server is ready")) {
                self.child = Some(child);
                return Ok(());
            }
            if child.try_wait()?.is_some() || started.elapsed() > START_LIMIT {
                let _ = child.kill();
                let _ = child.wait();
                return Err(ServerError::NotReady(self.last_words()));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends the server a signal by its short name: `STOP` and `CONT` make it hang and go on.
    pub fn signal(&self, signal: &str) -> Result<(), ServerError> {
        let pid = self.pid().ok_or_else(|| ServerError::NotReady("it is not running".into()))?;
        Command::new("kill").arg(format!("-{signal}")).arg(pid.to_string()).status()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where the binary is: PATH when its version fits (or any that is supported is wanted), else the project's cache.
pub fn find(version: Option<&str>) -> Result<PathBuf, ServerError> {
    find_in(version, std::env::var_os("PATH").as_deref(), &cache_roots())
}

fn find_in(version: Option<&str>, path: Option<&OsStr>, caches: &[PathBuf]) -> Result<PathBuf, ServerError> {
    let on_path = path.and_then(|path| {
        std::env::split_paths(path).map(|dir| dir.join("nats-server")).find(|candidate| candidate.is_file())
    });
    // A system's own package may be older than what the demo needs; the cache is then the better place.
    let fits = |found: &str| version.map_or_else(|| is_supported(found), |wanted| found == wanted);
    if let Some(found) = on_path
        && version_of(&found).is_some_and(|found| fits(&found))
    {
        return Ok(found);
    }
    let wanted = version.unwrap_or(NEWEST);
    caches
        .iter()
        .map(|root| root.join(wanted).join("nats-server"))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| ServerError::NotFound { wanted: wanted.into() })
}

/// Whether a server of this version is not older than the oldest that is supported.
fn is_supported(version: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        let plain = text.split(['-', '+']).next().unwrap_or("");
        plain.split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    numbers(version) >= numbers(OLDEST)
}

/// The caches that may hold a server: named by the environment, in the working directory, beside the build.
fn cache_roots() -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = std::env::var_os("JETSCOPE_SERVER_CACHE").map(PathBuf::from).into_iter().collect();
    roots.push(PathBuf::from(".cache/nats-server"));
    if let Ok(exe) = std::env::current_exe() {
        roots.extend(exe.ancestors().skip(1).take(5).map(|dir| dir.join(".cache/nats-server")));
    }
    roots
}

fn version_of(binary: &Path) -> Option<String> {
    let out = Command::new(binary).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    text.split_whitespace().find_map(|word| word.strip_prefix('v')).map(str::to_owned)
}

/// A free port below the range that the kernel hands to outgoing connections, so that no client of a
/// parallel test can take it between this look and the server's start.
pub fn free_port() -> io::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = u16::try_from(std::process::id() % 11_000).unwrap_or(0);
    for _ in 0..11_000 {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (base.wrapping_mul(7).wrapping_add(step)) % 11_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::other("no free port between 20000 and 31000"))
}

fn config_text(spec: &ServerSpec, port: u16, dir: &Path) -> String {
    use std::fmt::Write as _;
    let mut text = format!("server_name: {}\nhost: 127.0.0.1\nport: {port}\n", spec.name);
    if spec.jetstream {
        let _ = writeln!(text, "jetstream {{ store_dir: \"{}/store\" }}", dir.display());
    }
    if let Some((name, own, members)) = &spec.cluster {
        let routes: Vec<String> = members.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let _ = writeln!(text, "cluster {{ name: {name}, listen: 127.0.0.1:{own}, routes: [{}] }}", routes.join(", "));
    }
    text.push_str(&spec.config.replace("{dir}", &dir.display().to_string()));
    text.push('\n');
    text
}

/// A shell that waits until our end of its pipe closes, which it also does when we are killed.
fn mind(pid: u32, dir: &Path) -> io::Result<Child> {
    Command::new("sh")
        .args(["-c", "cat >/dev/null; kill -9 \"$0\"; sleep 0.2; rm -rf \"$1\""])
        .arg(pid.to_string())
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn starts_is_killed_and_comes_back_on_the_same_port() {
        let mut server = Server::start(&ServerSpec::default()).unwrap();
        let dir = server.dir().to_owned();
        let port = server.port();
        server.kill();
        assert!(server.pid().is_none());
        server.restart().unwrap();
        assert_eq!(server.port(), port);
        drop(server);
        assert!(!dir.exists());
    }

    #[test]
    fn a_wrong_configuration_is_told_in_the_servers_words() {
        let spec = ServerSpec { config: "nonsense: {".into(), ..Default::default() };
        let error = Server::start(&spec).unwrap_err().to_string();
        assert!(error.contains("did not start"), "{error}");
    }

    #[test]
    fn a_server_on_the_path_that_is_too_old_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, version: &str| {
            let folder = dir.path().join(name);
            fs::create_dir_all(&folder).unwrap();
            let file = folder.join("nats-server");
            fs::write(&file, format!("#!/bin/sh\necho nats-server: v{version}\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
            folder
        };
        let (old, new) = (put("old", "2.9.10"), put("new", "2.12.0-beta.1"));
        let caches = [dir.path().join("cache")];
        let found = |path: &Path| find_in(None, Some(path.as_os_str()), &caches);
        assert!(matches!(found(&old), Err(ServerError::NotFound { .. })));
        put(&format!("cache/{NEWEST}"), NEWEST);
        assert_eq!(found(&old).unwrap(), caches[0].join(NEWEST).join("nats-server"));
        assert_eq!(found(&new).unwrap(), new.join("nats-server"));
        assert!(is_supported(OLDEST) && is_supported("2.11.0") && !is_supported("2.10.25"));
    }

    #[test]
    fn a_missing_version_says_how_to_get_it() {
        let error = find(Some("9.9.9")).unwrap_err().to_string();
        assert!(error.contains("9.9.9") && error.contains("make setup"), "{error}");
    }
}
