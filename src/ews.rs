//! Exchange Web Services, the protocol, usable alone (pure but for [`transport`], [`autodiscover`] and [`recorder`]).
//!
//! It turns typed requests into SOAP and answers back into typed values, and moves them over TLS.
//! It knows nothing of the model, the engine, the configuration or the command line. Facts about
//! servers stand beside the code that they shaped, with the server on which they were observed.
//!
//! An item is a bag of properties ([`Item`]): each has a path ([`Property`]) and a value
//! ([`Value`]), so that a mapping to another data model can be a table. Nothing in this module can
//! express a request that sends mail: guests never hear from us by construction.

pub mod auth;
pub mod autodiscover;
pub mod code;
pub mod datetime;
pub mod draft;
pub mod envelope;
pub mod error;
pub mod id;
pub mod item;
pub mod operation;
pub mod property;
pub mod recorder;
pub mod recurrence;
pub mod reply;
pub mod session;
pub mod transport;
pub mod value;
pub mod version;
pub mod xml;

pub use auth::{BindingMode, Gate, Login, LoginError, Password, Scheme, Ticket};
pub use code::ResponseCode;
pub use datetime::DateTime;
pub use draft::{FieldChange, ItemUpdate, NewItem, Unwritable, WritableKind};
pub use envelope::{Header, Impersonation, document};
pub use error::{
    ConnectError, ErrorKind, EwsError, Fault, ProxyProblem, Refusal, ReplyError, TlsProblem,
};
pub use id::{ChangeKey, FolderId, ItemId, SubscriptionId, SyncState, Watermark};
pub use item::{Item, ItemKind, Properties};
pub use operation::create_folder::{CreateFolder, FolderKind, NewFolder};
pub use operation::create_item::CreateItem;
pub use operation::delete_item::{DeleteItem, Disposal};
pub use operation::find_folder::FindFolder;
pub use operation::find_item::{FindItem, Restriction};
pub use operation::folder::{DistinguishedFolder, Folder, FolderRef, FolderRights};
pub use operation::get_events::{EventsPart, GetEvents};
pub use operation::get_folder::GetFolder;
pub use operation::get_item::GetItem;
pub use operation::get_streaming_events::{GetStreamingEvents, StreamPart};
pub use operation::resolve_names::{Resolution, ResolveNames};
pub use operation::subscribe::{Delivery, Subscribe, Subscribed};
pub use operation::sync_folder_items::{SyncFolderItems, SyncPart};
pub use operation::unsubscribe::Unsubscribe;
pub use operation::update_item::UpdateItem;
pub use operation::{FindPage, ItemRef, OccurrenceRef, Operation, Saved, Target};
pub use property::{
    AddressKey, AddressPart, DistinguishedSet, EmailKey, ExtendedField, ExtendedPath, ExtendedType,
    Field, Guid, ImKey, Indexed, PhoneKey, Property, PropertySet,
};
pub use recurrence::{
    DayOfWeek, DayOfWeekIndex, Month, Pattern, Range, Recurrence, RegenerationUnit,
};
pub use reply::{
    Arrival, Change, Event, EventKind, Notification, Reply, ReplyParser, StreamParser,
};
pub use session::{
    Backoff, BatchLimits, Batcher, Hint, Listener, StreamEnd, StreamGroup, StreamManner, StreamStep,
};
pub use transport::{
    Call, Certificate, Dialed, Endpoint, Lane, Listening, LoginFacts, Offer, Page, Passage,
    PlainHttp, Proxy, Settings, Timeouts, TlsFacts, Trust,
};
pub use value::{Attendee, Body, BodyType, CompleteName, EmailEntry, Mailbox, Occurrence, Value};
pub use version::{ServerVersion, ServerVersionInfo};
pub use xml::Limits;
