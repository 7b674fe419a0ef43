//! What is asked and read: account, streams, consumers, subjects. Own pager, own time limits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};

use crate::model::update::{Listing, SubjectCount};
use crate::model::{Account, Consumer, Problem, ProblemKind, Stream, Timestamp};

use super::ask::{Api, Words, now, read};
use super::pages::{Pages, Room, Took, check_name};
use super::{Question, convert, wire};

/// Pages that are fetched side by side. The server answers lists one after the other; this only hides the way.
const PAGES: usize = 4;
/// Single questions side by side; more than 16 to 64 gain nothing.
pub const SIDE_BY_SIDE: usize = 16;
/// Subjects of a stream that are read at most; a million are 70 MB.
pub const SUBJECTS_READ: u64 = 1_000_000;
/// A page of a list holds this many; the server says so too.
const PAGE: u64 = 256;

/// How often a reader asks again after the connection was lost; each time it waits [`SOON`] at most for another.
const READERS: u32 = 4;
/// See [`READERS`].
const SOON: Duration = Duration::from_millis(500);

/// The parts of a list as pages bring them.
#[derive(Debug)]
struct Gathered<T> {
    items: BTreeMap<String, Arc<T>>,
    missing: Vec<String>,
    offline: BTreeMap<String, String>,
    total: u64,
    problem: Option<Problem>,
    pages: Pages,
}

impl<T> Gathered<T> {
    fn new() -> Self {
        let (items, offline, pages) = (BTreeMap::new(), BTreeMap::new(), Pages::default());
        Self { items, missing: Vec::new(), offline, total: 0, problem: None, pages }
    }

    fn into_listing(self, started: Timestamp, taken: Timestamp) -> Listing<T> {
        let mut missing = self.missing;
        missing.retain(|name| !self.items.contains_key(name) && !self.offline.contains_key(name));
        missing.sort_unstable();
        missing.dedup();
        Listing {
            started,
            taken,
            items: self.items.into_values().collect(),
            missing,
            offline: self.offline.into_iter().collect(),
            total: self.total,
            problem: self.problem,
        }
    }
}

impl Api {
    /// Account usage and limits.
    pub async fn account(&self) -> Result<Account, Problem> {
        let question = Question::Account;
        let reply = self.ask(question, String::new()).await?;
        Ok(convert::account(read(&reply, &question)?))
    }

    /// All streams. What could not be listed is named in the listing; it never fails as a whole.
    ///
    /// A user who may not list but may read names gets each stream on its own.
    pub async fn streams(&self) -> Listing<Stream> {
        self.streams_early(|_| {}).await
    }

    /// As [`Api::streams`]; the first page is also handed over as soon as it is there.
    pub async fn streams_early(&self, early: impl FnOnce(&[Arc<Stream>])) -> Listing<Stream> {
        let begun = now();
        let (mut all, room) = (Gathered::new(), Room::default());
        match self.stream_page(0).await {
            Ok((page, step)) => {
                early(&page.items);
                add(&mut all, &Question::StreamList, &room, page, |s: &Stream| &s.name);
                let shrank = self.other_pages(step, &room, &mut all).await;
                if shrank && all.problem.is_none() {
                    self.slipped(&mut all).await;
                }
            }
            Err(problem) if matches!(problem.kind, ProblemKind::Denied { .. }) => match self.stream_names().await {
                Ok(names) => self.one_by_one(names, &mut all).await,
                // The first refusal is the one to be mended.
                Err(_) => all.problem = Some(problem),
            },
            Err(problem) => all.problem = Some(problem),
        }
        all.into_listing(self.client.clock.at_server(begun), self.now())
    }

    /// The pages after the first. Streams that are made meanwhile move others to pages that were not there at
    /// first, so the end is looked for anew. Returns whether a later page named a smaller total than one before.
    async fn other_pages(&self, step: u64, room: &Room, all: &mut Gathered<Stream>) -> bool {
        let mut from = step;
        let mut shrank = false;
        while from < all.total && all.problem.is_none() {
            let end = all.total;
            let offsets = (from..end).step_by(usize::try_from(step).unwrap_or(usize::MAX));
            let mut pages = stream::iter(offsets).map(|offset| self.stream_page(offset)).buffered(PAGES);
            while let Some(page) = pages.next().await {
                match page {
                    // The list became shorter than the total that it began with.
                    Ok((page, _)) if page.is_empty() => return shrank || page.total < all.total,
                    Ok((page, _)) => {
                        shrank |= page.total < all.total;
                        add(all, &Question::StreamList, room, page, |s: &Stream| &s.name);
                    }
                    Err(problem) => all.problem = Some(problem),
                }
                if all.problem.is_some() {
                    return shrank;
                }
            }
            from = end.saturating_add(step - 1) / step * step;
        }
        shrank
    }

    /// Streams that are deleted between two pages let others slip to a page that was read before: what has a name
    /// and was not listed is asked for by itself.
    async fn slipped(&self, all: &mut Gathered<Stream>) {
        match self.stream_names().await {
            Ok(mut names) => {
                let total = names.len() as u64;
                names.retain(|name| !all.items.contains_key(name) && !all.offline.contains_key(name));
                names.retain(|name| !all.missing.contains(name));
                self.one_by_one(names, all).await;
                all.total = total;
            }
            Err(problem) => all.problem = Some(problem),
        }
    }

    /// One page from this offset, and how far the next one is.
    async fn stream_page(&self, offset: u64) -> Result<(Page<Stream>, u64), Problem> {
        let question = Question::StreamList;
        let asked = now();
        let reply = self.ask(question, format!("{{\"offset\":{offset}}}")).await?;
        let page: wire::StreamPage<'_> = read(&reply, &question)?;
        let step = if page.limit == 0 { PAGE } else { page.limit };
        let items = page.streams.unwrap_or_default();
        let (asked, taken) = self.times(items.first().map_or("", |info| &info.ts), asked);
        Ok((
            Page {
                items: items.into_iter().map(|info| Arc::new(convert::stream(info, asked, taken))).collect(),
                missing: page.missing.unwrap_or_default(),
                offline: page.offline.unwrap_or_default(),
                total: page.total,
                bytes: reply.len(),
            },
            step,
        ))
    }

    /// The names of all streams.
    pub async fn stream_names(&self) -> Result<Vec<String>, Problem> {
        self.names(Question::StreamNames, |page| page.streams).await
    }

    /// The names of all consumers of a stream.
    async fn consumer_names(&self, stream: &str) -> Result<Vec<String>, Problem> {
        self.names(Question::ConsumerNames(stream), |page| page.consumers).await
    }

    async fn names(
        &self,
        question: Question<'_>,
        of: impl Fn(wire::NamesPage) -> Option<Vec<String>>,
    ) -> Result<Vec<String>, Problem> {
        let mut names = BTreeSet::new();
        let (mut offset, mut pages, room) = (0_u64, Pages::default(), Room::default());
        loop {
            let reply = self.ask(question, format!("{{\"offset\":{offset}}}")).await?;
            let page: wire::NamesPage = read(&reply, &question)?;
            let (step, total) = (if page.limit == 0 { 1024 } else { page.limit }, page.total);
            let found = of(page).unwrap_or_default();
            found.iter().try_for_each(|name| check_name(&question, name))?;
            let (count, before) = (found.len(), names.len());
            names.extend(found);
            offset = offset.saturating_add(step);
            if count == 0 || offset >= total {
                return Ok(names.into_iter().collect());
            }
            let new = names.len() - before;
            pages.took(&question, &room, Took { total, names: count, new, bytes: reply.len() })?;
        }
    }

    /// The streams that capture messages of this subject, or some of what a pattern means.
    pub async fn streams_of(&self, subject: &str) -> Result<Vec<String>, Problem> {
        let question = Question::StreamNames;
        let subject = serde_json::Value::from(subject);
        let reply = self.ask(question, format!("{{\"subject\":{subject}}}")).await?;
        Ok(read::<wire::NamesPage>(&reply, &question)?.streams.unwrap_or_default())
    }

    /// The stored message of this sequence; `None` where there is none (any more).
    pub async fn message_of(&self, stream: &str, seq: u64) -> Result<Option<crate::model::Message>, Problem> {
        self.message(stream, seq).await
    }

    async fn one_by_one(&self, names: Vec<String>, all: &mut Gathered<Stream>) {
        all.total = names.len() as u64;
        let mut answers = stream::iter(names)
            .map(|name| async move {
                let answer = self.stream(&name).await;
                (name, answer)
            })
            .buffer_unordered(SIDE_BY_SIDE);
        while let Some((name, answer)) = answers.next().await {
            match answer {
                Ok(stream) => {
                    all.items.insert(name, Arc::new(stream));
                }
                Err(problem) if problem.kind == ProblemKind::NotFound => {}
                Err(problem) => {
                    all.problem.get_or_insert(problem);
                }
            }
        }
    }

    /// One stream.
    pub async fn stream(&self, name: &str) -> Result<Stream, Problem> {
        let question = Question::Stream(name);
        let asked = now();
        let reply = self.ask(question, String::new()).await?;
        let info: wire::StreamInfo<'_> = read(&reply, &question)?;
        let (asked, taken) = self.times(&info.ts, asked);
        Ok(convert::stream(info, asked, taken))
    }

    /// One stream, asked for by a reader: a message that the client cannot decode may just have broken the connection,
    /// which is back soon.
    pub async fn stream_to_read(&self, name: &str) -> Result<Stream, Problem> {
        for _ in 0..READERS {
            match self.stream(name).await {
                Err(problem) if problem.kind == ProblemKind::Disconnected => self.client.back(SOON).await,
                answer => return answer,
            }
        }
        self.stream(name).await
    }

    /// One stream, and the server's whole reply as indented JSON.
    pub async fn stream_json(&self, name: &str) -> Result<(Stream, String), Problem> {
        let question = Question::Stream(name);
        let asked = now();
        let reply = self.ask(question, String::new()).await?;
        let info: wire::StreamInfo<'_> = read(&reply, &question)?;
        let (asked, taken) = self.times(&info.ts, asked);
        Ok((convert::stream(info, asked, taken), pretty(&reply, &question)?))
    }

    /// All consumers of a stream.
    pub async fn consumers(&self, stream: &str) -> Listing<Consumer> {
        self.consumers_within(stream, &Room::default()).await
    }

    async fn consumers_within(&self, stream: &str, room: &Room) -> Listing<Consumer> {
        let begun = now();
        let question = Question::ConsumerList(stream);
        let mut all = Gathered::new();
        let mut offset = 0_u64;
        all.problem = room.may_go_on(&question).err();
        while all.problem.is_none() {
            let page = {
                let _turn = room.turn().await;
                self.consumer_page(stream, offset).await
            };
            match page {
                Ok((page, step)) => {
                    let (total, ended) = (page.total, page.is_empty());
                    offset = offset.saturating_add(step);
                    let last = ended || offset >= total;
                    add(&mut all, &question, room, page, |c: &Consumer| &c.name);
                    if last {
                        // What came last is all the same whether the next page would have been too much.
                        all.problem = None;
                        break;
                    }
                }
                Err(problem) if matches!(problem.kind, ProblemKind::Denied { .. }) => {
                    match self.consumer_names(stream).await {
                        Ok(names) => self.consumers_by_name(stream, names, &mut all).await,
                        // The first refusal is the one to be mended.
                        Err(_) => all.problem = Some(problem),
                    }
                    break;
                }
                Err(problem) => all.problem = Some(problem),
            }
        }
        all.into_listing(self.client.clock.at_server(begun), self.now())
    }

    /// Who may not list but may read names gets each consumer on its own.
    async fn consumers_by_name(&self, stream: &str, names: Vec<String>, all: &mut Gathered<Consumer>) {
        all.total = names.len() as u64;
        let mut answers = stream::iter(names)
            .map(|name| async move { self.consumer(stream, &name).await })
            .buffer_unordered(SIDE_BY_SIDE);
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(consumer) => {
                    all.items.insert(consumer.name.clone(), Arc::new(consumer));
                }
                Err(problem) if problem.kind == ProblemKind::NotFound => {}
                Err(problem) => {
                    all.problem.get_or_insert(problem);
                }
            }
        }
    }

    async fn consumer_page(&self, stream: &str, offset: u64) -> Result<(Page<Consumer>, u64), Problem> {
        let question = Question::ConsumerList(stream);
        let body = if offset == 0 { String::new() } else { format!("{{\"offset\":{offset}}}") };
        let asked = now();
        let reply = self.ask(question, body).await?;
        let page: wire::ConsumerPage<'_> = read(&reply, &question)?;
        let step = if page.limit == 0 { PAGE } else { page.limit };
        let items = page.consumers.unwrap_or_default();
        let (_, taken) = self.times(items.first().map_or("", |info| &info.ts), asked);
        Ok((
            Page {
                items: items.into_iter().map(|info| Arc::new(convert::consumer(info, taken))).collect(),
                missing: page.missing.unwrap_or_default(),
                offline: page.offline.unwrap_or_default(),
                total: page.total,
                bytes: reply.len(),
            },
            step,
        ))
    }

    /// The consumers of these streams, a stream at a time as they are answered.
    pub fn all_consumers(
        &self,
        streams: Vec<String>,
    ) -> impl futures_util::Stream<Item = (String, Listing<Consumer>)> + '_ {
        let room = Arc::new(Room::default());
        stream::iter(streams)
            .map(move |name| {
                let room = Arc::clone(&room);
                async move {
                    let listing = self.consumers_within(&name, &room).await;
                    (name, listing)
                }
            })
            .buffer_unordered(SIDE_BY_SIDE)
    }

    /// One consumer.
    pub async fn consumer(&self, stream: &str, name: &str) -> Result<Consumer, Problem> {
        let question = Question::Consumer(stream, name);
        let asked = now();
        let reply = self.ask(question, String::new()).await?;
        let info: wire::ConsumerInfo<'_> = read(&reply, &question)?;
        let (_, taken) = self.times(&info.ts, asked);
        Ok(convert::consumer(info, taken))
    }

    /// One consumer, and the server's whole reply as indented JSON.
    pub async fn consumer_json(&self, stream: &str, name: &str) -> Result<(Consumer, String), Problem> {
        let question = Question::Consumer(stream, name);
        let asked = now();
        let reply = self.ask(question, String::new()).await?;
        let info: wire::ConsumerInfo<'_> = read(&reply, &question)?;
        let (_, taken) = self.times(&info.ts, asked);
        Ok((convert::consumer(info, taken), pretty(&reply, &question)?))
    }

    /// The subjects of a stream that match a filter, largest first, at most `cap`; how many match, and how many of
    /// these were read.
    ///
    /// The server hands out 100,000 a reply, by name. All pages are read, up to [`SUBJECTS_READ`] subjects: of more
    /// the largest of those that were read are told.
    pub async fn subjects(
        &self,
        stream: &str,
        filter: &str,
        cap: usize,
    ) -> Result<(Vec<SubjectCount>, u64, u64), Problem> {
        let question = Question::Stream(stream);
        let filter = serde_json::Value::from(filter);
        let mut counts: Vec<SubjectCount> = Vec::new();
        let (mut offset, mut seen, mut pages) = (0_u64, 0, Pages::default());
        loop {
            let reply = self.ask(question, format!("{{\"subjects_filter\":{filter},\"offset\":{offset}}}")).await?;
            let info: wire::StreamInfo<'_> = read(&reply, &question)?;
            let page = info.state.subjects.unwrap_or_default();
            let got = page.len() as u64;
            seen += got;
            counts.extend(page.into_iter().map(|(subject, messages)| SubjectCount { subject, messages }));
            counts.sort_unstable_by(|a, b| b.messages.cmp(&a.messages).then_with(|| a.subject.cmp(&b.subject)));
            counts.truncate(cap);
            offset = offset.saturating_add(if info.limit == 0 { got } else { info.limit });
            // Of a list that does not end, what was read is told as that.
            let more = pages.turned(&question, usize::try_from(got).unwrap_or(usize::MAX)).is_ok();
            if got == 0 || offset >= info.total || seen >= SUBJECTS_READ || !more {
                return Ok((counts, info.total.max(seen), seen));
            }
        }
    }
}

/// One page of a list.
struct Page<T> {
    items: Vec<Arc<T>>,
    missing: Vec<String>,
    offline: BTreeMap<String, String>,
    total: u64,
    bytes: usize,
}

impl<T> Page<T> {
    /// Nothing is named at all: the list has ended, whatever its total says.
    fn is_empty(&self) -> bool {
        self.items.is_empty() && self.missing.is_empty() && self.offline.is_empty()
    }
}

fn add<T>(all: &mut Gathered<T>, words: Words<'_>, room: &Room, page: Page<T>, name: impl Fn(&T) -> &String) {
    let Page { items, missing, offline, total, bytes } = page;
    all.total = all.total.max(total);
    let names = items.len() + missing.len() + offline.len();
    let all_names = items.iter().map(|item| name(item)).chain(&missing).chain(offline.keys());
    all.problem = all_names.map(|name| check_name(words, name)).find_map(Result::err);
    if all.problem.is_some() {
        return;
    }
    let known = all.items.len() + all.offline.len() + all.missing.len();
    // An item that moved to the next page while we read comes twice; the later answer is kept.
    all.items.extend(items.into_iter().map(|item| (name(&item).clone(), item)));
    all.missing.extend(missing);
    all.offline.extend(offline);
    let new = all.items.len() + all.offline.len() + all.missing.len() - known;
    all.problem = all.pages.took(words, room, Took { total, names, new, bytes }).err();
}

/// The reply without its type, indented, in the server's order of fields.
fn pretty(reply: &[u8], words: Words<'_>) -> Result<String, Problem> {
    let mut value: serde_json::Map<String, serde_json::Value> = read(reply, words)?;
    for field in ["type", "total", "offset", "limit"] {
        value.shift_remove(field);
    }
    serde_json::to_string_pretty(&value)
        .map_err(|error| Problem::new(ProblemKind::Unreadable, format!("{words}: {error}")))
}
