//! The arguments. Flags that describe a connection are named as those of the `nats` CLI.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::file::{LEVELS, duration};
use crate::config::{Flags, Secret};
use crate::demo::DemoSpec;

const AFTER_HELP: &str = "\
Without a command the console opens. Connections come from the same places as those of the nats CLI, in this \
order: flags, NATS_* variables (NATS_URL, NATS_USER, NATS_PASSWORD, NATS_TOKEN, NATS_CREDS, NATS_NKEY, NATS_JWT, \
NATS_SEED, NATS_CERT, NATS_KEY, NATS_CA, NATS_TLS_FIRST, NATS_INBOX_PREFIX, NATS_JS_DOMAIN, NATS_JS_API_PREFIX, NATS_TIMEOUT, NATS_CONTEXT), the chosen context, \
nats://127.0.0.1:4222. Credentials are also taken as file:///path, env://NAME and data:;base64,….

Exit codes: 0 fine, 1 nothing matched or the check found a problem, 2 usage, connection or server error.";

/// The whole command line.
#[derive(Parser)]
#[command(
    name = "jetscope",
    version,
    about = "A terminal console for NATS JetStream streams of CloudEvents",
    after_help = AFTER_HELP,
    max_term_width = 100,
    subcommand_help_heading = "Commands",
    disable_help_subcommand = false
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Args)]
#[command(next_help_heading = "Connection")]
pub(super) struct Global {
    /// Saved context to use, as `jetscope contexts` lists them
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,
    /// Server address, several with commas between
    #[arg(long, short, global = true, value_name = "URL")]
    server: Option<String>,
    /// User; a token when there is no password
    #[arg(long, global = true, value_parser = secret)]
    user: Option<Secret>,
    /// Password
    #[arg(long, global = true, value_parser = secret)]
    password: Option<Secret>,
    /// Token
    #[arg(long, global = true, value_parser = secret)]
    token: Option<Secret>,
    /// Credentials file (JWT and seed)
    #[arg(long, global = true, value_name = "FILE", value_parser = secret)]
    creds: Option<Secret>,
    /// File with an nkey seed
    #[arg(long, global = true, value_name = "FILE", value_parser = secret)]
    nkey: Option<Secret>,
    /// User JWT
    #[arg(long, global = true, value_parser = secret)]
    jwt: Option<Secret>,
    /// Seed of the user JWT
    #[arg(long, global = true, value_parser = secret)]
    seed: Option<Secret>,
    /// Client certificate (PEM)
    #[arg(long, global = true, value_name = "FILE", value_parser = secret)]
    tlscert: Option<Secret>,
    /// Key of the client certificate (PEM)
    #[arg(long, global = true, value_name = "FILE", value_parser = secret)]
    tlskey: Option<Secret>,
    /// Certificate authority of the server (PEM)
    #[arg(long, global = true, value_name = "FILE", value_parser = secret)]
    tlsca: Option<Secret>,
    /// TLS before the server's greeting
    #[arg(long, global = true)]
    tlsfirst: bool,
    /// Prefix of inboxes, where _INBOX is not permitted
    #[arg(long, global = true, value_name = "SUBJECT")]
    inbox_prefix: Option<String>,
    /// JetStream domain
    #[arg(long, global = true, value_name = "DOMAIN")]
    js_domain: Option<String>,
    /// Prefix of the JetStream API, where it is imported
    #[arg(long, global = true, value_name = "SUBJECT")]
    js_api_prefix: Option<String>,
    /// Prefix of the JetStream events (advisories), where they are imported
    #[arg(long, global = true, value_name = "SUBJECT")]
    js_event_prefix: Option<String>,
    /// How long connecting may take, such as 5s
    #[arg(long, global = true, value_parser = duration, value_name = "DURATION")]
    timeout: Option<Duration>,
    /// Only look: lowers the access level of the context
    #[arg(long, global = true, help_heading = "Program")]
    read_only: bool,
    /// Configuration file
    #[arg(long, global = true, value_name = "FILE", help_heading = "Program")]
    config: Option<PathBuf>,
    /// No colours, as with NO_COLOR in the environment
    #[arg(long, global = true, help_heading = "Program")]
    no_color: bool,
    /// Log level: off, error, warn, info, debug, trace; the log is a file in the state directory
    #[arg(long, global = true, value_name = "LEVEL", value_parser = LEVELS, help_heading = "Program")]
    log_level: Option<String>,
}

#[expect(clippy::unnecessary_wraps, reason = "clap wants a Result")]
fn secret(text: &str) -> Result<Secret, String> {
    Ok(Secret::new(text))
}

impl From<Global> for Flags {
    fn from(g: Global) -> Self {
        Self {
            context: g.context,
            server: g.server,
            user: g.user,
            password: g.password,
            token: g.token,
            creds: g.creds,
            nkey: g.nkey,
            jwt: g.jwt,
            seed: g.seed,
            cert: g.tlscert,
            key: g.tlskey,
            ca: g.tlsca,
            tls_first: g.tlsfirst,
            inbox_prefix: g.inbox_prefix,
            domain: g.js_domain,
            api_prefix: g.js_api_prefix,
            event_prefix: g.js_event_prefix,
            timeout: g.timeout,
            read_only: g.read_only,
            config: g.config,
            no_color: g.no_color,
            log_level: g.log_level,
        }
    }
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print all streams
    Streams(Print),
    /// Print the consumers of all streams, or of one
    Consumers {
        /// Only those of this stream
        stream: Option<String>,
        /// Look so long before printing, such as 20s (at least 1s): ten samples, from which a verdict follows
        #[arg(long, value_parser = window, value_name = "DURATION")]
        window: Option<Duration>,
        #[command(flatten)]
        print: Print,
    },
    /// Print the events of one or more streams
    Tail(Tail),
    /// Send stored events again: to a subject, another context, a file, an endpoint
    Replay(Box<super::replay::Replay>),
    /// Say what is wrong, for cron, CI and Prometheus; the exit code tells whether something is
    Check(super::check::Check),
    /// Move the start of one consumer, or take that back
    Reposition(Box<super::reposition::Reposition>),
    /// Print the saved contexts of the nats CLI
    Contexts {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Try a filter on events from standard input, one JSON object a line
    Expr(Expr),
    /// Open the console on a server of its own, with events
    Demo(Demo),
    /// Print the configuration in use and where it is read from
    Config {
        /// Print this instead
        #[arg(value_enum)]
        what: Option<ConfigPart>,
    },
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// How a list is printed.
#[derive(Args, Clone, Copy)]
pub(super) struct Print {
    /// As JSON: one document a line
    #[arg(long)]
    pub(super) json: bool,
    /// Again and again, at this interval, such as 2s (at least 200ms)
    #[arg(long, value_parser = interval, value_name = "DURATION")]
    pub(super) watch: Option<Duration>,
}

/// The longest time over which samples are taken.
const LONGEST_WINDOW: Duration = Duration::from_secs(86_400);

pub(super) fn window(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        d if d < Duration::from_secs(1) => Err("less than 1s would only load the server".into()),
        d if d > LONGEST_WINDOW => Err("it should be 24h at most".into()),
        d => Ok(d),
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    let least = Duration::from_millis(200);
    match duration(text)? {
        d if d < least => Err("less than 200ms would only load the server".into()),
        d => Ok(d),
    }
}

#[derive(Args)]
pub(super) struct Tail {
    /// Streams; several are merged by time
    #[arg(required = true, value_name = "STREAM")]
    pub(super) streams: Vec<String>,
    /// What to read: all, new, last:500, or START..END; each end is a sequence, a time, a clock time or a
    /// duration back from now, such as -2h.. or 120..480
    #[arg(long, allow_hyphen_values = true, conflicts_with_all = ["last", "since", "new"])]
    pub(super) range: Option<String>,
    /// Only the last so many messages
    #[arg(long, value_name = "N", conflicts_with_all = ["since", "new"])]
    pub(super) last: Option<u64>,
    /// Only what was stored since so long ago, such as 2h
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "new")]
    pub(super) since: Option<Duration>,
    /// Only what is stored from now on
    #[arg(long, requires = "follow")]
    pub(super) new: bool,
    /// Only these subjects, such as orders.*.eu; may be given several times
    #[arg(long, value_name = "SUBJECT")]
    pub(super) subject: Vec<String>,
    /// Only what this filter lets through, such as "type LIKE 'com.acme.%' AND data.total > 100"
    #[arg(long = "where", value_name = "EXPR", allow_hyphen_values = true)]
    pub(super) expression: Option<String>,
    /// Only what has these words, such as 'payment -test type:com.acme.*'
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true)]
    pub(super) grep: Option<String>,
    /// End after so many matching events; each event of a batch counts
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<u64>,
    /// Go on with what is stored later
    #[arg(long, short)]
    pub(super) follow: bool,
    /// How: pretty, json, ce (structured events), raw, or a pattern such as '{time} {type} {id}\t{data.total}'
    ///
    /// json has a line an event, with `event` and `error`; a message that is no event has its body in `data`, or in
    /// `data_base64` where it is no text. ce leaves out what is no event or breaks off, and says how much. raw has the
    /// bytes of a message; of several messages each ends its line. A pattern has the names of filters (attributes,
    /// {data.a.b}, {header.NAME}, {nats.subject}) and {stream} {seq} {stored} {size} {data}; \n is a line break, \t a
    /// tab, {{ and }} are braces.
    #[arg(long, short, default_value = "pretty", value_name = "FORMAT")]
    pub(super) output: String,
}

#[derive(Args)]
pub(super) struct Expr {
    /// CloudEvents SQL, also over data, such as "type LIKE 'com.acme.%' AND data.total > 100"
    #[arg(allow_hyphen_values = true)]
    pub(super) expression: String,
    /// Words to search for instead, such as 'payment -test type:com.acme.*'
    #[arg(long)]
    pub(super) words: bool,
}

#[derive(Args)]
pub(super) struct Demo {
    /// Only serve: print the URL and wait for Ctrl-C
    #[arg(long)]
    pub(super) headless: bool,
    /// Port of the server; a free one otherwise
    #[arg(long)]
    pub(super) port: Option<u16>,
    /// Port of the HTTP endpoint that takes events; a free one otherwise
    #[arg(long, value_name = "PORT")]
    pub(super) http_port: Option<u16>,
    /// Play a scene: a consumer's client stops, what it missed is replayed, the consumer is moved and moved back
    #[arg(long, conflicts_with = "headless")]
    pub(super) scene: bool,
    /// Events per second, up to 10000
    #[arg(long, default_value_t = 200.0, value_parser = rate)]
    pub(super) rate: f64,
    /// Version of the nats-server; any that is supported otherwise
    #[arg(long, value_name = "VERSION")]
    pub(super) nats_server: Option<String>,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=DemoSpec::MAX_RATE).contains(&rate) => Ok(rate),
        _ => Err(format!("it should be a number of events per second from 0 to {}", DemoSpec::MAX_RATE)),
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ConfigPart {
    /// Where the file is (or would be)
    Path,
    /// The defaults with comments, to start a file from
    Example,
    /// The JSON schema of the file
    Schema,
}
