//! The library's objects, each with an owner that gives it back (effect).

use std::ptr;
use std::sync::Arc;

use crate::ews::auth::binding::ChannelBinding;
use crate::ews::auth::gssapi::library::{CONTINUE, INDEFINITE, Library, MUTUAL, Status};
use crate::ews::auth::gssapi::value::{
    Bindings, Buffer, Handle, KERBEROS, Oid, PRINCIPAL, SPNEGO, USER_NAME,
};

/// `gss_name_t`.
#[derive(Debug)]
pub(super) struct Name {
    library: &'static Library,
    pub(super) handle: Handle,
}

// SAFETY: MIT's names are immutable once made, and may be used and released on any thread.
unsafe impl Send for Name {}

impl Name {
    /// Names the web service of a host as it is written. Named as a service of a host (`HTTP@host`) it would become what DNS, which
    /// anybody may answer, makes of it forwards and backwards; the realm is left open, so that the configuration or a referral says it.
    pub(super) fn service(library: &'static Library, host: &str) -> Result<Self, Status> {
        Self::import(library, &format!("HTTP/{host}@"), PRINCIPAL)
    }

    pub(super) fn user(library: &'static Library, name: &str) -> Result<Self, Status> {
        Self::import(library, name, USER_NAME)
    }

    fn import(library: &'static Library, name: &str, kind: &'static [u8]) -> Result<Self, Status> {
        let kind = Oid::of(kind);
        let mut buffer = Buffer::of(name.as_bytes());
        let (mut minor, mut handle) = (0, ptr::null_mut());
        // SAFETY: all pointers lead to values that live until the call returns; the library copies.
        let major = unsafe {
            (library.import_name)(&raw mut minor, &raw mut buffer, &raw const kind, &raw mut handle)
        };
        library.check(major, minor).map(|_| Self { library, handle })
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the name is ours and is released once.
        unsafe { (self.library.release_name)(&raw mut minor, &raw mut self.handle) };
    }
}

/// What an account logs in with, as the two mechanisms see it.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) spnego: Held,
    /// Kerberos by itself, to ask for reasons.
    pub(super) kerberos: Held,
}

/// `gss_cred_id_t`.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) library: &'static Library,
    pub(super) handle: Handle,
}

// SAFETY: MIT guards credentials with a lock of their own; they may be used by several threads at
// once and released on any.
unsafe impl Send for Held {}
// SAFETY: as above.
unsafe impl Sync for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the credential is ours, nobody uses it any more, and it is released once.
        unsafe { (self.library.release_credential)(&raw mut minor, &raw mut self.handle) };
    }
}

/// `gss_ctx_id_t`: what both sides have agreed on so far.
#[derive(Debug)]
pub(super) struct Security {
    library: &'static Library,
    credential: Arc<Credential>,
    target: Name,
    binding: Option<ChannelBinding>,
    handle: Handle,
    flags: u32,
    complete: bool,
}

// SAFETY: a context belongs to one owner, and MIT's may be used on another thread than the one that
// made it, as long as it is one at a time.
unsafe impl Send for Security {}

impl Security {
    pub(super) const fn new(
        library: &'static Library,
        credential: Arc<Credential>,
        target: Name,
        binding: Option<ChannelBinding>,
    ) -> Self {
        let handle = ptr::null_mut();
        Self { library, credential, target, binding, handle, flags: 0, complete: false }
    }

    /// Says whether nothing more is to be said.
    pub(super) const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Says whether the server proved who it is.
    pub(super) const fn is_mutual(&self) -> bool {
        self.flags & MUTUAL != 0
    }

    /// Takes what the other side said, and returns what to say; empty for nothing.
    pub(super) fn step(&mut self, input: Option<&[u8]>) -> Result<Vec<u8>, Status> {
        let (mut handle, first) = (self.handle, self.handle.is_null());
        let credential = Arc::clone(&self.credential);
        let outcome = self.initiate(&mut handle, &credential.spnego, SPNEGO, input);
        self.handle = handle;
        let (token, flags, complete) = match outcome {
            Ok(said) => said,
            // SPNEGO says only that there is no mechanism; Kerberos says why. It asks for a ticket
            // of the service once more, which costs no account its lock.
            Err(status) if first => {
                let mut handle = ptr::null_mut();
                let reason = self.initiate(&mut handle, &credential.kerberos, KERBEROS, None);
                self.delete(&mut handle);
                return Err(reason.err().unwrap_or(status));
            }
            Err(status) => return Err(status),
        };
        (self.flags, self.complete) = (flags, complete);
        Ok(token)
    }

    /// Says what is to be said, which flags hold, and whether nothing more is to be said.
    fn initiate(
        &self,
        handle: &mut Handle,
        credential: &Held,
        mechanism: &'static [u8],
        input: Option<&[u8]>,
    ) -> Result<(Vec<u8>, u32, bool), Status> {
        let mechanism = Oid::of(mechanism);
        let bindings =
            self.binding.as_ref().map(|binding| Bindings::of(binding.application_data()));
        let bindings = bindings.as_ref().map_or(ptr::null(), ptr::from_ref);
        let input = Buffer::of(input.unwrap_or_default());
        let mut output = Buffer::empty();
        let (mut minor, mut flags) = (0, 0);
        // SAFETY: all pointers lead to values that live until the call returns; the context is null
        // at first and afterwards the one that the library made. The output is released below.
        let major = unsafe {
            (self.library.init_context)(
                &raw mut minor,
                credential.handle,
                handle,
                self.target.handle,
                &raw const mechanism,
                MUTUAL,
                INDEFINITE,
                bindings,
                &raw const input,
                ptr::null_mut(),
                &raw mut output,
                &raw mut flags,
                ptr::null_mut(),
            )
        };
        let token = self.library.take(&mut output);
        let major = self.library.check(major, minor)?;
        Ok((token, flags, major & CONTINUE == 0))
    }

    fn delete(&self, handle: &mut Handle) {
        let mut minor = 0;
        // SAFETY: the context is ours, or null, and the call sets it to null, so that it is deleted
        // once; no token is asked for.
        unsafe { (self.library.delete_context)(&raw mut minor, handle, ptr::null_mut()) };
    }
}

impl Drop for Security {
    fn drop(&mut self) {
        let mut handle = self.handle;
        self.delete(&mut handle);
    }
}
