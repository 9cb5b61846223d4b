//! The structures of GSSAPI as C lays them out (pure; RFC 2744, MIT's `gssapi/gssapi_ext.h`).

use std::ffi::{c_char, c_void};
use std::ptr;

pub(super) type Handle = *mut c_void;

/// `gss_buffer_desc`.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) length: usize,
    pub(super) value: *mut c_void,
}

impl Buffer {
    pub(super) const fn empty() -> Self {
        Self { length: 0, value: ptr::null_mut() }
    }

    /// Points at bytes that the library only reads, and which must live as long.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { length: bytes.len(), value: bytes.as_ptr().cast_mut().cast() }
    }
}

/// `gss_OID_desc`.
#[repr(C)]
pub(super) struct Oid {
    length: u32,
    elements: *const u8,
}

impl Oid {
    pub(super) const fn of(bytes: &'static [u8]) -> Self {
        // The identifiers below have ten bytes at most.
        #[allow(clippy::cast_possible_truncation, reason = "a constant of a few bytes")]
        Self { length: bytes.len() as u32, elements: bytes.as_ptr() }
    }
}

/// Kerberos 5 (RFC 4121).
pub(super) const KERBEROS: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
/// SPNEGO (RFC 4178).
pub(super) const SPNEGO: &[u8] = b"\x2b\x06\x01\x05\x05\x02";
/// `GSS_C_NT_USER_NAME`.
pub(super) const USER_NAME: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x01";
/// `GSS_KRB5_NT_PRINCIPAL_NAME`: a name of Kerberos in full, which nobody looks up.
pub(super) const PRINCIPAL: &[u8] = b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01";

/// `gss_OID_set_desc`.
#[repr(C)]
pub(super) struct OidSet {
    pub(super) count: usize,
    pub(super) elements: *const Oid,
}

/// `struct gss_channel_bindings_struct`: only the application data is ever set.
#[repr(C)]
pub(super) struct Bindings {
    initiator_type: u32,
    initiator: Buffer,
    acceptor_type: u32,
    acceptor: Buffer,
    application_data: Buffer,
}

impl Bindings {
    pub(super) fn of(application_data: &[u8]) -> Self {
        Self {
            initiator_type: 0,
            initiator: Buffer::empty(),
            acceptor_type: 0,
            acceptor: Buffer::empty(),
            application_data: Buffer::of(application_data),
        }
    }
}

/// `gss_key_value_element_desc`.
#[repr(C)]
pub(super) struct StoreEntry {
    pub(super) key: *const c_char,
    pub(super) value: *const c_char,
}

/// `gss_key_value_set_desc`.
#[repr(C)]
pub(super) struct Store {
    pub(super) count: u32,
    pub(super) elements: *const StoreEntry,
}
