//! Shell: progress on standard error: bars on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use abgleich::config::Language;
use abgleich::engine::report::{Event, Phase};
use abgleich::model::UserId;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::cli::report::one_of;
use crate::cli::say;

/// How many steps lie between two plain lines.
const STEPS: u64 = 1000;

/// Shows how far the mailboxes are.
pub(super) struct Progress {
    language: Language,
    bars: Option<MultiProgress>,
    running: Mutex<BTreeMap<UserId, Running>>,
}

struct Running {
    phase: &'static str,
    bar: Option<ProgressBar>,
    told: u64,
}

impl Progress {
    /// Decides how to show it by asking whether somebody looks.
    pub(super) fn new(language: Language) -> Self {
        let bars = io::stderr().is_terminal().then(MultiProgress::new);
        Self { language, bars, running: Mutex::default() }
    }

    /// Takes what the engine tells; called from the threads of all mailboxes.
    pub(super) fn tell(&self, event: Event) {
        match event {
            Event::Phase { user, phase } => self.enter(&user, phase_name(self.language, phase)),
            Event::Waits { user, time } => self.wait(
                &user,
                ("der Server bittet um Ruhe", "the server wants to be left alone"),
                time,
            ),
            Event::SourceBusy { user, time } => {
                self.wait(&user, ("staffITpro ist beschäftigt", "staffITpro is busy"), time);
            }
            Event::Progress { user, done, total } => self.advance(&user, done, total),
        }
    }

    fn wait(&self, user: &UserId, (de, en): (&str, &str), time: Duration) {
        let why = one_of(self.language, de, en);
        let on = one_of(self.language, "weiter in", "going on in");
        self.say(&format!("{user}: {why}, {on} {} s", time.as_secs().max(1)));
    }

    /// Says a line that no bar draws over.
    pub(super) fn say(&self, text: &str) {
        match &self.bars {
            Some(bars) => bars.suspend(|| say::aside(format_args!("{text}"))),
            None => say::aside(format_args!("{text}")),
        }
    }

    /// Takes a mailbox away that is done.
    pub(super) fn finish(&self, user: &UserId) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(user);
        match running.and_then(|running| running.bar) {
            Some(bar) => bar.finish_and_clear(),
            None if self.bars.is_none() => {
                say::aside(format_args!("{user}: {}", one_of(self.language, "beendet", "ended")));
            }
            None => {}
        }
    }

    fn enter(&self, user: &UserId, phase: &'static str) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = running.entry(user.clone()).or_insert_with(|| Running {
            phase: "",
            bar: self.bars.as_ref().map(|bars| {
                let bar = bars.add(ProgressBar::new_spinner()).with_prefix(user.to_string());
                bar.set_style(style("{prefix:10} {spinner} {msg}"));
                bar.enable_steady_tick(std::time::Duration::from_millis(120));
                bar
            }),
            told: 0,
        });
        entry.phase = phase;
        entry.told = 0;
        match &entry.bar {
            Some(bar) => {
                bar.unset_length();
                bar.set_style(style("{prefix:10} {spinner} {msg}"));
                bar.set_message(phase);
            }
            None => say::aside(format_args!("{user}: {phase}")),
        }
    }

    fn advance(&self, user: &UserId, done: u64, total: Option<u64>) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = running.get_mut(user) else { return };
        match &entry.bar {
            Some(bar) => {
                if let Some(total) = total {
                    bar.set_length(total);
                    bar.set_style(style("{prefix:10} [{bar:24}] {pos}/{len} {msg}"));
                }
                bar.set_position(done);
            }
            None if done >= entry.told + STEPS => {
                entry.told = done;
                let of = one_of(self.language, "von", "of");
                let total = total.map(|total| format!(" {of} {total}")).unwrap_or_default();
                say::aside(format_args!("{user}: {} {done}{total}", entry.phase));
            }
            None => {}
        }
    }
}

/// Builds a style; the templates are ours, so a wrong one falls back to the plain bar.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

const fn phase_name(language: Language, phase: Phase) -> &'static str {
    match phase {
        Phase::Recovering => {
            one_of(language, "klärt Unterbrochenes", "settling what was interrupted")
        }
        Phase::ReadingStaffitpro => one_of(language, "liest staffITpro", "reading staffITpro"),
        Phase::ReadingOutlook => one_of(language, "liest Outlook", "reading Outlook"),
        Phase::Planning => one_of(language, "plant", "planning"),
        Phase::Writing => one_of(language, "schreibt", "writing"),
        Phase::Finishing => one_of(language, "schließt ab", "finishing"),
    }
}
