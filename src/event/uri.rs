//! Whether a text is a URI or a reference to one (RFC 3986), as far as characters and scheme tell.

/// Whether it is an absolute URI: it has a scheme, and something after it (section 4.3). A fragment is let pass,
/// since schemas are often named by one.
pub(super) fn is_absolute(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && !rest.is_empty()
        && is_reference(rest)
}

/// Whether it holds only what may stand in a URI, relative or not (section 4.1).
pub(super) fn is_reference(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, &byte)| match byte {
        b'%' => matches!(bytes.get(at + 1..at + 3), Some([a, b]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()),
        byte => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte),
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
        for yes in ["/shop/checkout", "urn:x:y", "a%20b", "#x", "//host", "?q=1", "1-555-123-4567", "[::1]"] {
            assert!(is_reference(yes), "{yes}");
        }
        for no in ["a b", "größe", "a%2", "a%zz", "<x>", "a\\b", "{id}", "a\u{1b}"] {
            assert!(!is_reference(no), "{no}");
        }
    }
}
