//! What survives, and who may go on with it.

use super::*;
use crate::model::Timestamp;
use crate::model::replay::{Amounts, Capture, Destination, HttpMode, PLAN_VERSION, Selection};

fn plan(id: &str, context: Option<&str>, to: &str) -> Plan {
    Plan {
        version: PLAN_VERSION,
        id: id.into(),
        made: Timestamp(0),
        context: context.map(str::to_owned),
        servers: "nats://a:4222".into(),
        reason: None,
        selection: Selection::Range { stream: "S".into(), first: 1, last: 9, subjects: vec![] },
        source_created: None,
        list_created: vec![],
        range: "all".into(),
        filter: None,
        words: None,
        include_marked: false,
        destination: Destination::parse(to).unwrap(),
        capture: None,
        delivery: None,
        http_mode: HttpMode::Binary,
        http_query: vec![],
        pace: Pace::Max,
        window: None,
        watch: None,
        amounts: Amounts::default(),
        warnings: vec![],
        obstacles: vec![],
    }
}

#[test]
fn a_plan_that_is_cut_short_is_named_and_does_not_vanish() {
    let dir = tempfile::tempdir().unwrap();
    let journals = Journals::new(dir.path());
    drop(journals.begin(&plan("R1", None, "to.{subject}")).unwrap());
    drop(journals.begin(&plan("R2", None, "elsewhere.{subject}")).unwrap());
    assert!(journals.broken().is_empty());
    let path = dir.path().join("replays/R1/plan.json");
    let text = fs::read(&path).unwrap();
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    assert_eq!(journals.list().len(), 1);
    let said: Vec<String> = journals.broken().iter().map(ToString::to_string).collect();
    assert!(matches!(said.as_slice(), [one] if one.contains("replay R1") && one.contains("R1/plan.json")), "{said:?}");
    for error in [journals.show("R1").unwrap_err(), journals.take_up("R1").unwrap_err()] {
        assert!(matches!(&error, JournalError::Broken { id, .. } if id == "R1"), "{error}");
    }
    // It was lost altogether, of a replay that had begun.
    fs::write(dir.path().join("replays/R1/checkpoint.json"), "{}").unwrap();
    fs::remove_file(path).unwrap();
    assert_eq!(journals.broken().len(), 1);
    assert!(matches!(journals.show("R3"), Err(JournalError::Unknown { .. })));
}

#[test]
fn a_folder_that_was_deleted_is_made_again_and_held() {
    let dir = tempfile::tempdir().unwrap();
    let (journals, plan) = (Journals::new(dir.path()), plan("R1", None, "to.{subject}"));
    for gone in ["replays", "replays/R1", "replays/R1/plan.json"] {
        let mut journal = journals.begin(&plan).unwrap();
        if gone == "replays/R1/plan.json" {
            // A checkpoint that was written meanwhile kept the folder from being deleted with what was in it.
            fs::remove_file(dir.path().join("replays/R1/lock")).unwrap();
            fs::remove_file(dir.path().join(gone)).unwrap();
        } else {
            fs::remove_dir_all(dir.path().join(gone)).unwrap();
        }
        assert!(journal.save(&Checkpoint::default(), false).unwrap_err().is_missing());
        journal.remake(&plan).unwrap();
        journal.save(&Checkpoint::default(), false).unwrap();
        assert!(!journals.show("R1").unwrap().orphaned, "it is held");
        assert!(matches!(journals.take_up("R1"), Err(JournalError::Running { .. })));
        drop(journal);
        fs::remove_dir_all(dir.path().join("replays")).unwrap();
    }
}

#[test]
fn everything_that_is_told_is_heard_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let journals = Journals::new(dir.path());
    let held = journals.begin(&plan("r1", None, "to.{subject}")).unwrap();
    let wanted = [Control::Pause, Control::Step, Control::Step, Control::Step, Control::Resume, Control::Cancel];
    for control in wanted {
        journals.tell("r1", control).unwrap();
    }
    assert_eq!(told(held.dir()), wanted);
    assert_eq!(told(held.dir()), []);
    // What nobody heard is not heard by whoever goes on.
    journals.tell("r1", Control::Cancel).unwrap();
    drop(held);
    let (held, ..) = journals.take_up("r1").unwrap();
    assert_eq!(told(held.dir()), []);
}

#[test]
fn the_newest_that_have_ended_are_kept_and_all_that_have_not() {
    let dir = tempfile::tempdir().unwrap();
    let journals = Journals::new(dir.path());
    let begin = |n: usize, state: State| {
        let made = Timestamp(n as i64);
        let plan = Plan { made, ..plan(&format!("r{n}"), None, &format!("to{n}.{{subject}}")) };
        let held = journals.begin(&plan).unwrap();
        let progress = Progress { id: plan.id.clone(), state, ..Progress::default() };
        held.save(&Checkpoint { progress, ..Checkpoint::default() }, false).unwrap();
    };
    begin(0, State::Running);
    begin(1, State::Failed);
    (2..KEPT + 5).for_each(|n| begin(n, State::Completed));
    begin(KEPT + 5, State::Paused);
    let left: Vec<String> = journals.list().into_iter().map(|run| run.plan.id).collect();
    let newest = (5..KEPT + 6).rev().chain([0]).map(|n| format!("r{n}"));
    assert_eq!(left, newest.collect::<Vec<_>>());
    let names: Vec<PathBuf> =
        fs::read_dir(dir.path().join(REPLAYS)).unwrap().map(|entry| entry.unwrap().path()).collect();
    let locks = names.iter().filter(|path| path.extension().is_some_and(|e| e == "lock")).count();
    assert_eq!((names.len() - locks, locks), (left.len(), left.len()), "folders, and locks of places");
}

#[test]
fn the_same_places_are_known_whatever_the_connection_is_called() {
    let made = |nanos| Some(Capture { stream: "D".into(), created: Some(Timestamp(nanos)), ..Capture::default() });
    let into = |context, to, created| Plan { capture: made(created), ..plan("x", context, to) };
    let here = between(&into(None, "to.{subject}", 5));
    assert_eq!(between(&into(Some("prod"), "to.{subject}", 5)), here);
    assert_eq!(between(&into(Some("other"), "context:prod:to.{subject}", 5)), here);
    for other in [
        into(None, "to.{subject}", 6),
        into(None, "elsewhere.{subject}", 5),
        plan("x", None, "to.{subject}"),
        Plan { servers: "nats://b:4222".into(), ..plan("x", None, "to.{subject}") },
    ] {
        assert_ne!(between(&other), here);
    }
}
