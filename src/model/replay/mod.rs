//! A replay as plain data: what is to be sent where and how fast (the plan), and how far it is (the progress).

mod capture;
mod destination;
mod pace;
mod plan;
mod progress;
mod words;

pub use super::said::Said;
pub use capture::{Capture, Method, Receiver};
pub use destination::{DEFAULT_TEMPLATE, Destination, parameters};
pub use pace::{Pace, SPACING_CAP};
pub use plan::{
    Amounts, Bar, COUNT_LIMIT, Delivery, HttpMode, PLAN_VERSION, Plan, Selection, Skipped, TypeCount, Unfit,
    parse_watch,
};
pub use progress::{Control, Counters, Progress, Run, State, Unreadable};
