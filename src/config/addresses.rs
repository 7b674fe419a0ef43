//! Addresses of servers: what is one, and how it is shown without who we say we are.

use url::Url;

use super::secret::{looks_secret, scrubbed};
use super::{ConfigError, Secret};

/// Where a server is when nobody says otherwise.
pub(super) const DEFAULT_URL: &str = "nats://127.0.0.1:4222";

/// A password with one of these characters ends the host where none should end.
const UNESCAPED: &str = "nothing may follow host and port, and / ? # in a password must be written as %2F %3F %23";

/// User and password of an address; a token is a user without a password.
pub(super) type UserInfo = (Secret, Secret);

/// Parts addresses at commas, and takes user and password out of them.
pub(super) fn split_urls(text: &str) -> Result<(Vec<String>, Option<UserInfo>), ConfigError> {
    let mut servers = Vec::new();
    let mut userinfo = None;
    for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let mut url = address(part).map_err(|reason| ConfigError::BadAddress {
            shown: shown_server(part),
            reason: format!("{reason}; it should be like nats://host:4222"),
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            let decode = |s: &str| Secret::new(percent_decoded(s));
            userinfo = Some((decode(url.username()), decode(url.password().unwrap_or(""))));
            let _ = url.set_username("");
            let _ = url.set_password(None);
        }
        if url.port().is_none() {
            let _ = url.set_port(Some(4222));
        }
        servers.push(url.as_str().trim_end_matches('/').to_owned());
    }
    if servers.is_empty() {
        servers.push(DEFAULT_URL.into());
    }
    Ok((servers, userinfo))
}

/// An address that can be connected to, or what is wrong with it.
fn address(part: &str) -> Result<Url, String> {
    let whole = if part.contains("://") { part.to_owned() } else { format!("nats://{part}") };
    let (_, rest) = whole.split_once("://").unwrap_or_default();
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    if looks_secret(host) {
        return Err("it looks like a credential, which is not shown".into());
    }
    let url = Url::parse(&whole).map_err(|error| {
        // The first of these ends what is read as user, password and host.
        let cut = rest.find(['/', '?', '#']).is_some_and(|cut| rest[cut..].contains('@'));
        if cut { UNESCAPED.to_owned() } else { error.to_string() }
    })?;
    if matches!(url.scheme(), "ws" | "wss") {
        return Err("WebSocket connections are not supported".into());
    }
    if !matches!(url.scheme(), "nats" | "tls") {
        return Err("the scheme is not nats or tls".into());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it names no host".into());
    }
    // A password with one of these characters ends up here: what follows is then no path, and must not be shown.
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(if rest.contains('@') { UNESCAPED.into() } else { "nothing may follow host and port".into() });
    }
    Ok(url)
}

/// Addresses as they may be shown: without userinfo.
pub(super) fn shown_servers(text: &str) -> String {
    let parts: Vec<String> = text.split(',').map(str::trim).filter(|p| !p.is_empty()).map(shown_server).collect();
    if parts.is_empty() { DEFAULT_URL.into() } else { parts.join(", ") }
}

fn shown_server(part: &str) -> String {
    let (scheme, rest) = part.split_once("://").map_or(("", part), |(s, r)| (s, r));
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    // What cannot be an address may be a user and (a part of) a password, without its host.
    let host = match address(&format!("nats://{host}")) {
        Ok(_) => host,
        Err(_) => host.split([':', '/', '?', '#']).next().unwrap_or(""),
    };
    let shown = if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") };
    scrubbed(&shown).into_owned()
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        if let Some(byte) = hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            out.push(byte);
            i += 3;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_an_address_has_no_secret() {
        assert_eq!(shown_servers("nats://me:secret@host:1,other"), "nats://host:1, other");
        assert_eq!(shown_servers(" , "), DEFAULT_URL);
        assert!(!shown_servers("me:a/secret").contains("secret"));
    }

    #[test]
    fn addresses_are_parted_and_made_whole() {
        let (servers, userinfo) = split_urls("a, tls://u:p%40@b:9 ,").unwrap();
        assert_eq!(servers, ["nats://a:4222", "tls://b:9"]);
        assert_eq!(userinfo, Some((Secret::new("u"), Secret::new("p@"))));
        assert_eq!(split_urls("").unwrap(), (vec![DEFAULT_URL.to_owned()], None));
        for wrong in ["u:pa#ss@h", "nats://u:pa/ss@h:1", "u:12#ss@h", "u:p?ss@h"] {
            let error = split_urls(wrong).unwrap_err().to_string();
            assert!(error.contains("%23") && !error.contains("ss@"), "{error}");
        }
        for wrong in ["ws://a", "http://a", "nats://a/b", "nats://"] {
            assert!(split_urls(wrong).is_err(), "{wrong}");
        }
    }
}
