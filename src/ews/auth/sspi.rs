//! Logins by Windows itself: as the account that runs the program, or as another (effect; Windows only).
//!
//! Under the package Negotiate Windows falls back to NTLM when there is no Kerberos ticket. That
//! would be a weaker scheme than the one that is configured, so a token of NTLM is never sent.

use std::ffi::c_void;
use std::fmt;
use std::ptr;

use windows::Win32::Foundation::{
    SEC_E_LOGON_DENIED, SEC_E_NO_CREDENTIALS, SEC_E_OK, SEC_E_UNKNOWN_CREDENTIALS,
    SEC_I_CONTINUE_NEEDED,
};
use windows::Win32::Security::Authentication::Identity::{
    AcquireCredentialsHandleW, DeleteSecurityContext, FreeContextBuffer, FreeCredentialsHandle,
    ISC_REQ_ALLOCATE_MEMORY, ISC_REQ_MUTUAL_AUTH, ISC_RET_MUTUAL_AUTH, InitializeSecurityContextW,
    SEC_CHANNEL_BINDINGS, SECBUFFER_CHANNEL_BINDINGS, SECBUFFER_TOKEN, SECBUFFER_VERSION,
    SECPKG_CRED_OUTBOUND, SECURITY_NATIVE_DREP, SecBuffer, SecBufferDesc,
};
use windows::Win32::Security::Credentials::SecHandle;
use windows::Win32::System::Rpc::{SEC_WINNT_AUTH_IDENTITY_UNICODE, SEC_WINNT_AUTH_IDENTITY_W};
use windows::core::{HRESULT, HSTRING, PCWSTR};

use crate::ews::auth::binding::ChannelBinding;
use crate::ews::auth::error::LoginError;
use crate::ews::auth::mechanism::Token;
use crate::ews::auth::password::Password;

/// Which of Windows' packages speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Package {
    /// SPNEGO; only with Kerberos in it.
    Negotiate,
    /// NTLM.
    Ntlm,
}

impl Package {
    const fn name(self) -> &'static str {
        match self {
            Self::Negotiate => "Negotiate",
            Self::Ntlm => "NTLM",
        }
    }
}

/// One conversation with a server.
pub(super) struct Conversation {
    package: Package,
    service: String,
    target: HSTRING,
    binding: Option<Vec<u8>>,
    credential: SecHandle,
    context: Option<SecHandle>,
    flags: u32,
    complete: bool,
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Conversation({}, {})", self.package.name(), self.service)
    }
}

impl Conversation {
    /// Prepares a conversation; `identity` is another account than the one that runs the program.
    pub(super) fn begin(
        package: Package,
        identity: Option<(&str, &Password)>,
        host: &str,
        binding: Option<ChannelBinding>,
    ) -> Result<Self, LoginError> {
        let service = format!("HTTP/{host}");
        let target = HSTRING::from(service.as_str());
        let credential = acquire(package, identity).map_err(|status| explain(status, &service))?;
        let binding = binding.map(|binding| structure(binding.application_data()));
        let (context, flags, complete) = (None, 0, false);
        Ok(Self { package, service, target, binding, credential, context, flags, complete })
    }

    /// Says what comes next, given what the server said. Blocks on the domain controller.
    pub(super) fn step(&mut self, input: Option<&[u8]>) -> Result<Token, LoginError> {
        let bytes = self.advance(input).map_err(|status| explain(status, &self.service))?;
        let is_ntlm = bytes.windows(8).any(|window| window == b"NTLMSSP\0");
        if self.package == Package::Negotiate && is_ntlm {
            return Err(LoginError::NoKerberos { service: self.service.clone() });
        }
        // The first word of NTLM is answered by a challenge; Kerberos is through with one.
        let carries_body = self.package == Package::Negotiate || input.is_some();
        Ok(Token { bytes, carries_body })
    }

    /// Takes the server's last word; Kerberos must bring a proof of who the server is.
    pub(super) fn finish(&mut self, input: Option<&[u8]>) -> Result<(), LoginError> {
        if self.package == Package::Ntlm {
            return Ok(());
        }
        if !self.complete {
            let Some(input) = input else { return Err(LoginError::NotProven) };
            let more = self.advance(Some(input)).map_err(|_| LoginError::NotProven)?;
            if !more.is_empty() {
                return Err(LoginError::NotProven);
            }
        }
        let mutual = self.flags & ISC_RET_MUTUAL_AUTH != 0;
        if self.complete && mutual { Ok(()) } else { Err(LoginError::NotProven) }
    }

    fn advance(&mut self, input: Option<&[u8]>) -> Result<Vec<u8>, HRESULT> {
        let mut token = input.map(<[u8]>::to_vec);
        let mut incoming: Vec<SecBuffer> = Vec::new();
        if let Some(token) = &mut token {
            incoming.push(buffer(SECBUFFER_TOKEN, token)?);
        }
        if let Some(binding) = &mut self.binding {
            incoming.push(buffer(SECBUFFER_CHANNEL_BINDINGS, binding)?);
        }
        let incoming = SecBufferDesc {
            ulVersion: SECBUFFER_VERSION,
            // There are two at most.
            cBuffers: u32::try_from(incoming.len()).unwrap_or(0),
            pBuffers: incoming.as_mut_ptr(),
        };
        let mut outgoing =
            SecBuffer { cbBuffer: 0, BufferType: SECBUFFER_TOKEN, pvBuffer: ptr::null_mut() };
        let mut output = SecBufferDesc {
            ulVersion: SECBUFFER_VERSION,
            cBuffers: 1,
            pBuffers: &raw mut outgoing,
        };
        let mut context = self.context.unwrap_or_default();
        // SAFETY: all pointers lead to values that live until the call returns; the old context is
        // left out at the beginning and afterwards the one that Windows made. Windows allocates the
        // output, which `take` gives back.
        let status = unsafe {
            InitializeSecurityContextW(
                Some(&raw const self.credential),
                self.context.as_ref().map(ptr::from_ref),
                Some(self.target.as_ptr()),
                ISC_REQ_MUTUAL_AUTH | ISC_REQ_ALLOCATE_MEMORY,
                0,
                SECURITY_NATIVE_DREP,
                (incoming.cBuffers > 0).then_some(&raw const incoming),
                0,
                Some(&raw mut context),
                Some(&raw mut output),
                &raw mut self.flags,
                None,
            )
        };
        let bytes = take(&outgoing);
        if status.is_err() {
            return Err(status);
        }
        self.context = Some(context);
        // What would have to be completed by hand is Digest alone.
        self.complete = status != SEC_I_CONTINUE_NEEDED;
        Ok(bytes)
    }
}

// SAFETY: handles of SSPI may be used on any thread, one at a time, which the owner ensures.
unsafe impl Send for Conversation {}

impl Drop for Conversation {
    fn drop(&mut self) {
        // SAFETY: both handles are ours and are given back once. That it may fail helps nobody.
        unsafe {
            if let Some(context) = &self.context {
                let _ = DeleteSecurityContext(context);
            }
            let _ = FreeCredentialsHandle(&raw const self.credential);
        }
    }
}

fn acquire(package: Package, identity: Option<(&str, &Password)>) -> Result<SecHandle, HRESULT> {
    let package = HSTRING::from(package.name());
    let mut texts = identity.map(|(user, password)| {
        let (domain, user) = user.split_once('\\').unwrap_or(("", user));
        [user, domain, password.expose()].map(|text| text.encode_utf16().collect::<Vec<u16>>())
    });
    let identity = texts.as_mut().map(|[user, domain, password]| SEC_WINNT_AUTH_IDENTITY_W {
        User: user.as_mut_ptr(),
        UserLength: length(user),
        Domain: domain.as_mut_ptr(),
        DomainLength: length(domain),
        Password: password.as_mut_ptr(),
        PasswordLength: length(password),
        Flags: SEC_WINNT_AUTH_IDENTITY_UNICODE,
    });
    let mut credential = SecHandle::default();
    // SAFETY: all pointers lead to values that live until the call returns; Windows copies them.
    unsafe {
        AcquireCredentialsHandleW(
            PCWSTR::null(),
            &package,
            SECPKG_CRED_OUTBOUND,
            None,
            identity.as_ref().map(|identity| ptr::from_ref(identity).cast::<c_void>()),
            None,
            None,
            &raw mut credential,
            None,
        )
    }
    .map_err(|error| error.code())?;
    Ok(credential)
}

fn length(text: &[u16]) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

fn buffer(kind: u32, bytes: &mut [u8]) -> Result<SecBuffer, HRESULT> {
    let length = u32::try_from(bytes.len()).map_err(|_| SEC_E_LOGON_DENIED)?;
    Ok(SecBuffer { cbBuffer: length, BufferType: kind, pvBuffer: bytes.as_mut_ptr().cast() })
}

/// Copies what Windows wrote, and gives it back.
fn take(buffer: &SecBuffer) -> Vec<u8> {
    if buffer.pvBuffer.is_null() {
        return Vec::new();
    }
    let length = usize::try_from(buffer.cbBuffer).unwrap_or(0);
    // SAFETY: Windows filled the buffer with so many bytes, and it is given back once, below.
    let bytes =
        unsafe { std::slice::from_raw_parts(buffer.pvBuffer.cast::<u8>(), length) }.to_vec();
    // SAFETY: Windows allocated it (ISC_REQ_ALLOCATE_MEMORY), and nobody looks at it any more.
    let _ = unsafe { FreeContextBuffer(buffer.pvBuffer) };
    bytes
}

/// Writes `SEC_CHANNEL_BINDINGS`: a head that says where the application data is, and the data.
fn structure(application_data: &[u8]) -> Vec<u8> {
    const HEAD: usize = size_of::<SEC_CHANNEL_BINDINGS>();
    let length = u32::try_from(application_data.len()).unwrap_or(0);
    let mut bytes = vec![0; HEAD];
    // Eight numbers of four bytes; the last two are the length and the place of the data.
    for (place, value) in [(HEAD - 8, length), (HEAD - 4, u32::try_from(HEAD).unwrap_or(32))] {
        if let Some(place) = bytes.get_mut(place..place + 4) {
            place.copy_from_slice(&value.to_le_bytes());
        }
    }
    bytes.extend_from_slice(application_data);
    bytes
}

fn explain(status: HRESULT, service: &str) -> LoginError {
    let refused = [SEC_E_LOGON_DENIED, SEC_E_UNKNOWN_CREDENTIALS].contains(&status);
    let problem = match status {
        SEC_E_NO_CREDENTIALS => "this account has no credentials for it".to_owned(),
        SEC_E_OK => "there is no reason".to_owned(),
        other => windows::core::Error::from_hresult(other).to_string(),
    };
    LoginError::Ticket { service: service.to_owned(), problem, refused }
}
