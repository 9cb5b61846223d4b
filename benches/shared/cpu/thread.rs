//! How long this thread has run. What Linux says in `/proc` is a tick behind, too much for a clock that is stopped every
//! millisecond.

/// Nanoseconds that this thread ran, the kernel's part included.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "the standard library does not ask the kernel for this")]
pub(crate) fn on_cpu() -> Option<u64> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel fills in the structure that it is given.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    let (seconds, rest) = (u64::try_from(time.tv_sec).ok()?, u64::try_from(time.tv_nsec).ok()?);
    (failed == 0).then_some(seconds * 1_000_000_000 + rest)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn on_cpu() -> Option<u64> {
    None
}
