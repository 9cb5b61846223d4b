//! Shell: standard output. A reader that has seen enough and closes the pipe (`abgleich plan | head`) is no failure; the
//! standard macros would panic.

use std::fmt::Arguments;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Prints to standard output, as `print!` does.
macro_rules! text {
    ($($words:tt)+) => { $crate::cli::say::out(format_args!($($words)+)) };
}

/// Prints a line to standard output, as `println!` does.
macro_rules! line {
    ($($words:tt)+) => {
        $crate::cli::say::out(format_args!("{}\n", format_args!($($words)+)))
    };
}

pub(super) use {line, text};

/// Writes a line to standard error, as `eprintln!` does; where nobody reads it any more, it is lost. What is said on the way is
/// no reason to end.
pub(super) fn aside(words: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{words}");
}

/// Whether standard output did not take something that somebody may wait for.
static LOST: AtomicBool = AtomicBool::new(false);

/// Writes to standard output; that it cannot be written is said once on standard error, and counts for the exit code.
pub(super) fn out(words: Arguments<'_>) {
    long(|stdout| stdout.write_fmt(words));
}

/// The same for what is too long to be made first and written then.
pub(super) fn long(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    let mut stdout = BufWriter::new(io::stdout().lock());
    match write(&mut stdout).and_then(|()| stdout.flush()) {
        Err(error)
            if error.kind() != ErrorKind::BrokenPipe && !LOST.swap(true, Ordering::Relaxed) =>
        {
            aside(format_args!("standard output cannot be written: {error}"));
        }
        _ => {}
    }
}

/// Says whether something that was said is lost.
pub(crate) fn is_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}
