//! The life of findings.

use super::*;

const RULE: Rule = Rule::ConsumerStopped;
const SLOW: Rule = Rule::StreamNoLeader;

fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(second)
}

fn patience(rule: Rule) -> Duration {
    Duration::from_secs(if rule == SLOW { 10 } else { 0 })
}

/// Tells what was found at a place, and lets time pass.
fn put(tracker: &mut Tracker, place: At<'_>, hits: &[(Rule, Hit)], second: i64) {
    tracker.put(place, hits, at(second), patience, |_| false);
    tracker.tick(at(second), patience);
}

fn hit(level: Level, amount: u64) -> Hit {
    Hit::of(level, amount)
}

const C: At<'_> = At::Consumer("s", "c");

#[test]
fn a_finding_opens_changes_and_is_resolved() {
    let mut t = Tracker::default();
    put(&mut t, C, &[], 0);
    put(&mut t, C, &[(RULE, hit(Level::Warning, 10))], 100);
    let found = t.at(C)[0];
    assert_eq!((found.phase, found.change, found.since, found.begun), (Phase::Open, Change::New, at(100), true));
    assert_eq!((t.counts().warning, t.counts().critical), (1, 0));
    put(&mut t, C, &[(RULE, hit(Level::Warning, 19))], 101);
    assert_eq!((t.at(C)[0].change, t.at(C)[0].amount), (Change::New, 19), "a little more is no change");
    put(&mut t, C, &[(RULE, hit(Level::Warning, 20))], 102);
    assert_eq!((t.at(C)[0].change, t.at(C)[0].changed), (Change::Worse, at(102)));
    put(&mut t, C, &[(RULE, hit(Level::Critical, 20))], 103);
    assert_eq!((t.at(C)[0].change, t.at(C)[0].changed), (Change::Worse, at(103)));
    assert_eq!((t.counts().warning, t.counts().critical), (0, 1));
    put(&mut t, C, &[(RULE, hit(Level::Critical, 9))], 104);
    assert_eq!(t.at(C)[0].change, Change::Better);
    put(&mut t, C, &[], 110);
    assert_eq!((t.at(C)[0].phase, t.counts()), (Phase::Resolved(at(110)), Counts::default()));
    assert_eq!(t.at(C)[0].since, at(100), "since when it was wrong stays known");
    t.tick(at(110).plus(LINGERS).minus(Duration::from_secs(1)), patience);
    assert_eq!(t.at(C).len(), 1);
    t.tick(at(110).plus(LINGERS), patience);
    assert!(t.at(C).is_empty() && t.streams.is_empty() && t.resolved.is_empty());
}

#[test]
fn what_comes_again_is_the_same_finding() {
    let mut t = Tracker::default();
    put(&mut t, C, &[(RULE, hit(Level::Warning, 1))], 0);
    put(&mut t, C, &[], 5);
    put(&mut t, C, &[(RULE, hit(Level::Critical, 1))], 9);
    let found = t.at(C)[0];
    assert_eq!((found.phase, found.change, found.since), (Phase::Open, Change::Again, at(0)));
    assert_eq!(t.counts(), Counts { critical: 1, ..Default::default() });
    // The word of when it was well does not end it.
    t.tick(at(5).plus(LINGERS), patience);
    assert_eq!(t.at(C).len(), 1);
    put(&mut t, C, &[], 370);
    put(&mut t, C, &[], 400);
    t.tick(at(400).plus(LINGERS), patience);
    assert!(t.at(C).is_empty());
}

#[test]
fn what_comes_and_goes_is_told_once() {
    let mut t = Tracker::default();
    let found = [(RULE, hit(Level::Warning, 1))];
    put(&mut t, C, &found, 0);
    put(&mut t, C, &[], 5);
    assert_eq!(t.counts().warning, 0, "the first time it is well at once");
    put(&mut t, C, &found, 9);
    for second in [12, 20, 41] {
        put(&mut t, C, &[], second);
        assert_eq!((t.at(C)[0].quiet, t.counts().warning), (Some(at(12)), 1), "{second}");
    }
    put(&mut t, C, &found, 41);
    assert_eq!((t.at(C)[0].quiet, t.at(C)[0].change, t.at(C)[0].changed), (None, Change::Again, at(9)));
    put(&mut t, C, &[], 50);
    put(&mut t, C, &[], 80);
    assert_eq!((t.at(C)[0].phase, t.counts().warning), (Phase::Resolved(at(50)), 0), "since when it was not found");
    // What is deleted is gone at once; and who is impatient is told how it is now.
    put(&mut t, C, &found, 90);
    t.retain_streams(|_| false);
    assert_eq!((t.at(C).len(), t.counts().warning), (0, 0));
    let mut t = Tracker::impatient(Duration::ZERO);
    for second in 0..4 {
        put(&mut t, C, if second % 2 == 0 { &found } else { &[] }, second);
    }
    assert_eq!(t.at(C)[0].phase, Phase::Resolved(at(3)));
}

#[test]
fn less_bad_for_a_moment_is_as_bad() {
    let mut t = Tracker::default();
    put(&mut t, C, &[(RULE, hit(Level::Critical, 5))], 100);
    for second in (102..160).step_by(4) {
        put(&mut t, C, &[(RULE, hit(Level::Notice, 5))], second);
        put(&mut t, C, &[(RULE, hit(Level::Critical, 5))], second + 2);
    }
    assert_eq!((t.counts().critical, t.at(C)[0].change, t.at(C)[0].changed), (1, Change::New, at(100)));
    put(&mut t, C, &[(RULE, hit(Level::Notice, 5))], 190);
    put(&mut t, C, &[(RULE, hit(Level::Notice, 5))], 199);
    assert_eq!(t.counts(), Counts { critical: 1, ..Default::default() });
    put(&mut t, C, &[(RULE, hit(Level::Notice, 5))], 200);
    assert_eq!((t.counts(), t.at(C)[0].change), (Counts { notice: 1, ..Default::default() }, Change::Better));
    // Who does not wait tells at once what holds.
    let mut t = Tracker::impatient(Duration::from_secs(10));
    put(&mut t, C, &[(RULE, hit(Level::Critical, 5))], 0);
    put(&mut t, C, &[(RULE, hit(Level::Notice, 5))], 1);
    assert_eq!(t.counts(), Counts { notice: 1, ..Default::default() });
}

#[test]
fn what_passes_by_itself_is_never_told() {
    let mut t = Tracker::default();
    let s = At::Stream("s");
    put(&mut t, s, &[(SLOW, hit(Level::Critical, 0))], 0);
    put(&mut t, s, &[(SLOW, hit(Level::Critical, 0))], 9);
    assert_eq!((t.at(s)[0].phase, t.counts()), (Phase::Suspected, Counts::default()));
    put(&mut t, s, &[], 9);
    assert!(t.at(s).is_empty() && t.suspects.is_empty() && t.revision == 0, "nothing was ever to be seen of it");
    // Anew, its time begins anew.
    put(&mut t, s, &[(SLOW, hit(Level::Critical, 0))], 12);
    put(&mut t, s, &[(SLOW, hit(Level::Critical, 0))], 21);
    assert_eq!(t.at(s)[0].phase, Phase::Suspected);
    // It holds while nobody looks; that time passes is enough.
    t.tick(at(22), patience);
    assert_eq!((t.at(s)[0].phase, t.at(s)[0].since, t.counts().critical), (Phase::Open, at(12), 1));
    // What was told once is told again at once.
    put(&mut t, s, &[], 30);
    put(&mut t, s, &[(SLOW, hit(Level::Critical, 0))], 31);
    assert_eq!(t.at(s)[0].phase, Phase::Open);
}

#[test]
fn impatience_bounds_patience() {
    let mut t = Tracker::impatient(Duration::from_secs(3));
    put(&mut t, At::Stream("s"), &[(SLOW, hit(Level::Critical, 0))], 0);
    t.tick(at(2), patience);
    assert_eq!(t.counts().critical, 0);
    t.tick(at(3), patience);
    assert_eq!(t.counts().critical, 1);
    let mut t = Tracker::impatient(Duration::ZERO);
    put(&mut t, At::Stream("s"), &[(SLOW, hit(Level::Critical, 0))], 0);
    assert_eq!(t.counts().critical, 1);
}

#[test]
fn what_was_there_at_the_first_look_has_no_known_beginning() {
    let mut t = Tracker::default();
    put(&mut t, At::Stream("a"), &[(Rule::StreamNoLimits, Hit::plain(Level::Warning))], 0);
    put(&mut t, C, &[(RULE, hit(Level::Critical, 1))], 20);
    let known = Hit::of(Level::Critical, 1).since(Some(at(-50)));
    put(&mut t, At::Consumer("s", "known"), &[(RULE, known)], 20);
    put(&mut t, At::Consumer("s", "longer"), &[(RULE, known.or_longer(true))], 50);
    put(&mut t, At::Consumer("s", "later"), &[(RULE, hit(Level::Critical, 1))], 31);
    let news: Vec<bool> = t.iter().map(|(.., tracked)| tracked.news).collect();
    assert_eq!(news, [false, false, false, true, true]);
    let of = |place| (t.at(place)[0].begun, t.at(place)[0].since);
    assert_eq!(of(At::Stream("a")), (false, at(0)));
    assert_eq!(of(C), (false, at(20)));
    assert_eq!(of(At::Consumer("s", "known")), (true, at(-50)));
    assert_eq!(of(At::Consumer("s", "longer")), (false, at(-50)));
    assert_eq!(of(At::Consumer("s", "later")), (true, at(31)));
}

#[test]
fn silenced_ones_are_counted_apart() {
    let mut t = Tracker::default();
    t.put(C, &[(RULE, hit(Level::Critical, 1))], at(0), patience, |rule| rule == RULE);
    assert_eq!(t.counts(), Counts { silenced: 1, ..Default::default() });
    assert!(!t.at(C)[0].is_told());
    put(&mut t, C, &[], 1);
    assert_eq!(t.counts(), Counts::default());
}

#[test]
fn what_is_gone_takes_its_findings_with_it() {
    let mut t = Tracker::default();
    for name in ["a", "b"] {
        put(&mut t, At::Consumer("s", name), &[(RULE, hit(Level::Critical, 1))], 0);
    }
    put(&mut t, At::Stream("s"), &[(Rule::StreamNoLimits, Hit::plain(Level::Warning))], 0);
    t.retain_consumers("s", |name, _| name == "a");
    assert_eq!((t.counts().critical, t.at(At::Consumer("s", "b"))), (1, &[][..]), "what is gone is not resolved");
    put(
        &mut t,
        At::Stream("s"),
        &[(SLOW, hit(Level::Critical, 1)), (Rule::StreamNoLimits, Hit::plain(Level::Warning))],
        1,
    );
    t.retain_of_stream("s", |rule| rule == SLOW);
    assert_eq!((t.counts().warning, t.at(At::Stream("s")).len()), (0, 1));
    t.retain_streams(|_| false);
    assert_eq!(t.counts(), Counts::default());
    assert_eq!(t.iter().count(), 0);
    t.tick(at(200), patience);
    assert_eq!(t.iter().count(), 0);
}

#[test]
fn several_rules_at_a_place_live_each_for_itself() {
    let mut t = Tracker::default();
    let s = At::Stream("s");
    put(&mut t, s, &[(Rule::StreamNoLimits, Hit::plain(Level::Warning)), (SLOW, Hit::plain(Level::Critical))], 0);
    put(&mut t, s, &[(Rule::StreamNoLimits, Hit::plain(Level::Warning))], 5);
    let phases: Vec<(Rule, Phase)> = t.at(s).iter().map(|f| (f.rule, f.phase)).collect();
    assert_eq!(phases, [(Rule::StreamNoLimits, Phase::Open)]);
    put(&mut t, s, &[(SLOW, Hit::plain(Level::Critical)), (Rule::StreamNoLimits, Hit::plain(Level::Warning))], 6);
    let rules: Vec<Rule> = t.at(s).iter().map(|f| f.rule).collect();
    assert_eq!(rules, [SLOW, Rule::StreamNoLimits], "in the order of the rules");
}

#[test]
fn what_is_well_again_is_bounded() {
    let mut t = Tracker::default();
    for n in 0..1_000 {
        let name = n.to_string();
        put(&mut t, At::Stream(&name), &[(Rule::StreamNoLimits, Hit::plain(Level::Warning))], 0);
    }
    for n in 0..1_000 {
        let name = n.to_string();
        put(&mut t, At::Stream(&name), &[], 1);
    }
    assert_eq!((t.resolved.len(), t.iter().count()), (MOST_RESOLVED, MOST_RESOLVED));
    assert_eq!(t.counts(), Counts::default());
}

#[test]
fn whatever_is_told_the_counts_are_right() {
    // A fixed walk over many states: the counts must be those of a count from the beginning.
    let mut t = Tracker::default();
    let mut seed = 7_u64;
    let mut dice = |end: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % end
    };
    for step in 0..5_000_i64 {
        let (stream, consumer) = (dice(5).to_string(), dice(4).to_string());
        let place = if dice(3) == 0 { At::Stream(&stream) } else { At::Consumer(&stream, &consumer) };
        let mut hits = Vec::new();
        for rule in [RULE, SLOW, Rule::ConsumerBehind] {
            if dice(2) == 0 {
                hits.push((rule, hit([Level::Notice, Level::Warning, Level::Critical][dice(3) as usize], dice(50))));
            }
        }
        t.put(place, &hits, at(step), patience, |rule| rule == Rule::ConsumerBehind);
        if dice(50) == 0 {
            t.retain_streams(|name| name != "3");
        }
        t.tick(at(step), patience);
        let mut counts = Counts::default();
        for (_, _, tracked) in t.iter().filter(|(_, _, tracked)| tracked.phase == Phase::Open) {
            match (tracked.silenced, tracked.level) {
                (true, _) => counts.silenced += 1,
                (false, Level::Critical) => counts.critical += 1,
                (false, Level::Warning) => counts.warning += 1,
                (false, _) => counts.notice += 1,
            }
        }
        assert_eq!(t.counts(), counts, "after {step} steps");
        assert!(t.resolved.len() <= MOST_RESOLVED);
    }
}
