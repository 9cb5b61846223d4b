//! The codes with which Exchange answers (pure).

use std::fmt;
use std::time::Duration;

use crate::ews::error::ErrorKind;

macro_rules! codes {
    ($($name:ident => $kind:ident),+ $(,)?) => {
        /// A code of `m:ResponseCodeType`. Those that change what we do have a variant; any other,
        /// and whatever a server invents, is [`ResponseCode::Other`].
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum ResponseCode {
            $(#[doc = concat!("`", stringify!($name), "`")] $name,)+
            /// A code without a variant of its own, as sent.
            Other(Box<str>),
        }

        impl ResponseCode {
            /// Reads a code; white space around it does not count.
            pub fn parse(text: &str) -> Self {
                match text.trim() {
                    $(stringify!($name) => Self::$name,)+
                    other => Self::Other(other.into()),
                }
            }

            /// Returns the code as sent.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => stringify!($name),)+
                    Self::Other(other) => other,
                }
            }

            fn class(&self) -> Class {
                match self {
                    $(Self::$name => Class::$kind,)+
                    Self::Other(_) => Class::Malformed,
                }
            }
        }
    };
}

/// What the caller can do about a code, without the waiting time that only the answer knows.
#[derive(Clone, Copy)]
enum Class {
    Transient,
    Conflict,
    Gone,
    Denied,
    Unsupported,
    Malformed,
}

codes! {
    NoError => Malformed,
    ErrorServerBusy => Transient,
    ErrorTimeoutExpired => Transient,
    ErrorExceededConnectionCount => Transient,
    ErrorTooManyObjectsOpened => Transient,
    ErrorInternalServerTransientError => Transient,
    ErrorInternalServerError => Transient,
    ErrorMailboxStoreUnavailable => Transient,
    ErrorMailboxMoveInProgress => Transient,
    ErrorMailboxFailover => Transient,
    ErrorConnectionFailed => Transient,
    ErrorADUnavailable => Transient,
    ErrorADOperation => Transient,
    ErrorInsufficientResources => Transient,
    ErrorBatchProcessingStopped => Transient,
    ErrorNotEnoughMemory => Transient,
    ErrorIrresolvableConflict => Conflict,
    ErrorStaleObject => Conflict,
    ErrorChangeKeyRequired => Conflict,
    ErrorChangeKeyRequiredForWriteOperations => Conflict,
    ErrorInvalidChangeKey => Conflict,
    ErrorFolderExists => Conflict,
    ErrorObjectTypeChanged => Conflict,
    ErrorItemNotFound => Gone,
    ErrorFolderNotFound => Gone,
    ErrorSyncFolderNotFound => Gone,
    ErrorNameResolutionNoResults => Gone,
    ErrorParentFolderNotFound => Gone,
    ErrorCalendarOccurrenceIsDeletedFromRecurrence => Gone,
    ErrorInvalidSyncStateData => Gone,
    ErrorAccessDenied => Denied,
    ErrorImpersonateUserDenied => Denied,
    ErrorImpersonationDenied => Denied,
    ErrorImpersonationFailed => Denied,
    ErrorNonExistentMailbox => Denied,
    ErrorCannotFindUser => Denied,
    ErrorAccountDisabled => Denied,
    ErrorMailboxConfiguration => Denied,
    ErrorNonPrimarySmtpAddress => Denied,
    ErrorClientIntentNotFound => Denied,
    ErrorQuotaExceeded => Denied,
    ErrorCreateItemAccessDenied => Denied,
    ErrorDeleteItemAccessDenied => Denied,
    ErrorUserNotAllowedByPolicy => Denied,
    ErrorOrganizationAccessBlocked => Denied,
    ErrorMessagePerFolderCountReceiveQuotaExceeded => Denied,
    ErrorProxyServiceDiscoveryFailed => Denied,
    ErrorNoApplicableProxyCASServersAvailable => Denied,
    ErrorServiceDiscoveryFailed => Denied,
    ErrorCrossSiteRequest => Denied,
    ErrorPasswordExpired => Denied,
    ErrorPasswordChangeRequired => Denied,
    ErrorNoRespondingCASInDestinationSite => Transient,
    ErrorServiceUnavailable => Transient,
    ErrorMailboxLogonFailed => Transient,
    ErrorClientDisconnected => Transient,
    ErrorDataSourceOperation => Transient,
    ErrorProxyCallFailed => Transient,
    ErrorProxyRequestProcessingFailed => Transient,
    ErrorProxyTokenExpired => Transient,
    ErrorInvalidServerVersion => Unsupported,
    ErrorIncorrectSchemaVersion => Unsupported,
    ErrorInvalidSchemaVersionForMailboxVersion => Unsupported,
    ErrorInvalidRequest => Unsupported,
    ErrorUnsupportedPropertyDefinition => Unsupported,
    ErrorUnsupportedPathForQuery => Unsupported,
    ErrorInvalidRestriction => Unsupported,
    ErrorUnsupportedTypeForConversion => Unsupported,
    ErrorTimeZone => Unsupported,
    ErrorMessageSizeExceeded => Malformed,
    ErrorSchemaValidation => Malformed,
    ErrorInvalidIdMalformed => Malformed,
    ErrorInvalidId => Malformed,
    ErrorItemCorrupt => Malformed,
    ErrorCorruptData => Malformed,
    ErrorInvalidPropertySet => Malformed,
    ErrorInvalidPropertyRequest => Malformed,
    ErrorCannotDeleteObject => Denied,
    ErrorMoveCopyFailed => Malformed,
    ErrorItemSave => Malformed,
    ErrorItemSavePropertyError => Malformed,
    ErrorCalendarEndDateIsEarlierThanStartDate => Malformed,
    ErrorCalendarInvalidRecurrence => Malformed,
    ErrorExceededSubscriptionCount => Transient,
    ErrorSubscriptionNotFound => Gone,
    ErrorSubscriptionUnsubscribed => Gone,
    ErrorExpiredSubscription => Gone,
    ErrorInvalidSubscription => Gone,
    ErrorInvalidPullSubscriptionId => Gone,
    ErrorInvalidWatermark => Gone,
    ErrorMissedNotificationEvents => Gone,
    ErrorReadEventsFailed => Gone,
    ErrorProxyRequestNotAllowed => Gone,
    ErrorSubscriptionAccessDenied => Denied,
    ErrorSubscriptionDelegateAccessNotSupported => Unsupported,
    ErrorInvalidSubscriptionRequest => Unsupported,
}

impl ResponseCode {
    /// Returns what the caller can do; `wait` is the back-off that the answer asked for.
    pub fn kind(&self, wait: Option<Duration>) -> ErrorKind {
        match self.class() {
            Class::Transient => ErrorKind::Transient { retry_after: wait },
            Class::Conflict => ErrorKind::Conflict,
            Class::Gone => ErrorKind::Gone,
            Class::Denied => ErrorKind::Denied,
            Class::Unsupported => ErrorKind::Unsupported,
            Class::Malformed => ErrorKind::Malformed,
        }
    }

    /// Says whether the server or the mailbox is older than what the request asked for.
    pub fn asks_for_older(&self) -> bool {
        matches!(
            self,
            Self::ErrorInvalidServerVersion
                | Self::ErrorIncorrectSchemaVersion
                | Self::ErrorInvalidSchemaVersionForMailboxVersion
        )
    }

    /// Says whether the server asked for less: a smaller batch, fewer connections, more time.
    pub fn asks_for_less(&self) -> bool {
        matches!(
            self,
            Self::ErrorServerBusy
                | Self::ErrorTimeoutExpired
                | Self::ErrorExceededConnectionCount
                | Self::ErrorTooManyObjectsOpened
                | Self::ErrorInsufficientResources
                | Self::ErrorNotEnoughMemory
        )
    }

    /// Says whether a write that was answered so may have been carried out all the same: the server
    /// gave up while it was at work.
    pub fn leaves_doubt(&self) -> bool {
        matches!(
            self,
            Self::ErrorTimeoutExpired
                | Self::ErrorInternalServerError
                | Self::ErrorInternalServerTransientError
                | Self::ErrorConnectionFailed
                | Self::ErrorMailboxFailover
                | Self::ErrorClientDisconnected
                | Self::ErrorDataSourceOperation
                | Self::ErrorProxyCallFailed
                | Self::ErrorProxyRequestProcessingFailed
                | Self::Other(_)
        )
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_codes_are_data() {
        let code = ResponseCode::parse(" ErrorFromTheFuture\n");
        assert_eq!(code, ResponseCode::Other("ErrorFromTheFuture".into()));
        assert_eq!(code.kind(None), ErrorKind::Malformed);
        assert_eq!(code.to_string(), "ErrorFromTheFuture");
    }

    #[test]
    fn codes_say_what_to_do() {
        let wait = Some(Duration::from_millis(297_749));
        assert_eq!(
            ResponseCode::parse("ErrorServerBusy").kind(wait),
            ErrorKind::Transient { retry_after: wait }
        );
        assert_eq!(ResponseCode::ErrorIrresolvableConflict.kind(None), ErrorKind::Conflict);
        assert_eq!(ResponseCode::ErrorItemNotFound.kind(None), ErrorKind::Gone);
        assert!(ResponseCode::ErrorTimeoutExpired.leaves_doubt());
        assert!(!ResponseCode::ErrorServerBusy.leaves_doubt());
    }
}
