//! Effect: the wire to a real server: one lane, driven from the engine's blocking thread.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::runtime::Handle;

use crate::ews::envelope::{Header, Impersonation};
use crate::ews::error::ReplyError;
use crate::ews::operation::Operation;
use crate::ews::reply::Arrival;
use crate::ews::transport::{Endpoint, Lane, Login, PlainHttp, Settings, Timeouts, Trust};
use crate::ews::xml::Writer;
use crate::ews::{EwsError, ResponseCode, ServerVersion, ServerVersionInfo};
use crate::mailbox::exchange::wire::{Patience, Wire};
use crate::mailbox::exchange::{ExchangeMailbox, Manner, failure};
use crate::mailbox::zones::Zone;
use crate::mailbox::{MailboxError, Stage};

/// How a server is reached; one for all its mailboxes.
#[derive(Debug)]
pub struct ExchangeServer {
    settings: Settings,
    runtime: Handle,
    patience: Patience,
}

/// What is needed to reach a server.
#[derive(Clone, Debug)]
pub struct ServerAccess {
    /// The URL, such as `https://mail.firma.example/EWS/Exchange.asmx`.
    pub url: String,
    /// Who logs in.
    pub login: Login,
    /// A PEM file with certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// How long connecting may take.
    pub connect_within: Duration,
    /// How long an answer may take to begin and to go on; a whole answer may take five times as long.
    pub reply_within: Duration,
    /// How long to go on after errors that pass.
    pub patience: Patience,
}

/// As whom a mailbox is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActAs {
    /// As its owner, by impersonation (ApplicationImpersonation).
    Owner(String),
    /// As a delegate of this address, with rights on its folders.
    DelegateOf(String),
    /// The login's own mailbox.
    Own,
}

impl ExchangeServer {
    /// Prepares the way to a server; nothing is sent yet. Reading the system's certificates takes a while: do it once.
    pub fn new(access: &ServerAccess, runtime: Handle) -> Result<Self, MailboxError> {
        let trust = match &access.ca_file {
            Some(file) => Trust::SystemAnd(file.clone()),
            None => Trust::System,
        };
        let timeouts = Timeouts {
            connect: access.connect_within,
            read: access.reply_within,
            total: access.reply_within * 5,
        };
        let settings = Endpoint::parse(&access.url, PlainHttp::Never)
            .and_then(|endpoint| Settings::new(endpoint, &access.login, &trust, timeouts))
            .map_err(|error| failure::of_error(EwsError::Connect(error), Stage::Network))?;
        Ok(Self { settings, runtime, patience: access.patience })
    }

    /// Makes the mailbox of a person; nothing is sent yet. Each has a lane of its own, because connections that act for
    /// different people must not be mixed.
    pub fn mailbox(&self, act_as: &ActAs, zone: Zone) -> ExchangeMailbox<LaneWire> {
        let mut header = Header::new(ServerVersion::V2013Sp1);
        let (delegate_for, address) = match act_as {
            ActAs::Owner(address) => {
                header.impersonate = Some(Impersonation::PrimarySmtpAddress(address.clone()));
                (None, Some(address.clone()))
            }
            ActAs::DelegateOf(address) => (Some(address.clone()), Some(address.clone())),
            ActAs::Own => (None, None),
        };
        let wire = LaneWire {
            lane: self.settings.lane(),
            header,
            agreed: false,
            server: None,
            rests_until: None,
            runtime: self.runtime.clone(),
        };
        ExchangeMailbox::new(wire, Manner { zone, delegate_for, address, patience: self.patience })
    }
}

/// A lane to a server.
#[derive(Debug)]
pub struct LaneWire {
    lane: Lane,
    header: Header,
    /// Whether the server has answered under this contract.
    agreed: bool,
    server: Option<ServerVersionInfo>,
    /// Until when the server wants to be left alone.
    rests_until: Option<Instant>,
    runtime: Handle,
}

impl LaneWire {
    /// Steps down to an older contract while no request has been understood yet. The mailbox may lie on an older server than
    /// the one that answers, so that this is found out for each mailbox (notes.md §1.0).
    fn steps_down(&mut self, error: &EwsError) -> bool {
        let too_new = matches!(
            error,
            EwsError::Fault(fault) if matches!(
                fault.code,
                ResponseCode::ErrorInvalidServerVersion
                    | ResponseCode::ErrorIncorrectSchemaVersion
                    | ResponseCode::ErrorInvalidSchemaVersionForMailboxVersion
            )
        );
        let older = match self.header.version {
            ServerVersion::V2016 => Some(ServerVersion::V2013Sp1),
            ServerVersion::V2013Sp1 => Some(ServerVersion::V2010Sp2),
            ServerVersion::V2013 | ServerVersion::V2010Sp2 => Some(ServerVersion::V2010Sp1),
            ServerVersion::V2010Sp1 => None,
        };
        match older {
            Some(older) if too_new && !self.agreed => {
                self.header.version = older;
                true
            }
            _ => false,
        }
    }
}

impl Wire for LaneWire {
    fn call<O: Operation>(
        &mut self,
        operation: &O,
        each: &mut dyn FnMut(O::Part),
    ) -> Result<(), EwsError> {
        let left = |until: Instant| until.checked_duration_since(Instant::now());
        if let Some(left) = self.rests_until.and_then(left).filter(|left| !left.is_zero()) {
            return Err(EwsError::Resting { left });
        }
        self.rests_until = None;
        let runtime = self.runtime.clone();
        loop {
            let outcome = runtime.block_on(async {
                let mut call = self.lane.call(Borrowed(operation), &self.header).await?;
                while let Some(part) = call.next().await? {
                    each(part);
                }
                Ok(call.server().cloned())
            });
            match outcome {
                Ok(server) => {
                    self.agreed = true;
                    self.server = server.or(self.server.take());
                    return Ok(());
                }
                Err(error) if self.steps_down(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn server(&self) -> Option<ServerVersionInfo> {
        self.server.clone()
    }

    fn clock(&self) -> Option<Timestamp> {
        self.lane.server_clock()
    }

    fn wait(&mut self, time: Duration) {
        // The engine's thread may block; a pause needs no runtime.
        std::thread::sleep(time);
    }

    fn rest(&mut self, time: Duration) {
        self.rests_until = Instant::now().checked_add(time);
    }
}

/// An operation that is only lent, because it may have to be sent again.
struct Borrowed<'a, O>(&'a O);

impl<O: Operation> Operation for Borrowed<'_, O> {
    const NAME: &'static str = O::NAME;
    const CHANGES: bool = O::CHANGES;
    type Part = O::Part;

    fn write(&self, xml: &mut Writer, version: ServerVersion) {
        self.0.write(xml, version);
    }

    fn messages(&self) -> usize {
        self.0.messages()
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        self.0.part(arrival)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::ews::operation::folder::DistinguishedFolder;
    use crate::ews::operation::get_folder::GetFolder;
    use crate::ews::transport::scripted::Scripted;

    #[test]
    fn nothing_is_sent_while_the_server_rests() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        let lane = Lane::scripted(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Scripted::Fail(EwsError::RequestTooLarge)
        });
        let mut wire = LaneWire {
            lane,
            header: Header::new(ServerVersion::V2013Sp1),
            agreed: false,
            server: None,
            rests_until: None,
            runtime: runtime.handle().clone(),
        };
        let operation = GetFolder { folders: vec![DistinguishedFolder::Tasks.into()] };
        wire.rest(Duration::from_hours(1));
        let error = wire.call(&operation, &mut |_| {}).unwrap_err();
        let EwsError::Resting { left } = &error else { panic!("{error}") };
        assert!(*left > Duration::from_mins(30) && *left <= Duration::from_hours(1));
        assert!(!error.ambiguous(), "a create that was not sent was not done");
        assert_eq!(sent.load(Ordering::Relaxed), 0);
        wire.rest(Duration::ZERO);
        assert!(matches!(wire.call(&operation, &mut |_| {}), Err(EwsError::RequestTooLarge)));
        assert_eq!(sent.load(Ordering::Relaxed), 1, "afterwards all is as before");
    }
}
