//! Memory for what is written in one piece (effect): in pieces as large as the system has them, since handing them to a disk costs it
//! something for each.

use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

/// Memory of a fixed length that begins with zeros. What is not touched is not taken from the system.
#[derive(Debug)]
pub(super) enum Pages {
    /// Straight from the system.
    Mapped(MmapMut),
    /// From the program's allocator.
    Allocated(Box<[u8]>),
}

impl Default for Pages {
    fn default() -> Self {
        Self::Allocated(Box::default())
    }
}

impl Pages {
    /// Asks for so many bytes.
    pub(super) fn of(length: usize) -> Self {
        let Ok(map) = MmapMut::map_anon(length) else {
            return Self::Allocated(vec![0; length].into_boxed_slice());
        };
        // Where it is not to be had, small pieces do as well.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Self::Mapped(map)
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Allocated(bytes) => bytes,
        }
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Allocated(bytes) => bytes,
        }
    }
}
