//! Whether a text is a URI or a reference to one (RFC 3986, appendix A).

/// Whether it is an absolute URI: it has a scheme, and something after it (section 4.3). A fragment is let pass,
/// since schemas are often named by one.
pub(super) fn is_absolute(text: &str) -> bool {
    split_scheme(text).is_some_and(|rest| !rest.is_empty() && follows_scheme(rest))
}

/// Whether it is a URI, or a reference that is relative to one (section 4.1).
pub(super) fn is_reference(text: &str) -> bool {
    match split_scheme(text) {
        Some(rest) => follows_scheme(rest),
        // Before the first slash a colon would end a scheme.
        None => !text.split(['/', '?', '#']).next().unwrap_or_default().contains(':') && follows_scheme(text),
    }
}

/// What follows the scheme and its colon.
fn split_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    is_scheme.then_some(rest)
}

/// `[//authority] path [?query] [#fragment]`.
fn follows_scheme(text: &str) -> bool {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let path = match text.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if !is_authority(authority) {
                return false;
            }
            path
        }
        None => text,
    };
    holds(path, b"/:@") && holds(query, b"/?:@") && holds(fragment, b"/?:@")
}

/// `[userinfo@] host [:port]`.
fn is_authority(text: &str) -> bool {
    let (user, address) = text.rsplit_once('@').unwrap_or(("", text));
    let (host, port) = match address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        // The digits within the brackets are not looked at.
        Some((literal, rest)) if !literal.is_empty() && holds(literal, b":") => match rest.strip_prefix(':') {
            Some(port) => ("", port),
            None if rest.is_empty() => ("", ""),
            None => return false,
        },
        Some(_) => return false,
        None => address.rsplit_once(':').unwrap_or((address, "")),
    };
    holds(user, b":") && holds(host, b"") && port.bytes().all(|b| b.is_ascii_digit())
}

/// Whether it holds only characters that may stand anywhere, escapes, and these.
fn holds(text: &str, more: &[u8]) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, &byte)| match byte {
        b'%' => matches!(bytes.get(at + 1..at + 3), Some([a, b]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()),
        byte => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte) || more.contains(&byte),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_or_not() {
        for yes in ["https://example.com/s.json", "urn:erp:plant:lyon", "s+1:x", "https://a/#/definitions/b"] {
            assert!(is_absolute(yes), "{yes}");
        }
        for no in ["", "/a/b", "schema.json", ":x", "1a:x", "http:", "http://a b", "a b:c"] {
            assert!(!is_absolute(no), "{no}");
        }
    }

    #[test]
    fn references() {
        for yes in [
            "/shop/checkout",
            "urn:x:y",
            "a%20b",
            "#x",
            "//host",
            "?q=1",
            "1-555-123-4567",
            "http://[::1]:8080/a",
            "//user:pass@host:1/a:b?c/d?e#f?g",
            "mailto:a@b.example",
            "./a:b",
            "http:",
            "",
        ] {
            assert!(is_reference(yes), "{yes}");
        }
        for no in [
            "a b",
            "größe",
            "a%2",
            "a%zz",
            "<x>",
            "a\\b",
            "{id}",
            "a\u{1b}",
            "[::1]",
            "/a[0]",
            "://",
            "1a:b",
            "/a#b#c",
            "http://h:x/",
            "http://[::1]x/",
            "http://a@b@c/",
            "http://a:1:2/",
        ] {
            assert!(!is_reference(no), "{no}");
        }
    }
}
