//! Which stream is meant by a word: by its name, or by the short one that is shown for it where only one stream has it.

use super::nearest;

/// A thing with its name, and the short one that is shown for it.
pub type Named<'a> = (&'a str, &'a str);

/// Why a word names nothing; raw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unnamed {
    /// Nothing is called so; what may have been meant.
    Unknown(Option<String>),
    /// Several have this short name: their names.
    Several(Vec<String>),
}

impl Unnamed {
    /// What is said about a word behind "no stream" or the like; raw.
    pub fn words(&self, what: &str, word: &str) -> String {
        match self {
            Self::Unknown(near) => {
                let hint = near.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                format!("no {what} is called {word}{hint}")
            }
            Self::Several(names) => format!("{word} is short for several: {}; name the one you mean", names.join(", ")),
        }
    }
}

/// The name that a word stands for.
pub fn named<'a>(word: &str, all: &[Named<'a>]) -> Result<&'a str, Unnamed> {
    if let Some((name, _)) = all.iter().find(|(name, _)| *name == word) {
        return Ok(name);
    }
    let short: Vec<&'a str> = all.iter().filter(|(_, label)| *label == word).map(|(name, _)| *name).collect();
    match short[..] {
        [only] => Ok(only),
        // What is shown is what people mistype.
        [] => {
            let labels = nearest(word, all.iter().map(|(_, label)| *label));
            let near = labels.or_else(|| nearest(word, all.iter().map(|(name, _)| *name)));
            Err(Unnamed::Unknown(near.map(str::to_owned)))
        }
        _ => Err(Unnamed::Several(short.into_iter().map(str::to_owned).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Named<'_>; 6] = [
        ("github-archive", "github-archive"),
        ("eventsource-github-stream", "github"),
        ("eventsource-shop-stream", "shop"),
        ("KV_orders", "orders"),
        ("OBJ_orders", "orders"),
        ("KV_shop", "shop"),
    ];

    #[test]
    fn a_name_or_a_short_one_that_only_one_has() {
        for name in ["eventsource-github-stream", "github-archive", "KV_orders"] {
            assert_eq!(named(name, &ALL), Ok(name));
        }
        assert_eq!(named("github", &ALL), Ok("eventsource-github-stream"));
        // A whole name wins over the short one of another.
        let with_shop = [ALL.as_slice(), &[("shop", "shop")]].concat();
        assert_eq!(named("shop", &with_shop), Ok("shop"));
    }

    #[test]
    fn what_several_could_be_is_refused_with_their_names() {
        let several = named("shop", &ALL).unwrap_err();
        assert_eq!(several, Unnamed::Several(vec!["eventsource-shop-stream".into(), "KV_shop".into()]));
        let words = several.words("stream", "shop");
        assert_eq!(words, "shop is short for several: eventsource-shop-stream, KV_shop; name the one you mean");
    }

    #[test]
    fn what_is_shown_is_offered_before_a_longer_name() {
        for (word, near) in [("gitub", "github"), ("gihtub", "github"), ("github-archiv", "github-archive")] {
            assert_eq!(named(word, &ALL), Err(Unnamed::Unknown(Some(near.into()))), "{word}");
        }
        assert_eq!(named("zzzzz", &ALL), Err(Unnamed::Unknown(None)));
    }
}
