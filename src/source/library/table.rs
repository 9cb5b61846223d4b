//! Effect: the table of an adapter, checked before any of its functions is called.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char};
use std::path::Path;

use abgleich_plugin::abi::{
    ABI_MAJOR, CallFn, CancelFn, CloseFn, EntryFn, FreeBytesFn, Header, MAGIC, OpenFn, SYMBOL,
    Table,
};

use super::error::LoadError;

/// An adapter's table in which everything that must be there is there.
#[derive(Clone, Copy)]
pub(super) struct Checked {
    table: Table,
    pub(super) open: OpenFn,
    pub(super) call: CallFn,
    pub(super) cancel: Option<CancelFn>,
    pub(super) free_bytes: FreeBytesFn,
    pub(super) close: CloseFn,
}

// SAFETY: the table is a constant of a library that is never unloaded, and the header says that its functions may be called
// from any thread.
unsafe impl Send for Checked {}
// SAFETY: as above.
unsafe impl Sync for Checked {}

impl Checked {
    /// Asks a library for its table and checks it. The library stays loaded for ever.
    pub(super) fn new(library: libloading::Library, path: &Path) -> Result<Self, LoadError> {
        // A library that has run its initialisers may have left threads or handlers behind, an adapter or not.
        let library = Box::leak(Box::new(library));
        // SAFETY: the header says what the symbol of this name is. A library that exports another function under it is
        // beyond what can be checked.
        let entry = unsafe { library.get::<EntryFn>(SYMBOL.as_bytes()) }
            .map_err(|_| LoadError::NoSymbol { path: path.to_path_buf() })?;
        // SAFETY: as above; the function takes nothing.
        let table = unsafe { entry() };
        // SAFETY: the header says that the function returns null or a table that begins with its header.
        unsafe { Self::check(table, path) }
    }

    /// # Safety
    ///
    /// `table` is null or leads to a [`Header`], followed by as many bytes as it says.
    unsafe fn check(table: *const Table, path: &Path) -> Result<Self, LoadError> {
        let path = path.to_path_buf();
        if table.is_null() {
            return Err(LoadError::NotAnAdapter { path });
        }
        // SAFETY: the caller vouches for the header; nothing beyond it is read yet.
        let header = unsafe { table.cast::<Header>().read_unaligned() };
        if header.magic != MAGIC {
            return Err(LoadError::NotAnAdapter { path });
        }
        if header.abi_major != ABI_MAJOR {
            return Err(LoadError::Abi { path, found: (header.abi_major, header.abi_minor) });
        }
        let expected = size_of::<Table>();
        if usize::try_from(header.struct_size).is_ok_and(|size| size < expected) {
            return Err(LoadError::TooSmall { path, found: header.struct_size, expected });
        }
        // SAFETY: the table is at least as long as ours; later minor versions only append.
        let table = unsafe { table.read_unaligned() };
        let lacks = |what| LoadError::Incomplete { path: path.clone(), what };
        Ok(Self {
            table,
            open: table.open.ok_or_else(|| lacks("`open`"))?,
            call: table.call.ok_or_else(|| lacks("`call`"))?,
            cancel: table.cancel,
            free_bytes: table.free_bytes.ok_or_else(|| lacks("`free_bytes`"))?,
            close: table.close.ok_or_else(|| lacks("`close`"))?,
        })
    }

    pub(super) const fn header(&self) -> Header {
        self.table.header
    }

    pub(super) fn name(&self, path: &Path) -> Result<String, LoadError> {
        text(self.table.name, "a readable name", path)
    }

    pub(super) fn version(&self, path: &Path) -> Result<String, LoadError> {
        text(self.table.version, "a readable version", path)
    }

    pub(super) fn vendor(&self, path: &Path) -> Result<String, LoadError> {
        text(self.table.vendor, "a readable vendor", path)
    }
}

fn text(pointer: *const c_char, what: &'static str, path: &Path) -> Result<String, LoadError> {
    let lacks = || LoadError::Incomplete { path: path.to_path_buf(), what };
    if pointer.is_null() {
        return Err(lacks());
    }
    // SAFETY: the header says that the texts of the table end with NUL and never change.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map(str::to_owned).map_err(|_| lacks())
}

#[cfg(test)]
mod tests {
    use super::Checked;
    use crate::source::library::LoadError;
    use abgleich_plugin::abi::{ABI_MAJOR, Header, MAGIC, Table};
    use std::path::Path;

    fn table() -> Table {
        Table {
            header: Header {
                struct_size: u32::try_from(size_of::<Table>()).unwrap(),
                abi_major: ABI_MAJOR,
                abi_minor: 0,
                magic: MAGIC,
            },
            name: c"n".as_ptr(),
            version: c"v".as_ptr(),
            vendor: std::ptr::null(),
            open: None,
            call: None,
            cancel: None,
            free_bytes: None,
            close: None,
        }
    }

    fn check(table: &Table) -> String {
        // SAFETY: the reference leads to a whole table.
        let result = unsafe { Checked::check(table, Path::new("x.dll")) };
        result.err().map(|error: LoadError| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn every_situation_has_its_own_message() {
        let mut wrong = table();
        wrong.header.magic = *b"SOMEBODY";
        assert!(check(&wrong).contains("is not an adapter's table"));
        let mut wrong = table();
        wrong.header.abi_major = 7;
        wrong.header.abi_minor = 3;
        assert!(check(&wrong).contains("speaks version 7.3"));
        let mut wrong = table();
        wrong.header.struct_size = 24;
        assert!(check(&wrong).contains("has 24 bytes"));
        assert!(check(&table()).contains("lacks `open`"));
        // SAFETY: null is allowed.
        let null = unsafe { Checked::check(std::ptr::null(), Path::new("x.dll")) };
        assert!(matches!(null, Err(LoadError::NotAnAdapter { .. })));
    }

    #[test]
    fn a_longer_table_of_a_later_minor_version_is_fine() {
        let mut later = table();
        later.header.struct_size += 64;
        later.header.abi_minor = 9;
        assert!(check(&later).contains("lacks `open`"), "the size is not the fault");
    }
}
