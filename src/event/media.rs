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

/// Whether it has the form `type/subtype`, perhaps with parameters (RFC 2046).
pub fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    essence(text).split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
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
        for no in ["", "json", "a/", "/b", "a b/c", "a/b c"] {
            assert!(!is_media_type(no), "{no}");
        }
    }

    #[test]
    fn prefixes_in_any_case_and_never_inside_a_character() {
        assert!(starts_with("Application/CloudEvents+json", "application/cloudevents"));
        assert!(!starts_with("é", "a") && !starts_with("applic", "application"));
    }
}
