//! Effect: the edge between an adapter in safe Rust and the C interface. No panic crosses it.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::abi;
use crate::adapter::{Adapter, answer, answer_unopened, encode, guarded};
use crate::host::{Host, Level};
use crate::messages::{AdapterError, Done, ErrorKind, OpenConfig};

/// What the opaque instance pointer leads to. `cancel` comes from another thread while a call is running, so that everything
/// here is reached through a shared reference.
struct Instance<A> {
    adapter: Mutex<Option<A>>,
    cancelled: Arc<AtomicBool>,
    interrupt: Option<Box<dyn Fn() + Send + Sync>>,
}

/// A copy of the host's table. The header promises that it is valid until `close` returns, and callable from any thread.
struct HostTable(abi::Host);

// SAFETY: the header demands of the host that `log` and `cancelled` may be called from any thread.
unsafe impl Send for HostTable {}
// SAFETY: as above; nothing in the copy is ever changed.
unsafe impl Sync for HostTable {}

impl HostTable {
    fn log(&self, level: Level, text: &str) {
        if let Some(log) = self.0.log {
            // SAFETY: the text outlives the call, and the context is the host's own.
            unsafe { log(self.0.context, level.number(), text.as_ptr(), text.len()) }
        }
    }

    fn cancelled(&self) -> bool {
        // SAFETY: the context is the host's own.
        self.0.cancelled.is_some_and(|cancelled| unsafe { cancelled(self.0.context) } != 0)
    }
}

/// Opens an instance of `A`; the function behind [`abi::Table::open`].
///
/// # Safety
///
/// As the header says: `host` leads to a host table, `config` to `config_len` bytes, `instance` and `reply` to places that
/// may be written.
pub unsafe extern "C" fn open<A: Adapter>(
    host: *const abi::Host,
    config: *const u8,
    config_len: usize,
    instance: *mut *mut c_void,
    reply: *mut abi::Bytes,
) -> i32 {
    if host.is_null() || instance.is_null() || reply.is_null() {
        return abi::STATUS_FAILED;
    }
    // SAFETY: the host table is valid until `close` returns, says the header.
    let host = unsafe { *host };
    // SAFETY: the host passes a pointer to as many bytes as it says.
    let config = unsafe { bytes(config, config_len) };
    let opened = guarded(|| open_instance::<A>(host, config)).and_then(|opened| opened);
    let answer = match opened {
        Ok(live) => {
            // SAFETY: the place may be written; it is not null.
            unsafe { instance.write(Box::into_raw(Box::new(live)).cast()) };
            encode(Ok(Done {}))
        }
        Err(error) => encode::<Done>(Err(error)),
    };
    // SAFETY: the place may be written; it is not null.
    unsafe { reply.write(give(answer)) };
    abi::STATUS_REPLIED
}

fn open_instance<A: Adapter>(host: abi::Host, config: &[u8]) -> Result<Instance<A>, AdapterError> {
    let config: OpenConfig = serde_json::from_slice(config).map_err(|error| {
        AdapterError::new(ErrorKind::Internal, format!("unreadable configuration: {error}"))
    })?;
    let table = Arc::new(HostTable(host));
    let asked = Arc::clone(&table);
    let cancelled = Arc::new(AtomicBool::new(false));
    let host = Host::new(
        Arc::new(move |level, text| table.log(level, text)),
        Arc::new(move || asked.cancelled()),
        Arc::clone(&cancelled),
    );
    let adapter = A::open(config, host)?;
    let interrupt = adapter.canceller();
    Ok(Instance { adapter: Mutex::new(Some(adapter)), cancelled, interrupt })
}

/// Answers a request; the function behind [`abi::Table::call`].
///
/// # Safety
///
/// As the header says: `instance` is null or came from [`open`] and was not closed, `request` leads to `request_len` bytes,
/// `reply` to a place that may be written. Calls on one instance come one after the other.
pub unsafe extern "C" fn call<A: Adapter>(
    instance: *mut c_void,
    request: *const u8,
    request_len: usize,
    reply: *mut abi::Bytes,
) -> i32 {
    if reply.is_null() {
        return abi::STATUS_FAILED;
    }
    // SAFETY: the host passes a pointer to as many bytes as it says.
    let request = unsafe { bytes(request, request_len) };
    let bytes = if instance.is_null() {
        answer_unopened::<A>(request)
    } else {
        // SAFETY: the pointer came from `open` and is not closed while a call is running, says the header.
        let live = unsafe { &*instance.cast::<Instance<A>>() };
        live.cancelled.store(false, Ordering::Relaxed);
        let mut adapter = live.adapter.lock().unwrap_or_else(PoisonError::into_inner);
        answer(&mut adapter, request).0
    };
    // SAFETY: the place may be written; it is not null.
    unsafe { reply.write(give(bytes)) };
    abi::STATUS_REPLIED
}

/// Asks the running call to end; the function behind [`abi::Table::cancel`].
///
/// # Safety
///
/// As the header says: `instance` came from [`open`] and was not closed.
pub unsafe extern "C" fn cancel<A: Adapter>(instance: *mut c_void) {
    if instance.is_null() {
        return;
    }
    // SAFETY: the pointer came from `open` and is not closed while `cancel` is running, says the header.
    let live = unsafe { &*instance.cast::<Instance<A>>() };
    live.cancelled.store(true, Ordering::Relaxed);
    if let Some(interrupt) = &live.interrupt {
        // An interrupt that panics has nobody to tell.
        let _ = guarded(interrupt);
    }
}

/// Gives back the bytes of a reply; the function behind [`abi::Table::free_bytes`].
///
/// # Safety
///
/// As the header says: pointer and length are those of a reply, and are given back once.
pub unsafe extern "C" fn free_bytes(data: *mut u8, len: usize) {
    if !data.is_null() {
        let slice = std::ptr::slice_from_raw_parts_mut(data, len);
        // SAFETY: `give` made pointer and length from a boxed slice.
        drop(unsafe { Box::from_raw(slice) });
    }
}

/// Ends an instance; the function behind [`abi::Table::close`].
///
/// # Safety
///
/// As the header says: `instance` came from [`open`], is closed once, and no call is running.
pub unsafe extern "C" fn close<A: Adapter>(instance: *mut c_void) {
    if !instance.is_null() {
        // SAFETY: `open` made the pointer from a box of this type.
        let live = unsafe { Box::from_raw(instance.cast::<Instance<A>>()) };
        // A destructor that panics has nobody to tell.
        let _ = guarded(|| drop(live));
    }
}

fn give(bytes: Vec<u8>) -> abi::Bytes {
    let boxed = bytes.into_boxed_slice();
    let len = boxed.len();
    abi::Bytes { data: Box::into_raw(boxed).cast(), len }
}

/// # Safety
///
/// `data` is null, or leads to `len` bytes that stay as they are as long as the result is used.
unsafe fn bytes<'a>(data: *const u8, len: usize) -> &'a [u8] {
    if data.is_null() {
        return &[];
    }
    // SAFETY: the caller vouches for it.
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// Exports an [`Adapter`] as the library's one symbol.
///
/// ```ignore
/// abgleich_plugin::export!(Crm, name: "crm", version: env!("CARGO_PKG_VERSION"), vendor: "Example GmbH");
/// ```
#[macro_export]
macro_rules! export {
    ($adapter:ty, name: $name:expr, version: $version:expr, vendor: $vendor:expr $(,)?) => {
        /// Returns the adapter's constant table; `plugins/include/abgleich_plugin.h` says what abgleich does with it.
        #[allow(unsafe_code)]
        // SAFETY: the header reserves this name for the one symbol that an adapter exports.
        #[unsafe(no_mangle)]
        pub extern "C" fn abgleich_adapter_v1() -> *const $crate::abi::Table {
            use $crate::{abi, ffi};
            static TABLE: abi::StaticTable = abi::StaticTable(abi::Table {
                header: abi::Header {
                    // The table has a dozen words; its size fits.
                    #[allow(clippy::cast_possible_truncation)]
                    struct_size: ::std::mem::size_of::<abi::Table>() as u32,
                    abi_major: abi::ABI_MAJOR,
                    abi_minor: abi::ABI_MINOR,
                    magic: abi::MAGIC,
                },
                name: concat!($name, "\0").as_ptr().cast(),
                version: concat!($version, "\0").as_ptr().cast(),
                vendor: concat!($vendor, "\0").as_ptr().cast(),
                open: Some(ffi::open::<$adapter>),
                call: Some(ffi::call::<$adapter>),
                cancel: Some(ffi::cancel::<$adapter>),
                free_bytes: Some(ffi::free_bytes),
                close: Some(ffi::close::<$adapter>),
            });
            &TABLE.0
        }
    };
}
