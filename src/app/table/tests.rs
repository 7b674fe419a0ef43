//! What keys, answers and filters make of a list.

use proptest::prelude::*;

use super::*;

fn items(keys: &[u32]) -> Vec<Row<u32>> {
    keys.iter().map(|k| Row::Item(*k)).collect()
}

fn shown(t: &Table<u32>) -> Vec<u32> {
    t.window()
        .filter_map(|(r, _)| match r {
            Row::Item(k) => Some(*k),
            Row::Group(..) => None,
        })
        .collect()
}

#[test]
fn the_selection_follows_its_item_on_the_same_line() {
    let mut t = Table::new(0, false);
    t.set_height(3);
    t.set_rows(items(&[1, 2, 3, 4, 5, 6]));
    t.step(4);
    assert_eq!((t.selected(), shown(&t)), (Some(&5), vec![3, 4, 5]));
    t.set_rows(items(&[9, 8, 7, 1, 2, 3, 4, 5, 6]));
    assert_eq!((t.selected(), shown(&t)), (Some(&5), vec![3, 4, 5]));
}

#[test]
fn a_selected_item_that_goes_gives_way_to_its_neighbour() {
    let mut t = Table::new(0, false);
    t.set_height(3);
    t.set_rows(items(&[1, 2, 3]));
    t.step(1);
    t.set_rows(items(&[1, 3]));
    assert_eq!(t.selected(), Some(&3));
    t.set_rows(vec![]);
    assert_eq!(t.selected(), None);
}

#[test]
fn written_over_is_the_same_as_new() {
    let mut t = Table::new(0, false);
    t.set_height(10);
    t.set_rows(vec![Row::Item(1), Row::Group(Kind::Mirror, 1), Row::Item(2), Row::Item(3)]);
    t.step(1);
    t.set_items([7, 2, 9].into_iter(), |item, key| *key = item);
    assert_eq!((t.selected(), shown(&t), t.len()), (Some(&2), vec![7, 2, 9], 3));
    t.set_items([2].into_iter(), |item, key| *key = item);
    assert_eq!((t.selected(), shown(&t), t.len()), (Some(&2), vec![2], 1));
}

#[test]
fn headings_are_never_selected() {
    let mut t = Table::new(0, false);
    t.set_height(10);
    t.set_rows(vec![Row::Group(Kind::Plain, 1), Row::Item(1), Row::Group(Kind::Mirror, 1), Row::Item(2)]);
    assert_eq!(t.selected(), Some(&1));
    t.step(1);
    assert_eq!((t.selected(), t.position()), (Some(&2), (2, 2)));
    t.step(1);
    assert_eq!(t.selected(), Some(&2));
}

proptest! {
    #[test]
    fn any_sequence_keeps_the_selection_valid_and_in_view(
        steps in prop::collection::vec((0_u8..7, prop::collection::vec(0_u32..30, 0..25), 1_usize..12), 1..40)
    ) {
        let mut t = Table::new(0, false);
        for (what, keys, n) in steps {
            match what {
                0 => {
                    let mut keys = keys;
                    keys.dedup();
                    let unique: BTreeSet<u32> = keys.iter().copied().collect();
                    t.set_rows(items(&unique.into_iter().collect::<Vec<_>>()));
                }
                1 => t.set_height(n),
                2 => t.step(n as isize),
                3 => t.step(-(n as isize)),
                4 => t.page(1),
                5 => t.last(),
                _ => t.first(),
            }
            let inside = t.window().filter(|(_, selected)| *selected).count();
            prop_assert_eq!(inside, usize::from(!t.is_empty()));
            prop_assert_eq!(t.selected().is_some(), !t.is_empty());
        }
    }
}
