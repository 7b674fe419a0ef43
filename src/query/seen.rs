//! What was seen in messages, for completion: names and their values with how often they came, bounded.

use std::collections::HashMap;

/// The most names that are kept.
const MOST_NAMES: usize = 64;

/// The most values of a name that are kept.
const MOST_VALUES: usize = 50;

/// The most bytes of a name or a value that is kept; longer ones nobody picks from a list.
const LONGEST: usize = 200;

/// Names as filters write them and values, with how often they came. Where there is no room, the rarest goes.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    names: HashMap<Box<str>, Name>,
}

#[derive(Clone, Debug, Default)]
struct Name {
    count: u64,
    values: HashMap<Box<str>, u64>,
}

impl Seen {
    /// Notes that a message has this value under this name. Both must be harmless, since they will be shown.
    pub fn note(&mut self, name: &str, value: &str) {
        if name.len() > LONGEST {
            return;
        }
        if !self.names.contains_key(name) {
            make_room(&mut self.names, MOST_NAMES, |name| name.count);
            self.names.insert(name.into(), Name::default());
        }
        let Some(known) = self.names.get_mut(name) else { return };
        known.count += 1;
        if value.is_empty() || value.len() > LONGEST {
            return;
        }
        if let Some(count) = known.values.get_mut(value) {
            *count += 1;
        } else {
            make_room(&mut known.values, MOST_VALUES, |count| *count);
            known.values.insert(value.into(), 1);
        }
    }

    /// The names, and in how many messages they were, in no order.
    pub fn names(&self) -> impl Iterator<Item = (&str, u64)> {
        self.names.iter().map(|(name, known)| (&**name, known.count))
    }

    /// The values of a name, and how often they came, in no order. The case of the name does not matter.
    pub fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = (&'s str, u64)> {
        let named = self.names.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.flat_map(|(_, known)| known.values.iter().map(|(value, count)| (&**value, *count)))
    }

    /// The value of a name that came most often.
    pub(super) fn commonest(&self, name: &str) -> Option<&str> {
        let values = self.names.get(name)?.values.iter();
        values.max_by(|a, b| a.1.cmp(b.1).then_with(|| b.0.cmp(a.0))).map(|(value, _)| &**value)
    }
}

/// Removes the rarest where there are as many as may be.
fn make_room<T>(all: &mut HashMap<Box<str>, T>, most: usize, count: impl Fn(&T) -> u64) {
    if all.len() < most {
        return;
    }
    let rarest = all.iter().min_by(|a, b| count(a.1).cmp(&count(b.1)).then_with(|| a.0.cmp(b.0)));
    if let Some(name) = rarest.map(|(name, _)| name.clone()) {
        all.remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commonest_stay_whatever_comes() {
        let mut seen = Seen::default();
        for number in 0..10_000 {
            seen.note("type", "order");
            seen.note("id", &number.to_string());
            seen.note(&format!("x{number}"), "1");
        }
        seen.note("long", &"x".repeat(201));
        assert!(seen.names().count() <= MOST_NAMES && seen.values("id").count() == MOST_VALUES);
        assert_eq!(seen.values("TYPE").collect::<Vec<_>>(), [("order", 10_000)]);
        assert_eq!((seen.commonest("type"), seen.values("long").count()), (Some("order"), 0));
    }
}
