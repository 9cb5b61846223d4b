//! Tests (effect): how much memory a thread holds, counted by the allocator of this test program; for what damage may cost.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

#[global_allocator]
static COUNTING: Counting = Counting;

/// The system's allocator, with a count for each thread.
struct Counting;

thread_local! {
    /// The bytes that this thread holds, and the most that it held. What it frees for another thread is taken off here.
    static HELD: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

/// Runs something, and returns the most bytes that it held at once, beyond those that were held before.
pub(crate) fn most_held<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get().0;
    HELD.set((before, before));
    let done = work();
    (done, (HELD.get().1 - before).unsigned_abs())
}

fn note(given: usize, taken: usize) {
    // A thread that is about to end counts no more.
    let _ = HELD.try_with(|held| {
        let (now, most) = held.get();
        let now = now.saturating_add_unsigned(given);
        held.set((now.saturating_sub_unsigned(taken), most.max(now)));
    });
}

#[allow(unsafe_code, reason = "an allocator is unsafe by its nature")]
// SAFETY: all of it is the system's allocator, which is called with what was given; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: whoever calls keeps the rules of the trait, which are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Where it moves, both are there for a moment.
        note(size, layout.size());
        // SAFETY: as in `alloc`.
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        note(0, layout.size());
        // SAFETY: as in `alloc`.
        unsafe { System.dealloc(place, layout) }
    }
}
