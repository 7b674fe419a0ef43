//! A stream that is another one.

use super::*;

#[test]
fn another_stream_of_the_same_name_is_told() {
    let later = Timestamp::from_secs(10_001);
    let hits = |held: u64| {
        judge_over(3, &Thresholds::default(), |s, n| match n {
            0 | 1 => s.state.messages = held,
            // Nobody saw that it was gone.
            _ => s.created = Some(later),
        })
    };
    assert_eq!(hits(1_000), [(Rule::StreamRecreated, Warning)]);
    assert_eq!(hits(0), [(Rule::StreamRecreated, Notice)]);
    // Somebody saw it, and is told of the stream that was there before all the same.
    let mut catalog = Catalog::default();
    let at = |n: i64| Timestamp::from_secs(10_000 + n);
    catalog.apply(Update::Stream(Arc::new(Stream { taken: at(0), ..healthy() })));
    catalog.apply(Update::StreamGone("orders".into(), at(1)));
    catalog.apply(Update::Stream(Arc::new(Stream { taken: at(2), created: Some(later), ..healthy() })));
    assert_eq!(judge_in(&catalog, &Thresholds::default()), [(Rule::StreamRecreated, Warning)]);
    // The same one is only back.
    catalog.apply(Update::StreamGone("orders".into(), at(3)));
    catalog.apply(Update::Stream(Arc::new(Stream { taken: at(4), created: Some(later), ..healthy() })));
    assert_eq!(judge_in(&catalog, &Thresholds::default()), []);
}
