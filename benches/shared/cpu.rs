//! CPU time of whole processes, as the kernel accounts for it in microseconds; `/proc` tells hundredths of a second.

#[cfg(unix)]
use libc::{RUSAGE_CHILDREN, RUSAGE_SELF};

#[cfg(not(unix))]
const RUSAGE_SELF: i32 = 0;
#[cfg(not(unix))]
const RUSAGE_CHILDREN: i32 = -1;

/// CPU seconds, in the program's own code and in the kernel for it. The kernel measures their sum, and splits it by what it found at
/// each of its ticks.
#[derive(Clone, Copy)]
pub(crate) struct Cpu {
    pub(crate) user: f64,
    pub(crate) kernel: f64,
}

impl Cpu {
    /// Returns what this process took so far, with all its threads.
    pub(crate) fn of_this_process() -> Self {
        Self::of(RUSAGE_SELF)
    }

    /// Returns what those of its children took that were waited for.
    pub(crate) fn of_children() -> Self {
        Self::of(RUSAGE_CHILDREN)
    }

    #[cfg(unix)]
    #[allow(unsafe_code, reason = "the standard library does not ask the kernel for this")]
    fn of(whom: libc::c_int) -> Self {
        let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
        // SAFETY: the kernel fills in the structure that it is given, of which every bit pattern is valid, zeros included.
        let usage = unsafe {
            assert_eq!(libc::getrusage(whom, usage.as_mut_ptr()), 0, "it is well asked");
            usage.assume_init()
        };
        let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
        Self { user: seconds(usage.ru_utime), kernel: seconds(usage.ru_stime) }
    }

    #[cfg(not(unix))]
    fn of(_: i32) -> Self {
        panic!("this benchmark asks for CPU times as Unix tells them");
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self { user: self.user - before.user, kernel: self.kernel - before.kernel }
    }

    pub(crate) fn whole(self) -> f64 {
        self.user + self.kernel
    }
}
