//! Shell: standard output. A reader that has seen enough and closes the pipe (`abgleich plan | head`) is no failure; the
//! standard macros would panic.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write as _};

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

/// Writes to standard output; what cannot be written is said on standard error.
pub(super) fn out(words: Arguments<'_>) {
    let mut stdout = io::stdout().lock();
    match stdout.write_fmt(words).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("standard output cannot be written: {error}");
        }
        _ => {}
    }
}
