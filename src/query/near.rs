//! "Did you mean …": the known word nearest to a mistyped one.

/// The attributes that the specification and its documented extensions name.
pub const ATTRIBUTES: [&str; 30] = [
    "type",
    "source",
    "subject",
    "id",
    "time",
    "datacontenttype",
    "dataschema",
    "specversion",
    "partitionkey",
    "sequence",
    "sequencetype",
    "traceparent",
    "tracestate",
    "dataref",
    "sampledrate",
    "severitytext",
    "severitynumber",
    "recordedtime",
    "expirytime",
    "deprecated",
    "deprecationfrom",
    "deprecationsunset",
    "deprecationmigration",
    "authtype",
    "authid",
    "authclaims",
    "correlationid",
    "causationid",
    "dataclassification",
    "dataregulation",
];

/// The attribute that was meant by a name that is nearly one of [`ATTRIBUTES`].
pub fn misspelt(name: &str) -> Option<&'static str> {
    // Of two letters, one changed is another word.
    let limit = match name.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    let near = ATTRIBUTES.into_iter().map(|known| (distance(name, known), known));
    near.min_by_key(|(d, _)| *d).filter(|(d, _)| (1..=limit).contains(d)).map(|(_, known)| known)
}

/// The nearest of `known` to `word`, if it is near enough to be worth saying.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| {
            let other = candidate.to_lowercase();
            let start = !lower.is_empty() && other.starts_with(&lower);
            (if start { 0 } else { distance(&lower, &other) }, candidate)
        })
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, _)| *d)
        .map(|(_, candidate)| candidate)
}

/// Edits from one word to the other; swapping two neighbours is one edit.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (previous[j] + usize::from(x != y)).min(previous[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut previous, row);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_that_are_nearly_known() {
        for (name, meant) in
            [("tpye", "type"), ("sorce", "source"), ("datacontentype", "datacontenttype"), ("idd", "id")]
        {
            assert_eq!(misspelt(name), Some(meant), "{name}");
        }
        for name in ["type", "ip", "tenant", "acme", "region", "ty", "", "authtype"] {
            assert_eq!(misspelt(name), None, "{name}");
        }
    }

    #[test]
    fn finds_what_was_meant() {
        let known = ["streams", "consumers", "contexts"];
        assert_eq!(nearest("stremas", known), Some("streams"));
        assert_eq!(nearest("con", known), Some("consumers"));
        assert_eq!(nearest("CONTEXT", known), Some("contexts"));
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(nearest("", known), None);
    }
}
