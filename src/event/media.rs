//! What a media type says about bytes: JSON, XML, text, a binary format with a schema.

/// The type without its parameters: `application/json; charset=utf-8` is `application/json`.
pub fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

/// Whether it starts with this, in any case.
pub fn starts_with(media_type: &str, prefix: &str) -> bool {
    media_type.trim_start().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether it is JSON: the subtype is `json` or ends in `+json`, in any case (`CloudEvents` JSON format, section 3.1).
pub fn is_json(media_type: &str) -> bool {
    has_subtype(media_type, "json")
}

/// Whether it is XML.
pub fn is_xml(media_type: &str) -> bool {
    has_subtype(media_type, "xml")
}

/// Whether it is meant to be read as text.
pub fn is_text(media_type: &str) -> bool {
    let essence = essence(media_type);
    starts_with(essence, "text/")
        || ["application/yaml", "application/x-yaml", "application/toml", "application/x-www-form-urlencoded"]
            .iter()
            .any(|known| essence.eq_ignore_ascii_case(known))
}

/// The name of a binary format that cannot be read without its schema.
pub fn schema_format(media_type: &str) -> Option<&'static str> {
    let essence = essence(media_type).to_ascii_lowercase();
    [("protobuf", "Protocol Buffers"), ("avro", "Avro"), ("thrift", "Thrift")]
        .into_iter()
        .find_map(|(mark, name)| essence.contains(mark).then_some(name))
}

/// Whether it has the form `type/subtype`, perhaps with parameters (RFC 2045, section 5.1).
pub fn is_media_type(text: &str) -> bool {
    let Some((kind, subtype)) = essence(text).split_once('/') else { return false };
    let mut rest = text.find(';').map_or("", |at| text.get(at..).unwrap_or_default());
    while let Some(parameters) = rest.strip_prefix(';') {
        let Some(behind) = behind_parameter(parameters.trim_start()) else { return false };
        rest = behind;
    }
    is_token(kind) && is_token(subtype)
}

/// What follows a parameter: nothing, or the next semicolon; `None` where it is none.
fn behind_parameter(text: &str) -> Option<&str> {
    let (name, value) = text.split_once('=')?;
    let (value, rest) = match value.strip_prefix('"') {
        Some(quoted) => {
            let mut escaped = false;
            let end = quoted.find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            })?;
            ("quoted", quoted.get(end + 1..)?)
        }
        None => value.split_at(value.find(';').unwrap_or(value.len())),
    };
    let rest = rest.trim();
    let whole = is_token(name.trim_end()) && is_token(value.trim_end()) && (rest.is_empty() || rest.starts_with(';'));
    whole.then_some(rest)
}

fn is_token(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Whether text of this type is UTF-8: it names no charset, or one whose text is.
pub fn is_utf8(media_type: &str) -> bool {
    let utf8 = |charset: &str| ["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known));
    charset(media_type).is_none_or(utf8)
}

/// The charset that it names, without quotes.
pub fn charset(media_type: &str) -> Option<&str> {
    let named = media_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, value) = named.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches('"')).filter(|charset| !charset.is_empty())
}

fn has_subtype(media_type: &str, wanted: &str) -> bool {
    let Some((_, subtype)) = essence(media_type).split_once('/') else {
        return false;
    };
    let last = subtype.rsplit('+').next().unwrap_or_default();
    last.eq_ignore_ascii_case(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_all_its_forms() {
        for yes in ["application/json", "text/JSON", "application/vnd.x+json; charset=utf-8", " application/json ;a=b"]
        {
            assert!(is_json(yes), "{yes}");
        }
        for no in ["application/jsonl", "json", "application/xml", "", "application/json+x", "text/plain;json"] {
            assert!(!is_json(no), "{no}");
        }
    }

    #[test]
    fn the_other_kinds() {
        assert!(is_xml("application/soap+xml;charset=utf-8") && is_xml("text/xml") && !is_xml("application/xhtml"));
        assert!(is_text("TEXT/csv") && is_text("application/yaml") && !is_text("application/octet-stream"));
        assert_eq!(schema_format("application/vnd.google.protobuf"), Some("Protocol Buffers"));
        assert_eq!(schema_format("Avro/Binary"), Some("Avro"));
        assert_eq!(schema_format("application/json"), None);
    }

    #[test]
    fn form_of_a_media_type() {
        assert!(is_media_type("application/json") && is_media_type("text/plain; charset=\"utf-8\""));
        assert!(is_media_type("multipart/x; boundary=\"a;b\\\"c\" ; q=1"));
        for no in
            ["", "json", "a/", "/b", "a b/c", "a/b c", "a/b;", "a/b; ", "a/b;c", "a/b;=d", "a/b;c=d;", "a/b;c=\"d"]
        {
            assert!(!is_media_type(no), "{no}");
        }
    }

    #[test]
    fn charsets() {
        assert_eq!(charset("text/plain; a=b; Charset=\"ISO-8859-1\""), Some("ISO-8859-1"));
        assert_eq!((charset("text/plain"), charset("text/plain;charset=")), (None, None));
        assert!(is_utf8("text/plain") && is_utf8("text/plain;charset=UTF-8") && !is_utf8("a/b;charset=utf-16"));
    }

    #[test]
    fn prefixes_in_any_case_and_never_inside_a_character() {
        assert!(starts_with("Application/CloudEvents+json", "application/cloudevents"));
        assert!(!starts_with("é", "a") && !starts_with("applic", "application"));
    }
}
