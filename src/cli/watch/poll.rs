//! Shell: asks staffITpro now and then whether something changed there. A source that can is asked for all its users at once; of
//! any other each user is asked for in turn, evenly over the time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use abgleich::engine::watched::{Asked, Asking, Stirred};
use abgleich::model::TenantName;
use abgleich::watch::{Hint, Who};

use crate::cli::watch::Watching;

/// Asking takes at most this share of the time: with many mailboxes and a slow source it comes less often.
const SHARE: u32 = 200;

/// The questions to one source.
pub(super) struct Round {
    asking: Asking,
    /// Whose they are, in the order of the questions.
    mailboxes: Vec<Who>,
    /// When the next one is due.
    next: Duration,
}

/// Prepares the questions and has the sources that can say where they stand, before the first mailbox is looked at: what
/// happens from now on is told, and what happened before is found by the first look.
pub(super) fn rounds(watching: &Watching<'_>) -> BTreeMap<TenantName, Round> {
    let mut rounds: BTreeMap<TenantName, Round> = BTreeMap::new();
    for (who, mailbox) in watching.chosen.iter().enumerate() {
        let round = rounds.entry(mailbox.source.clone()).or_insert_with(|| Round {
            asking: Asking::new(mailbox.source.clone()),
            mailboxes: Vec::new(),
            next: watching.settings.watch.staffitpro,
        });
        round.asking.add(mailbox.user.clone(), &mailbox.scopes);
        round.mailboxes.push(who);
    }
    for (name, round) in &mut rounds {
        if let Some(held) = watching.sources.held(name) {
            // A source that is down, or fails, is found out by a run, which says so.
            let _ = round.asking.begin(&held.source, &held.described());
        }
    }
    rounds
}

/// Asks until the program is to end.
pub(super) fn keep_asking(watching: &Watching<'_>, mut rounds: BTreeMap<TenantName, Round>) {
    let bell = &watching.bell;
    let mut asked = 0;
    while !bell.ends() {
        let hurry = std::mem::replace(&mut asked, bell.asked()) != asked;
        for (name, round) in &mut rounds {
            if (hurry || round.next <= bell.now()) && !bell.ends() {
                ask(watching, name, round);
            }
        }
        let agenda = bell.agenda();
        if !bell.ends() && bell.asked() == asked {
            let next = rounds.values().map(|round| round.next).min();
            drop(bell.wait(agenda, next));
        }
    }
}

/// Asks one question and rings for those that the answer is about.
fn ask(watching: &Watching<'_>, name: &TenantName, round: &mut Round) {
    let (bell, interval) = (&watching.bell, watching.settings.watch.staffitpro);
    let (now, begun) = (bell.now(), Instant::now());
    let mut turns = 1;
    if let Some(held) = watching.sources.held(name) {
        let described = held.described();
        turns = u32::try_from(round.asking.turns(&described)).unwrap_or(u32::MAX).max(1);
        let state = &watching.settings.state.folder;
        let ring = |places: Vec<usize>, hint| {
            for who in places.into_iter().filter_map(|place| round.mailboxes.get(place)) {
                bell.ring(*who, hint);
            }
        };
        match round.asking.ask(state, &held.source, &described) {
            Ok(Stirred::These(places)) => ring(places, Hint::News),
            Ok(Stirred::Perhaps) => ring((0..round.mailboxes.len()).collect(), Hint::Gap),
            Err(error) => {
                // An adapter's words may name anybody.
                let kind = match error {
                    Asked::Source(error) => Some(error.kind),
                    Asked::State(_) => None,
                };
                tracing::debug!(source = %name, ?kind, "staffITpro could not be asked");
                if kind.is_some() {
                    // Whatever its connections led to may be away for good: the next question goes to what is there now.
                    let _ = watching.sources.ready(name);
                }
            }
        }
    }
    round.next = now + (interval / turns).max(begun.elapsed().saturating_mul(SHARE));
}
