//! Effect: changing and deleting single occurrences, each only as long as it is what the plan took it for (rule D13).
//!
//! A series and its occurrences have one version: whatever changes one of them gives all of them another (Microsoft's page on
//! `OccurrenceItemId`). So of each series one occurrence at a time is changed, under the version that the change before it left,
//! and when a person changes something of the series in between, the server refuses the next one. Then the occurrences that are
//! left are looked at again. Those that are what they were are written under the version that they have now; one that the person
//! has changed stays as it is. Either way the series is told as touched, so that it is read and planned again.
//!
//! `DeleteItem` looks at no version, and grommunio 3.10 at none at all: there every occurrence is looked at directly before.

use std::collections::BTreeSet;

use crate::ews::draft::ItemUpdate;
use crate::ews::operation::delete_item::{DeleteItem, Disposal};
use crate::ews::operation::get_item::GetItem;
use crate::ews::operation::update_item::UpdateItem;
use crate::ews::operation::{ItemRef, OccurrenceRef, Placed, Saved, Target};
use crate::ews::{self, DateTime, Field as E, Property, Value as Theirs};
use crate::mailbox::exchange::exceptions::{self, Step};
use crate::mailbox::exchange::occurrences::Begun;
use crate::mailbox::exchange::send::{Answers, Job, Manner};
use crate::mailbox::exchange::wire::{self, Wire};
use crate::mailbox::exchange::{ExchangeMailbox, OCCURRENCES};
use crate::mailbox::{Stage, Write, Wrote};
use crate::model::{Content, ItemId, ItemVersion};

/// Half a day in seconds: two occurrences of a series are never closer.
const HALF_A_DAY: i64 = 43_200;

/// How often the occurrences of a series that somebody else is writing are looked at again.
const LOOKS: usize = 5;

/// What Exchange says of an occurrence that was deleted before.
const DELETED: &str = "ErrorCalendarOccurrenceIsDeletedFromRecurrence";

/// A series whose occurrences are being written.
#[derive(Debug)]
pub(super) struct Underway<'a> {
    /// What was begun.
    pub(super) begun: Begun<'a>,
    /// The series.
    pub(super) id: ItemId,
    /// The version that it was last left in; `None` where nobody has told.
    pub(super) version: Option<ItemVersion>,
    /// Whether somebody else has changed it in between.
    pub(super) touched: bool,
    /// How far it came.
    pub(super) progress: Progress,
}

/// What became of the steps of one series.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Progress {
    /// All were done.
    Whole,
    /// The server does not take one of them.
    Refused(Wrote),
    /// Nobody knows.
    Open,
}

/// A step on its way: which series, counted from nought, which of its steps, and the occurrence that was found for it.
struct Found {
    series: usize,
    step: usize,
    item: ItemRef,
}

impl Underway<'_> {
    fn goes_on(&self) -> bool {
        self.progress == Progress::Whole
    }

    /// Notes what became of a step: a refusal counts for more than a doubt, since it will not go away by itself.
    fn note(&mut self, wrote: &Wrote) {
        match (wrote, &self.progress) {
            (_, Progress::Refused(_)) => {}
            (Wrote::Refused { .. } | Wrote::Unfit(_) | Wrote::Denied(_), _) => {
                self.progress = Progress::Refused(wrote.clone());
            }
            _ => self.progress = Progress::Open,
        }
    }

    /// Returns what the series is with what was written of it before its occurrences.
    fn content(&self) -> Content {
        let nothing = Content::new();
        let (content, before) = match self.begun.write {
            Write::Create { content, .. } => (content, &nothing),
            Write::Update { content, before, .. } => (content, before),
            Write::Delete { .. } => (&nothing, &nothing),
        };
        let mut now = before.clone();
        for (field, slot) in content.iter() {
            now.put(field, slot.clone());
        }
        now
    }
}

impl<W: Wire> ExchangeMailbox<W> {
    /// Changes and deletes occurrences. All are found first, since a deletion may shift the places of others.
    pub(super) fn take_steps(&mut self, open: &mut [Underway<'_>]) {
        let all: Vec<(usize, usize)> = open
            .iter()
            .enumerate()
            .flat_map(|(series, of)| (0..of.begun.steps.len()).map(move |step| (series, step)))
            .collect();
        let found = self.look_at(open, &all);
        let deletes = |open: &[Underway<'_>], found: &Found| {
            step(open, (found.series, found.step)).is_some_and(|step| step.changes.is_none())
        };
        let (deletions, changes): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|found| deletes(open, found));
        if changes.is_empty() {
            return self.delete(open, &deletions);
        }
        self.change(open, changes);
        let again: Vec<_> = deletions.iter().map(|f| (f.series, f.step)).collect();
        let deletions = self.look_at(open, &again);
        self.delete(open, &deletions);
    }

    /// Changes occurrences, of each series one after the other. A server that looks at no versions gets all at once, directly after
    /// they were looked at.
    fn change(&mut self, open: &mut [Underway<'_>], mut left: Vec<Found>) {
        let mut looks = 0;
        while !left.is_empty() {
            let mut begun = BTreeSet::new();
            let all = !self.checks_versions();
            let (now, mut later): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|found| begun.insert(found.series) || all);
            let mut jobs = Vec::with_capacity(now.len());
            for (place, found) in now.iter().enumerate() {
                let changes =
                    step(open, (found.series, found.step)).and_then(|s| s.changes.clone());
                let (Some(of), Some(changes)) = (open.get_mut(found.series), changes) else {
                    continue;
                };
                let key = of.version.as_ref().map_or("", ItemVersion::as_str).into();
                match ItemUpdate::of_occurrence(found.item.id.clone(), key, changes) {
                    Ok(load) => jobs.push(Job { place, bytes: load.wire_len(), load }),
                    Err(error) => of.note(&Wrote::Unfit(error.to_string())),
                }
            }
            let mut done = Answers::sent(now.len());
            // The version protects a repeated request.
            let manner = Manner { repeatable: true, creates: None };
            let build = |updates| UpdateItem { updates };
            // Once something was sent, errors are answers; what has none was not answered.
            let _ = self.send(jobs, &manner, &build, &|_, saved| saved_as(&saved), &mut done);
            let mut refused = Vec::new();
            for (place, found) in now.into_iter().enumerate() {
                let Some(of) = open.get_mut(found.series) else { continue };
                match done.given(place) {
                    Some(Wrote::Done { version, .. }) => of.version = Some(version.clone()),
                    Some(Wrote::Conflict) if looks < LOOKS => refused.push(found),
                    Some(other) => of.note(other),
                    None => of.note(&Wrote::Unanswered),
                }
            }
            later.retain(|found| open.get(found.series).is_some_and(Underway::goes_on));
            if refused.is_empty() {
                left = later;
                continue;
            }
            looks += 1;
            // What one series waits for, the others need not be looked at for; but one request has room for all.
            let again: Vec<_> = refused.iter().chain(&later).map(|f| (f.series, f.step)).collect();
            left = self.look_at(open, &again);
        }
    }

    fn delete(&mut self, open: &mut [Underway<'_>], found: &[Found]) {
        let job =
            |(place, found): (usize, &Found)| Job { place, bytes: 200, load: found.item.clone() };
        let jobs = found.iter().enumerate().map(job).collect();
        let mut done = Answers::sent(found.len());
        let manner = Manner { repeatable: true, creates: None };
        let build = |items| DeleteItem { items, to: Disposal::DeletedItems };
        let _ = self.send(jobs, &manner, &build, &|_, ()| whole(), &mut done);
        for (place, found) in found.iter().enumerate() {
            let Some(of) = open.get_mut(found.series) else { continue };
            // The answer to a deletion does not tell the version.
            of.version = None;
            match done.given(place) {
                // It is away, which is what was wanted.
                Some(Wrote::Done { .. } | Wrote::Gone) => {}
                Some(Wrote::Refused { code, .. }) if code == DELETED => {}
                Some(other) => of.note(other),
                None => of.note(&Wrote::Unanswered),
            }
        }
    }

    /// Finds the occurrences of steps by their places, looks whether they are the ones that are meant, and leaves out those that
    /// somebody else has changed.
    fn look_at(&mut self, open: &mut [Underway<'_>], steps: &[(usize, usize)]) -> Vec<Found> {
        let mut found = Vec::with_capacity(steps.len());
        let wanted = exceptions::WANTED.into_iter().chain([E::CalendarItemType]);
        let properties: Vec<Property> = wanted.map(Property::from).collect();
        for batch in steps.chunks(OCCURRENCES) {
            let items = batch.iter().filter_map(|at| self.target(open, *at)).collect();
            let operation = GetItem { items, properties: properties.clone(), body: None };
            let (wire, patience) = (&mut self.wire, self.manner.patience);
            let parts =
                wire::ask(wire, patience, Stage::Item, &operation, |(_, part)| part.as_ref().err());
            self.see(open, batch, parts.unwrap_or_default(), &mut found);
        }
        // Of a series that is put back anyway nothing more is written.
        found.retain(|found| open.get(found.series).is_some_and(Underway::goes_on));
        found
    }

    fn target(&self, open: &[Underway<'_>], at: (usize, usize)) -> Option<Target> {
        let (of, step) = (open.get(at.0)?, step(open, at)?);
        let index = if self.is_grommunio() { step.standing } else { step.position };
        let master = ews::ItemId::new(of.id.as_str());
        Some(Target::Occurrence(OccurrenceRef { master, index }))
    }

    /// Takes in what was seen of occurrences.
    fn see(
        &self,
        open: &mut [Underway<'_>],
        batch: &[(usize, usize)],
        parts: Vec<Placed<ews::Item>>,
        found: &mut Vec<Found>,
    ) {
        // First of all, whether each series is still in the version that it was left in.
        for (place, part) in &parts {
            let Some(of) = batch.get(*place).and_then(|(series, _)| open.get_mut(*series)) else {
                continue;
            };
            if let Ok(item) = part
                && of
                    .version
                    .as_ref()
                    .is_none_or(|known| known.as_str() != item.change_key.as_str())
            {
                of.touched |= of.version.is_some();
                of.version = Some(item.change_key.as_str().into());
            }
        }
        let mut seen = vec![false; batch.len()];
        for (place, part) in parts {
            let Some((series, at)) = batch.get(place).copied() else { continue };
            if let Some(seen) = seen.get_mut(place) {
                *seen = true;
            }
            let Some(of) = open.get_mut(series) else { continue };
            let Some(step) = of.begun.steps.get(at) else { continue };
            let deletes = step.changes.is_none();
            match part {
                Ok(item) if is_meant(&item, step) => {
                    let doubt = of.touched || !self.checks_versions();
                    if doubt
                        && !exceptions::is_as_it_was(
                            &item.properties,
                            step,
                            &of.content(),
                            &self.manner.zone,
                        )
                    {
                        of.touched = true;
                        continue;
                    }
                    let item = ItemRef { id: item.id, change_key: Some(item.change_key) };
                    found.push(Found { series, step: at, item });
                }
                // The person has changed the pattern.
                Ok(_) if of.touched => {}
                Ok(_) => {
                    let code = "occurrence-mismatch".to_owned();
                    let text =
                        format!("the server has another occurrence than that of {}", step.original);
                    of.note(&Wrote::Refused { code, text });
                }
                Err(refusal) if refusal.code.to_string() == DELETED => {
                    // A person has deleted what was to be changed.
                    if !deletes {
                        (of.touched, of.version) = (true, None);
                    }
                }
                Err(refusal) => {
                    let (code, text) = (refusal.code.to_string(), refusal.to_string());
                    of.note(&Wrote::Refused { code, text });
                }
            }
        }
        for ((series, _), seen) in batch.iter().zip(seen) {
            if let Some(of) = open.get_mut(*series).filter(|_| !seen) {
                of.note(&Wrote::Unanswered);
            }
        }
    }
}

fn step<'a>(open: &'a [Underway<'_>], (series, step): (usize, usize)) -> Option<&'a Step> {
    open.get(series)?.begun.steps.get(step)
}

pub(super) fn saved_as(saved: &Saved) -> Wrote {
    Wrote::Done { id: saved.id.as_str().into(), version: saved.change_key.as_str().into() }
}

/// The answer to what has no version.
pub(super) fn whole() -> Wrote {
    Wrote::Done { id: "".into(), version: "".into() }
}

/// Says whether an occurrence is the one that a step means. One that was changed before says when it started once; where it does
/// not (grommunio 3.10), its place has to do.
fn is_meant(item: &ews::Item, step: &Step) -> bool {
    let time = |of: E| {
        item.value(of).and_then(Theirs::as_datetime).and_then(|time: DateTime| time.instant())
    };
    let is_exception = exceptions::is_exception(&item.properties);
    let once = time(E::OriginalStart).or_else(|| time(E::Start).filter(|_| !is_exception));
    once.is_none_or(|once| once.duration_since(step.start).as_secs().abs() < HALF_A_DAY)
}
