//! Shell: signals. Ctrl-C: the first one lets the running batch finish and ends the run in order; the second one ends the program at
//! once. What was begun then is settled by the next run, as after a power cut (invariant 1).
//!
//! A Ctrl-C reaches every program of a pipeline, so that whoever reads what is said here may be gone by then
//! (`abgleich sync 2>&1 | tee log`): what cannot be said is no reason to end another way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::{io, process};

use abgleich::config::Language;

use crate::cli::progress::Progress;
use crate::cli::report::one_of;
use crate::failure::Exit;

/// How long the start waits for the system to take the handler; it takes no time unless the system gives no signals at all.
const TAKEN_WITHIN: Duration = Duration::from_secs(2);

/// Starts to listen and returns when that is certain; the flag returned becomes true at the first Ctrl-C. Where the system
/// gives no signals, the flag stays false and Ctrl-C ends the program as it always does.
pub(super) fn listen(language: Language, progress: &Arc<Progress>) -> Arc<AtomicBool> {
    listen_and(language, progress, || ())
}

/// The same, and tells once when the flag has become true: for somebody who sleeps.
pub(super) fn listen_and(
    language: Language,
    progress: &Arc<Progress>,
    woken: impl Fn() + Send + 'static,
) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let (told, progress) = (Arc::clone(&stop), Arc::clone(progress));
    let (listening, taken) = mpsc::channel();
    thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        runtime.block_on(async {
            // Polling it once is what takes the handler; only then is it certain that nothing is missed.
            let mut first = Box::pin(ending());
            let asked = tokio::select! {
                biased;
                asked = &mut first => Some(asked),
                () = std::future::ready(()) => None,
            };
            // Nobody listens any more only when the start gave up waiting.
            let _ = listening.send(());
            let asked = match asked {
                Some(asked) => asked,
                None => first.await,
            };
            if asked.is_err() {
                return;
            }
            told.store(true, Ordering::SeqCst);
            woken();
            progress.say(one_of(
                language,
                "Wird nach dem laufenden Schritt beendet; noch einmal Strg-C beendet sofort.",
                "Ending after the step at hand; Ctrl-C once more ends at once.",
            ));
            if ending().await.is_ok() {
                progress.say(one_of(
                    language,
                    "Sofort beendet; der nächste Lauf klärt, was offen war.",
                    "Ended at once; the next run settles what was open.",
                ));
                process::exit(Exit::Interrupted.number().into());
            }
        });
    });
    // A thread that gives up drops its end, which ends the wait as well.
    let _ = taken.recv_timeout(TAKEN_WITHIN);
    stop
}

/// Tells each time that somebody sends SIGUSR1, for as long as the program runs; returns when that is certain. Other systems have
/// no such signal.
#[cfg(unix)]
pub(super) fn on_request(hurry: impl Fn() + Send + 'static) {
    let (listening, taken) = mpsc::channel();
    thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        runtime.block_on(async {
            let asked = tokio::signal::unix::SignalKind::user_defined1();
            let Ok(mut asked) = tokio::signal::unix::signal(asked) else { return };
            // Nobody listens any more only when the start gave up waiting.
            let _ = listening.send(());
            while asked.recv().await.is_some() {
                hurry();
            }
        });
    });
    // A thread that gives up drops its end, which ends the wait as well.
    let _ = taken.recv_timeout(TAKEN_WITHIN);
}

/// There is no signal for it here.
#[cfg(not(unix))]
pub(super) fn on_request(_: impl Fn() + Send + 'static) {}

/// Waits until the program is asked to end: by Ctrl-C, or by the system that ends a service.
#[cfg(unix)]
async fn ending() -> io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        asked = tokio::signal::ctrl_c() => asked,
        _ = terminate.recv() => Ok(()),
    }
}

/// Waits until the program is asked to end: by Ctrl-C or Ctrl-Break, by a window that closes, by a system that shuts down.
#[cfg(windows)]
async fn ending() -> io::Result<()> {
    let mut stop = tokio::signal::windows::ctrl_break()?;
    let mut close = tokio::signal::windows::ctrl_close()?;
    let mut shutdown = tokio::signal::windows::ctrl_shutdown()?;
    tokio::select! {
        asked = tokio::signal::ctrl_c() => asked,
        _ = stop.recv() => Ok(()),
        _ = close.recv() => Ok(()),
        _ = shutdown.recv() => Ok(()),
    }
}
