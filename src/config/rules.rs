//! Which context's rules hold for an address. What may be written, and in which colour a name is shown, belongs to the
//! address that is connected to: a context that only lends its credentials to another address lends neither.

use url::{Host, Url};

use crate::model::Access;

use super::{Config, Env, contexts};

/// What holds for an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    /// What may be done there.
    pub access: Access,
    /// The context that says so; its name is what a protected one has typed. `None` where the default holds.
    pub of: Option<String>,
    /// The colour of the name.
    pub colour: Option<String>,
    /// All addresses are those of the context that the connection was made of.
    pub is_own: bool,
}

/// The context of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used<'a> {
    pub name: &'a str,
    /// Its own addresses, whichever are used.
    pub servers: &'a [String],
    /// It was asked for by name, and is not just the one that is selected.
    pub named: bool,
}

impl Rules {
    /// The rules of the context whose addresses these are. Where they are not those of the context that is used, each
    /// context that has one of them counts, and the strictest decides; so does the one that is used as long as it may
    /// be meant: when it shares an address, or was asked for by name. Otherwise the default holds.
    pub(super) fn of(servers: &[String], used: Option<Used<'_>>, config: &Config, env: &Env) -> Self {
        let there: Vec<Place> = servers.iter().map(|s| Place::of(s)).collect();
        let shares = |own: &[String]| own.iter().any(|s| there.contains(&Place::of(s)));
        let own = used.map(|used| (used, used.servers.iter().map(|s| Place::of(s)).collect::<Vec<_>>()));
        if let Some((used, places)) = &own
            && there.iter().all(|place| places.contains(place))
        {
            let of = config.contexts.get(used.name).cloned().unwrap_or_default();
            let access = of.access.unwrap_or_default();
            return Self { access, of: Some(used.name.to_owned()), colour: of.colour, is_own: true };
        }
        // A context without rules has nothing to say; so not all of them have to be read.
        let strictest = config
            .contexts
            .iter()
            .filter_map(|(name, of)| {
                let (owns, may_be_meant) = match used.filter(|used| used.name == name) {
                    Some(used) => (shares(used.servers), used.named),
                    None => (contexts::servers(env, name).is_some_and(|own| shares(&own)), false),
                };
                (owns || may_be_meant).then_some((name, of, owns))
            })
            .min_by_key(|(_, of, _)| of.access.unwrap_or_default());
        strictest.map_or_else(Self::default, |(name, of, owns)| Self {
            access: of.access.unwrap_or_default(),
            of: Some(name.clone()),
            colour: of.colour.clone().filter(|_| owns),
            is_own: false,
        })
    }
}

/// Where a server listens, so that the same place is the same however it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    host: String,
    port: Option<u16>,
}

impl Place {
    /// Of an address as `split_urls` makes it.
    fn of(address: &str) -> Self {
        let Ok(url) = Url::parse(address) else { return Self { host: address.to_owned(), port: None } };
        let name = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        // The scheme is none that url knows, so the host is text yet.
        let host = match Host::parse(&name) {
            Ok(Host::Ipv4(ip)) if ip.is_loopback() => "localhost".to_owned(),
            Ok(Host::Ipv6(ip)) if ip.is_loopback() => "localhost".to_owned(),
            Ok(host) => host.to_string(),
            Err(_) => name,
        };
        Self { host, port: url.port() }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_same_place_is_the_same_however_it_is_written() {
        for (one, other) in [
            ("nats://localhost:4222", "tls://127.0.0.1:4222"),
            ("nats://[::1]:4222", "nats://127.1.2.3:4222"),
            ("nats://N1.example.:4222", "nats://n1.example:4222"),
            ("nats://[2001:db8::0:1]:4222", "nats://[2001:db8::1]:4222"),
        ] {
            assert_eq!(Place::of(one), Place::of(other));
        }
        assert_ne!(Place::of("nats://n1:4222"), Place::of("nats://n1:4223"));
        assert_ne!(Place::of("nats://n1:4222"), Place::of("nats://n2:4222"));
    }

    #[test]
    fn the_address_decides_whose_rules_hold() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("nats/context");
        fs::create_dir_all(&folder).unwrap();
        for (name, url) in [("prod", "nats://p1:4222,nats://p2"), ("audit", "p1"), ("dev", "d"), ("plain", "x")] {
            fs::write(folder.join(format!("{name}.json")), format!(r#"{{"url":"{url}"}}"#)).unwrap();
        }
        // What cannot be used still says which address is whose.
        fs::write(folder.join("proxied.json"), r#"{"url":"q","socks_proxy":"socks5://s"}"#).unwrap();
        let env = Env::of([("XDG_CONFIG_HOME", home.path().to_str().unwrap())]);
        let config = Config::parse(
            "[contexts.prod]\naccess = \"protected\"\ncolour = \"red\"\n[contexts.audit]\naccess = \"read-only\"\n\
             [contexts.dev]\naccess = \"confirm\"\ncolour = \"green\"\n[contexts.proxied]\naccess = \"read-only\"\n\
             [contexts.gone]\naccess = \"read-only\"",
        )
        .unwrap();
        let rules = |servers: &[&str], used: Option<(&str, bool)>| {
            let servers: Vec<String> = servers.iter().map(|s| format!("nats://{s}:4222")).collect();
            let own = used.map(|(name, _)| contexts::servers(&env, name).unwrap()).unwrap_or_default();
            let used = used.map(|(name, named)| Used { name, servers: &own, named });
            let Rules { access, of, colour, is_own } = Rules::of(&servers, used, &config, &env);
            (access.word(), of.unwrap_or_default(), colour.unwrap_or_default(), is_own)
        };
        let is = |access: &'static str, of: &str, colour: &str, own| (access, of.to_owned(), colour.to_owned(), own);
        // Its own address: it alone counts, though another context has a stricter view of the same.
        assert_eq!(rules(&["p2", "p1"], Some(("prod", false))), is("protected", "prod", "red", true));
        assert_eq!(rules(&["p1"], Some(("audit", false))), is("read-only", "audit", "", true));
        assert_eq!(rules(&["x"], Some(("plain", false))), is("confirm", "plain", "", true));
        // Elsewhere: the default, whatever the selected context says.
        assert_eq!(rules(&["z"], Some(("prod", false))), is("confirm", "", "", false));
        assert_eq!(rules(&["z"], None), is("confirm", "", "", false));
        // In doubt the stricter one: asked for by name, or with one address of its own.
        assert_eq!(rules(&["z"], Some(("prod", true))), is("protected", "prod", "", false));
        assert_eq!(rules(&["z", "p2"], Some(("prod", false))), is("protected", "prod", "red", false));
        // An address of other contexts: theirs, the strictest.
        assert_eq!(rules(&["p2"], Some(("dev", false))), is("protected", "prod", "red", false));
        assert_eq!(rules(&["p1"], Some(("dev", true))), is("read-only", "audit", "", false));
        assert_eq!(rules(&["p1"], None), is("read-only", "audit", "", false));
        assert_eq!(rules(&["d"], None), is("confirm", "dev", "green", false));
        assert_eq!(rules(&["q"], None), is("read-only", "proxied", "", false));
    }
}
