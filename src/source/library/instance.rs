//! Effect: an opened instance of an adapter in this process.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use abgleich_plugin::abi::{ABI_MAJOR, ABI_MINOR, Bytes, Host, STATUS_REPLIED};

use super::Library;
use crate::source::channel::{CallError, Cancel, Peer};

/// The greatest reply that is taken, in bytes. Requests are cut so that sound adapters stay far below.
const LARGEST_REPLY: usize = 64 << 20;

/// What the host's functions find behind their context pointer. It lives until the instance is closed.
struct Context {
    adapter: String,
    cancelled: AtomicBool,
}

/// An opened instance. All its calls are made by the thread that opened it; only `cancel` comes from another one.
pub(in crate::source) struct Instance {
    library: &'static Library,
    raw: *mut c_void,
    /// The same pointer for `cancel`; emptied before the instance is closed.
    open: Arc<Mutex<Option<Raw>>>,
    context: Arc<Context>,
    /// Handed to the plugin, which may use it until `close` returns.
    _host: Box<Host>,
}

/// The pointer of an instance on its way to `cancel`.
struct Raw(*mut c_void);

// SAFETY: the header says that `cancel` may be called from any thread; nothing else is done with this pointer.
unsafe impl Send for Raw {}

impl Instance {
    /// Opens an instance. Returns the reply, and the instance unless the reply is an error.
    pub(in crate::source) fn open(
        library: &'static Library,
        config: &[u8],
    ) -> Result<(Option<Self>, Vec<u8>), CallError> {
        let context =
            Arc::new(Context { adapter: library.name.clone(), cancelled: AtomicBool::new(false) });
        let host = Box::new(Host {
            struct_size: u32::try_from(size_of::<Host>()).unwrap_or(u32::MAX),
            abi_major: ABI_MAJOR,
            abi_minor: ABI_MINOR,
            context: Arc::as_ptr(&context).cast_mut().cast(),
            log: Some(log),
            cancelled: Some(cancelled),
        });
        let mut raw = std::ptr::null_mut();
        let mut reply = Bytes::NONE;
        // SAFETY: the table was checked; host table and context live as long as the instance; the other pointers lead to
        // places on this stack.
        let status = unsafe {
            (library.table.open)(
                &raw const *host,
                config.as_ptr(),
                config.len(),
                &raw mut raw,
                &raw mut reply,
            )
        };
        let instance = (!raw.is_null()).then(|| Self {
            library,
            raw,
            open: Arc::new(Mutex::new(Some(Raw(raw)))),
            context,
            _host: host,
        });
        // SAFETY: `open` has just filled status and reply.
        let reply = unsafe { take(library, status, reply) }?;
        Ok((instance, reply))
    }

    /// Returns what asks the running call to end; it may be kept longer than the instance.
    pub(in crate::source) fn cancel(&self) -> Cancel {
        let open = Arc::clone(&self.open);
        let context = Arc::clone(&self.context);
        let cancel = self.library.table.cancel;
        Arc::new(move || {
            context.cancelled.store(true, Ordering::Relaxed);
            let open = open.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Some(cancel), Some(raw)) = (cancel, open.as_ref()) {
                // SAFETY: the instance is not closed while the lock is held, and `cancel` may come from any thread.
                unsafe { cancel(raw.0) }
            }
        })
    }
}

impl Peer for Instance {
    fn call(&mut self, request: &[u8]) -> Result<Vec<u8>, CallError> {
        self.context.cancelled.store(false, Ordering::Relaxed);
        // SAFETY: the instance is open, and calls come one after the other because this takes `&mut self`.
        unsafe { ask(self.library, self.raw, request) }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
        // SAFETY: the pointer came from `open` and is closed once; no call is running, and none can be cancelled any more.
        unsafe { (self.library.table.close)(self.raw) }
    }
}

/// Makes a request that needs no instance.
pub(in crate::source) fn ask_unopened(
    library: &'static Library,
    request: &[u8],
) -> Result<Vec<u8>, CallError> {
    // SAFETY: the header allows a null instance.
    unsafe { ask(library, std::ptr::null_mut(), request) }
}

/// # Safety
///
/// `raw` is null or an open instance of the library on which no other call is running.
unsafe fn ask(library: &Library, raw: *mut c_void, request: &[u8]) -> Result<Vec<u8>, CallError> {
    let mut reply = Bytes::NONE;
    // SAFETY: the table was checked, the caller vouches for the instance, the rest leads to live memory.
    let status =
        unsafe { (library.table.call)(raw, request.as_ptr(), request.len(), &raw mut reply) };
    // SAFETY: `call` has just filled status and reply.
    unsafe { take(library, status, reply) }
}

/// Copies a reply and gives the plugin its bytes back.
///
/// # Safety
///
/// `status` and `reply` come from a call of this library, and the reply was not taken before.
unsafe fn take(library: &Library, status: i32, reply: Bytes) -> Result<Vec<u8>, CallError> {
    if status != STATUS_REPLIED {
        return Err(CallError::Status(status));
    }
    if reply.data.is_null() {
        return Err(CallError::NullReply);
    }
    let copy = if reply.len > LARGEST_REPLY {
        Err(CallError::HugeReply(reply.len))
    } else {
        // SAFETY: the plugin vouches for pointer and length until they are given back.
        Ok(unsafe { std::slice::from_raw_parts(reply.data, reply.len) }.to_vec())
    };
    // SAFETY: pointer and length are the plugin's own, given back once.
    unsafe { (library.table.free_bytes)(reply.data, reply.len) };
    copy
}

unsafe extern "C" fn log(context: *mut c_void, level: i32, text: *const u8, len: usize) {
    if context.is_null() || text.is_null() {
        return;
    }
    // SAFETY: the context is the one given to `open`, which lives until the instance is closed.
    let context = unsafe { &*context.cast::<Context>() };
    // A line of a log has no business being longer.
    let len = len.min(8 << 10);
    // SAFETY: the plugin vouches for the text during the call.
    let text = unsafe { std::slice::from_raw_parts(text, len) };
    let text = String::from_utf8_lossy(text);
    let adapter = context.adapter.as_str();
    // A subscriber that panics must not unwind into the plugin.
    let _ = catch_unwind(AssertUnwindSafe(|| match level {
        1 => tracing::error!(adapter, "{text}"),
        2 => tracing::warn!(adapter, "{text}"),
        3 => tracing::info!(adapter, "{text}"),
        4 => tracing::debug!(adapter, "{text}"),
        _ => tracing::trace!(adapter, "{text}"),
    }));
}

unsafe extern "C" fn cancelled(context: *mut c_void) -> i32 {
    if context.is_null() {
        return 0;
    }
    // SAFETY: the context is the one given to `open`, which lives until the instance is closed.
    let context = unsafe { &*context.cast::<Context>() };
    i32::from(context.cancelled.load(Ordering::Relaxed))
}
