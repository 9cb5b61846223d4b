//! Shell: asks staffITpro now and then whether something changed there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use abgleich::engine::watched::Watched;

use crate::cli::watch::{LOOKS, Watching};

/// A round of asking takes at most this share of the time: with many mailboxes and a slow source it comes less often.
const SHARE: u32 = 200;

/// Asks until the program is to end.
pub(super) fn keep_asking(watching: &Watching<'_>, stop: &AtomicBool) {
    let mut next = Instant::now() + watching.settings.watch.staffitpro;
    let mut watched = None;
    while !stop.load(Ordering::SeqCst) {
        thread::sleep(LOOKS.min(watching.settings.watch.staffitpro));
        if Instant::now() < next {
            continue;
        }
        let begun = Instant::now();
        if watched.is_none() {
            watched = Watched::open(&watching.settings.state.folder).ok();
        }
        if let Some(watched) = &watched {
            round(watching, watched, stop);
        }
        let took = begun.elapsed();
        next = begun + watching.settings.watch.staffitpro.max(took.saturating_mul(SHARE));
    }
}

/// Asks for each mailbox once.
fn round(watching: &Watching<'_>, watched: &Watched, stop: &AtomicBool) {
    for (who, mailbox) in watching.chosen.iter().enumerate() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        // A source that is down is found out by a run, which says so.
        let held = {
            let sources = watching.sources.lock();
            let sources = sources.unwrap_or_else(std::sync::PoisonError::into_inner);
            sources.get(&mailbox.source).cloned()
        };
        let Some(held) = held.filter(|held| held.described.feed) else { continue };
        let news = watched.stirred(&mailbox.source, &mailbox.user, &mailbox.scopes, &held.source);
        if matches!(news, Ok(true)) {
            watching.bell.ring(who);
        }
    }
}
