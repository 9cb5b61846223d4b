//! Pure: the tables of `plugins/include/abgleich_plugin.h` in Rust. The header is normative; a test compares the two.

use std::ffi::{c_char, c_void};

/// The name of the one symbol that a plugin exports.
pub const SYMBOL: &str = "abgleich_adapter_v1";

/// The major version of the interface; another one is refused.
pub const ABI_MAJOR: u16 = 1;

/// The minor version of the interface; it only ever appends.
pub const ABI_MINOR: u16 = 2;

/// Eight bytes that tell an adapter's table from whatever else a library may export under the same name.
pub const MAGIC: [u8; 8] = *b"ABGLEICH";

/// Status of `open` and `call`: the reply was filled.
pub const STATUS_REPLIED: i32 = 0;

/// Status of `open` and `call`: the plugin is in no state to write a reply.
pub const STATUS_FAILED: i32 = 1;

/// The beginning of the adapter's table, the same in every major version.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The size of the whole table in bytes, as the plugin was compiled.
    pub struct_size: u32,
    /// The major version of the interface that the plugin speaks.
    pub abi_major: u16,
    /// The minor version of the interface that the plugin speaks.
    pub abi_minor: u16,
    /// [`MAGIC`].
    pub magic: [u8; 8],
}

/// Bytes that the plugin has allocated; the host gives them back through `free_bytes`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    /// The first byte.
    pub data: *mut u8,
    /// How many there are.
    pub len: usize,
}

impl Bytes {
    /// No bytes at all.
    pub const NONE: Self = Self { data: std::ptr::null_mut(), len: 0 };
}

/// What the host offers to an instance. It is valid until `close` returns.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// The size of this table in bytes, as the host was compiled.
    pub struct_size: u32,
    /// The major version of the interface that the host speaks.
    pub abi_major: u16,
    /// The minor version of the interface that the host speaks.
    pub abi_minor: u16,
    /// Handed back to the functions below.
    pub context: *mut c_void,
    /// Takes a line for the log: context, level (1 error to 5 trace), UTF-8 text and its length.
    pub log: Option<unsafe extern "C" fn(*mut c_void, i32, *const u8, usize)>,
    /// Says whether the running call should come to an end: context; 0 means no.
    pub cancelled: Option<unsafe extern "C" fn(*mut c_void) -> i32>,
}

/// Opens an instance: host table, configuration and its length, where the instance goes, where the reply goes.
pub type OpenFn =
    unsafe extern "C" fn(*const Host, *const u8, usize, *mut *mut c_void, *mut Bytes) -> i32;

/// Answers a request: instance, request and its length, where the reply goes.
pub type CallFn = unsafe extern "C" fn(*mut c_void, *const u8, usize, *mut Bytes) -> i32;

/// Asks the running call of an instance to end.
pub type CancelFn = unsafe extern "C" fn(*mut c_void);

/// Gives back bytes.
pub type FreeBytesFn = unsafe extern "C" fn(*mut u8, usize);

/// Ends an instance.
pub type CloseFn = unsafe extern "C" fn(*mut c_void);

/// The adapter's table.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Sizes, versions, magic.
    pub header: Header,
    /// The adapter's name, NUL-terminated UTF-8.
    pub name: *const c_char,
    /// The adapter's version, NUL-terminated UTF-8.
    pub version: *const c_char,
    /// Who makes it, NUL-terminated UTF-8.
    pub vendor: *const c_char,
    /// Opens an instance.
    pub open: Option<OpenFn>,
    /// Answers a request.
    pub call: Option<CallFn>,
    /// Asks the running call to end; may be null.
    pub cancel: Option<CancelFn>,
    /// Gives back bytes.
    pub free_bytes: Option<FreeBytesFn>,
    /// Ends an instance.
    pub close: Option<CloseFn>,
}

/// The function behind [`SYMBOL`].
pub type EntryFn = unsafe extern "C" fn() -> *const Table;

/// A table that never changes and may be read from any thread.
#[repr(transparent)]
#[derive(Debug)]
pub struct StaticTable(pub Table);

// SAFETY: the table is constant, its pointers lead to constant text and to functions that may be called from any thread.
#[allow(unsafe_code)]
unsafe impl Sync for StaticTable {}
