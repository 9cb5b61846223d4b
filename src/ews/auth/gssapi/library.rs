//! The library itself, and its functions (effect).

use std::ffi::{CString, c_int};
use std::fmt;
use std::ptr;
use std::sync::OnceLock;
use std::time::Duration;

use crate::ews::auth::error::LoginError;
use crate::ews::auth::gssapi::object::{Credential, Held, Name};
use crate::ews::auth::gssapi::value::{
    Bindings, Buffer, Handle, KERBEROS, Oid, OidSet, SPNEGO, Store, StoreEntry,
};
use crate::ews::auth::login::Ticket;

type ImportName = unsafe extern "C" fn(*mut u32, *mut Buffer, *const Oid, *mut Handle) -> u32;
type ReleaseHandle = unsafe extern "C" fn(*mut u32, *mut Handle) -> u32;
type ReleaseBuffer = unsafe extern "C" fn(*mut u32, *mut Buffer) -> u32;
type AcquireFrom = unsafe extern "C" fn(
    *mut u32,
    Handle,
    u32,
    *const OidSet,
    c_int,
    *const Store,
    *mut Handle,
    *mut Handle,
    *mut u32,
) -> u32;
type AcquireWithPassword = unsafe extern "C" fn(
    *mut u32,
    Handle,
    *mut Buffer,
    u32,
    *const OidSet,
    c_int,
    *mut Handle,
    *mut Handle,
    *mut u32,
) -> u32;
type StoreInto = unsafe extern "C" fn(
    *mut u32,
    Handle,
    c_int,
    *const Oid,
    u32,
    u32,
    *const Store,
    *mut Handle,
    *mut c_int,
) -> u32;
type SetMechanisms = unsafe extern "C" fn(*mut u32, Handle, *const OidSet) -> u32;
type InitContext = unsafe extern "C" fn(
    *mut u32,
    Handle,
    *mut Handle,
    Handle,
    *const Oid,
    u32,
    u32,
    *const Bindings,
    *const Buffer,
    *mut Handle,
    *mut Buffer,
    *mut u32,
    *mut u32,
) -> u32;
type DeleteContext = unsafe extern "C" fn(*mut u32, *mut Handle, *mut Buffer) -> u32;
type DisplayStatus =
    unsafe extern "C" fn(*mut u32, u32, c_int, *const Oid, *mut u32, *mut Buffer) -> u32;

pub(super) const CONTINUE: u32 = 1;
/// `GSS_S_CALL…ERROR` and `GSS_S_ROUTINE…ERROR`; what is below them is no error.
const ERRORS: u32 = 0xffff_0000;
const INITIATE: c_int = 1;
pub(super) const MUTUAL: u32 = 2;
pub(super) const INDEFINITE: u32 = u32::MAX;

/// The functions of the library. It stays loaded until the program ends.
pub(super) struct Library {
    pub(super) import_name: ImportName,
    pub(super) release_name: ReleaseHandle,
    pub(super) release_credential: ReleaseHandle,
    release_buffer: ReleaseBuffer,
    acquire_from: AcquireFrom,
    acquire_with_password: AcquireWithPassword,
    store_into: StoreInto,
    set_mechanisms: SetMechanisms,
    pub(super) init_context: InitContext,
    pub(super) delete_context: DeleteContext,
    display_status: DisplayStatus,
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Library")
    }
}

const FILES: &[&str] = &["libgssapi_krb5.so.2", "libgssapi_krb5.dylib", "libgssapi_krb5.so"];

impl Library {
    /// Loads the library once.
    pub(super) fn load() -> Result<&'static Self, LoginError> {
        static LOADED: OnceLock<Result<Library, String>> = OnceLock::new();
        LOADED
            .get_or_init(Self::open)
            .as_ref()
            .map_err(|problem| LoginError::Library { problem: problem.clone() })
    }

    fn open() -> Result<Self, String> {
        let mut problem = String::new();
        let found = FILES.iter().find_map(|&file| {
            // SAFETY: the file is a system library, found by the loader in the system's own places;
            // its initialisers are those of MIT Kerberos, which any program may run.
            match unsafe { libloading::Library::new(file) } {
                Ok(library) => Some(library),
                Err(error) => {
                    problem = error.to_string();
                    None
                }
            }
        });
        let Some(library) = found else { return Err(problem) };
        // It must outlive the pointers to its functions, which live as long as the program.
        let library: &'static libloading::Library = Box::leak(Box::new(library));
        macro_rules! function {
            ($name:literal) => {{
                // SAFETY: the type is that of the function's declaration in gssapi.h and
                // gssapi_ext.h of MIT Kerberos, which has not changed since version 1.11.
                let symbol = unsafe { library.get($name) };
                *symbol.map_err(|error: libloading::Error| error.to_string())?
            }};
        }
        Ok(Self {
            import_name: function!(b"gss_import_name\0"),
            release_name: function!(b"gss_release_name\0"),
            release_credential: function!(b"gss_release_cred\0"),
            release_buffer: function!(b"gss_release_buffer\0"),
            acquire_from: function!(b"gss_acquire_cred_from\0"),
            acquire_with_password: function!(b"gss_acquire_cred_with_password\0"),
            store_into: function!(b"gss_store_cred_into\0"),
            set_mechanisms: function!(b"gss_set_neg_mechs\0"),
            init_context: function!(b"gss_init_sec_context\0"),
            delete_context: function!(b"gss_delete_sec_context\0"),
            display_status: function!(b"gss_display_status\0"),
        })
    }

    /// Fetches what a login needs, and how long it lasts. Blocks on the domain controller. What is
    /// fetched with a password or a key is kept in the cache in memory that has this name.
    pub(super) fn acquire(
        &'static self,
        ticket: &Ticket,
        service: &str,
        memory: &str,
    ) -> Result<(Credential, Duration), LoginError> {
        let text = |text: &str| {
            CString::new(text)
                .map_err(|_| LoginError::Unusable { problem: "it contains a zero byte" })
        };
        let failed = |status: Status| status.of_ticket(service);
        let user = match ticket {
            Ticket::Password { user, .. } | Ticket::Keytab { user: Some(user), .. } => {
                if user.contains('\\') {
                    return Err(LoginError::Unusable {
                        problem: "Kerberos needs `name@REALM.EXAMPLE`, not `DOMAIN\\name`",
                    });
                }
                Some(Name::user(self, user).map_err(failed)?)
            }
            Ticket::Keytab { user: None, .. } | Ticket::Present { .. } => None,
        };
        let cache = match ticket {
            Ticket::Present { cache } => cache.as_deref().map(text).transpose()?,
            Ticket::Password { .. } | Ticket::Keytab { .. } => Some(text(memory)?),
        };
        let mut entries: Vec<_> =
            cache.into_iter().map(|cache| (c"ccache".to_owned(), cache)).collect();
        // Kerberos is asked by itself first: SPNEGO swallows its reasons.
        let (kerberos, _) = match ticket {
            Ticket::Password { password, .. } => {
                let found = self.with_password(user.as_ref(), password.expose().as_bytes());
                let (kerberos, lifetime) = found.map_err(failed)?;
                self.keep(&kerberos, &entries).map_err(failed)?;
                (kerberos, lifetime)
            }
            Ticket::Keytab { file, .. } => {
                let file = file.to_str().ok_or(LoginError::Unusable {
                    problem: "the keytab's path is not written in UTF-8",
                })?;
                entries.push((c"client_keytab".to_owned(), text(&format!("FILE:{file}"))?));
                self.stored(KERBEROS, user.as_ref(), &entries).map_err(failed)?
            }
            Ticket::Present { .. } => self.stored(KERBEROS, None, &entries).map_err(failed)?,
        };
        let (spnego, lifetime) = self.stored(SPNEGO, user.as_ref(), &entries).map_err(failed)?;
        // SPNEGO may speak of Kerberos alone: a plug-in for NTLM must not slip in.
        let mechanism = Oid::of(KERBEROS);
        let set = OidSet { count: 1, elements: &raw const mechanism };
        let mut minor = 0;
        // SAFETY: the credential is alive, the set and its element live until the call returns.
        let major = unsafe { (self.set_mechanisms)(&raw mut minor, spnego.handle, &raw const set) };
        self.check(major, minor).map_err(failed)?;
        let lifetime = if lifetime == INDEFINITE { 3600 } else { lifetime };
        Ok((Credential { spnego, kerberos }, Duration::from_secs(lifetime.into())))
    }

    fn with_password(
        &'static self,
        user: Option<&Name>,
        password: &[u8],
    ) -> Result<(Held, u32), Status> {
        let mechanism = Oid::of(KERBEROS);
        let set = OidSet { count: 1, elements: &raw const mechanism };
        let mut password = Buffer::of(password);
        let (mut minor, mut handle, mut lifetime) = (0, ptr::null_mut(), 0);
        // SAFETY: all pointers lead to values that live until the call returns; the library copies
        // the password. The list of mechanisms that it would return is not asked for.
        let major = unsafe {
            (self.acquire_with_password)(
                &raw mut minor,
                user.map_or(ptr::null_mut(), |user| user.handle),
                &raw mut password,
                INDEFINITE,
                &raw const set,
                INITIATE,
                &raw mut handle,
                ptr::null_mut(),
                &raw mut lifetime,
            )
        };
        self.check(major, minor).map(|_| (Held { library: self, handle }, lifetime))
    }

    fn stored(
        &'static self,
        mechanism: &'static [u8],
        user: Option<&Name>,
        entries: &[(CString, CString)],
    ) -> Result<(Held, u32), Status> {
        let mechanism = Oid::of(mechanism);
        let set = OidSet { count: 1, elements: &raw const mechanism };
        let elements = elements_of(entries);
        let store = store_of(&elements);
        let store = if elements.is_empty() { ptr::null() } else { &raw const store };
        let (mut minor, mut handle, mut lifetime) = (0, ptr::null_mut(), 0);
        // SAFETY: all pointers lead to values that live until the call returns; without entries the
        // store is null, which means the usual places.
        let major = unsafe {
            (self.acquire_from)(
                &raw mut minor,
                user.map_or(ptr::null_mut(), |user| user.handle),
                INDEFINITE,
                &raw const set,
                INITIATE,
                store,
                &raw mut handle,
                ptr::null_mut(),
                &raw mut lifetime,
            )
        };
        self.check(major, minor).map(|_| (Held { library: self, handle }, lifetime))
    }

    /// Puts what was fetched into the cache of the entries.
    fn keep(&self, held: &Held, entries: &[(CString, CString)]) -> Result<(), Status> {
        let mechanism = Oid::of(KERBEROS);
        let elements = elements_of(entries);
        let store = store_of(&elements);
        let mut minor = 0;
        // SAFETY: all pointers lead to values that live until the call returns; what was stored is
        // not asked for. The cache is overwritten and does not become the default one.
        let major = unsafe {
            (self.store_into)(
                &raw mut minor,
                held.handle,
                INITIATE,
                &raw const mechanism,
                1,
                0,
                &raw const store,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        self.check(major, minor).map(|_| ())
    }

    pub(super) fn check(&self, major: u32, minor: u32) -> Result<u32, Status> {
        if major & ERRORS == 0 {
            return Ok(major);
        }
        // What the mechanism says is to the point; what GSSAPI says is often "unspecified failure".
        let (general, special) = (self.words(major, 1), self.words(minor, 2));
        let text = if special.is_empty() { general } else { special };
        Err(Status { minor, text })
    }

    /// Returns what the library says of a status, in words. Kind 1 is GSSAPI's, 2 the mechanism's.
    fn words(&self, status: u32, kind: c_int) -> String {
        let mechanism = Oid::of(KERBEROS);
        let (mut minor, mut more) = (0, 0);
        let mut buffer = Buffer::empty();
        // SAFETY: all pointers lead to values that live until the call returns.
        let major = unsafe {
            (self.display_status)(
                &raw mut minor,
                status,
                kind,
                &raw const mechanism,
                &raw mut more,
                &raw mut buffer,
            )
        };
        let text = String::from_utf8_lossy(&self.take(&mut buffer)).into_owned();
        if major & ERRORS == 0 && status != 0 { text } else { String::new() }
    }

    /// Copies what the library wrote, and gives it back.
    pub(super) fn take(&self, buffer: &mut Buffer) -> Vec<u8> {
        let bytes = if buffer.value.is_null() {
            Vec::new()
        } else {
            // SAFETY: the library filled the buffer with so many bytes and has not released it.
            unsafe { std::slice::from_raw_parts(buffer.value.cast::<u8>(), buffer.length) }.to_vec()
        };
        let mut minor = 0;
        // SAFETY: the buffer is the library's own, or empty, and is released once: the call empties
        // it.
        unsafe { (self.release_buffer)(&raw mut minor, buffer) };
        bytes
    }
}

fn elements_of(entries: &[(CString, CString)]) -> Vec<StoreEntry> {
    let entry =
        |(key, value): &(CString, CString)| StoreEntry { key: key.as_ptr(), value: value.as_ptr() };
    entries.iter().map(entry).collect()
}

fn store_of(elements: &[StoreEntry]) -> Store {
    // There are two at most.
    Store { count: u32::try_from(elements.len()).unwrap_or(0), elements: elements.as_ptr() }
}

/// Why a call failed.
#[derive(Debug)]
pub(super) struct Status {
    minor: u32,
    text: String,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What a domain controller says when it judged the account or its secret (RFC 4120, section 7.5.9;
/// MIT numbers them from -1765328384): client not found, client revoked, password expired, wrong
/// password twice (pre-authentication failed, decryption failed).
const REFUSALS: [i32; 5] =
    [-1_765_328_378, -1_765_328_366, -1_765_328_361, -1_765_328_360, -1_765_328_353];

impl Status {
    pub(super) fn of_ticket(self, service: &str) -> LoginError {
        let refused = REFUSALS.contains(&self.minor.cast_signed());
        LoginError::Ticket { service: service.to_owned(), problem: self.text, refused }
    }
}
