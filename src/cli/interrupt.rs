//! Shell: Ctrl-C. The first one lets the running batch finish and ends the run in order; the second one ends the program at
//! once. What was begun then is settled by the next run, as after a power cut (invariant 1).

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use abgleich::config::Language;

use crate::cli::report::one_of;

/// The exit code of a program that was ended from outside, as shells give it.
const ENDED_AT_ONCE: i32 = 130;

/// Starts to listen; the flag returned becomes true at the first Ctrl-C. Where the system gives no signals, the flag stays
/// false and Ctrl-C ends the program as it always does.
pub(super) fn listen(language: Language) -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
            return;
        };
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_err() {
                return;
            }
            told.store(true, Ordering::SeqCst);
            let text = one_of(
                language,
                "Wird nach dem laufenden Schritt beendet; noch einmal Strg-C beendet sofort.",
                "Ending after the step at hand; Ctrl-C once more ends at once.",
            );
            eprintln!("{text}");
            if tokio::signal::ctrl_c().await.is_ok() {
                process::exit(ENDED_AT_ONCE);
            }
        });
    });
    stop
}
