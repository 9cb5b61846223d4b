//! Effect: the wire to a real server: one lane, driven by the engine's own thread.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::ews::envelope::{Header, Impersonation};
use crate::ews::operation::Operation;
use crate::ews::session::{Hint, Listener};
use crate::ews::transport::{
    Dialed, Endpoint, Lane, Login, LoginFacts, Offer, Passage, PlainHttp, Settings, Timeouts,
    Trace, Trust,
};
use crate::ews::{
    EwsError, Fault, GetStreamingEvents, Refusal, ResponseCode, ServerVersion, ServerVersionInfo,
    StreamPart, SubscriptionId,
};
use crate::mailbox::exchange::contracts::Contracts;
use crate::mailbox::exchange::driver::Driver;
use crate::mailbox::exchange::folders::Whose;
use crate::mailbox::exchange::gate::SharedGate;
use crate::mailbox::exchange::homes::Homes;
use crate::mailbox::exchange::listen::{Ears, ListenManner};
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
    contracts: Contracts,
    homes: Homes,
    /// What its mailboxes share.
    gate: SharedGate,
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
    /// The SHA-256 of the only certificate to believe; wins over the file.
    pub pin: Option<[u8; 32]>,
    /// What else is special on the way.
    pub passage: Passage,
    /// How long connecting may take.
    pub connect_within: Duration,
    /// How long an answer may take to begin and to go on; a whole answer may take five times as long.
    pub reply_within: Duration,
    /// How long to go on after errors that pass.
    pub patience: Patience,
}

impl ServerAccess {
    /// Returns whose certificates are believed.
    pub fn trust(&self) -> Trust {
        match (self.pin, &self.ca_file) {
            (Some(pin), _) => Trust::Pinned(pin),
            (None, Some(file)) => Trust::SystemAnd(file.clone()),
            (None, None) => Trust::System,
        }
    }

    /// Returns how long to wait for what.
    pub fn timeouts(&self) -> Timeouts {
        Timeouts {
            connect: self.connect_within,
            read: self.reply_within,
            total: self.reply_within * 5,
        }
    }
}

/// As whom a mailbox is opened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActAs {
    /// As its owner, by impersonation (ApplicationImpersonation) of this primary address.
    Owner(String),
    /// As the owner of this address, by impersonation of a user principal name or a SID, which spares the server a look-up.
    OwnerBy {
        /// The address.
        address: String,
        /// Who is impersonated.
        person: Impersonation,
    },
    /// As a delegate of this address, with rights on its folders.
    DelegateOf(String),
    /// The login's own mailbox, which must be the one of this address.
    OwnOf(String),
    /// The login's own mailbox, whatever its address is.
    Own,
}

impl ExchangeServer {
    /// Prepares the way to a server; nothing is sent yet. Reading the system's certificates takes a while: do it once.
    pub fn new(access: &ServerAccess, runtime: Handle) -> Result<Self, MailboxError> {
        let settings = Endpoint::parse(&access.url, PlainHttp::Never)
            .and_then(|endpoint| {
                Settings::new(endpoint, &access.login, &access.trust(), access.timeouts())
            })
            .map(|settings| settings.through(&access.passage))
            .map_err(|error| failure::of_error(EwsError::Connect(error), Stage::Network))?;
        // A request needs a connection, so that more would only wait further on.
        let gate = SharedGate::new(settings.connections().unwrap_or(usize::MAX));
        Ok(Self {
            settings,
            runtime,
            patience: access.patience,
            contracts: Contracts::default(),
            homes: Homes::default(),
            gate,
        })
    }

    /// Returns the URL.
    pub fn url(&self) -> String {
        self.settings.endpoint().url()
    }

    /// Asks again from now on, however long the server wants to be left alone: an administrator says that it is well.
    pub fn hurry(&self) {
        self.gate.hurry();
    }

    /// Dials and asks what the server offers to somebody who has not logged in; no login is tried.
    ///
    /// # Errors
    ///
    /// The stage that failed.
    pub fn knock(&self) -> Result<(Option<Dialed>, Option<Offer>), MailboxError> {
        let mut lane = self.settings.lane();
        let known = self.runtime.block_on(async {
            let dialed = lane.connect().await?;
            let offer = lane.offer().await?;
            failure::of_offer(offer.as_ref()).map_or(Ok((dialed, offer)), Err)
        });
        known.map_err(|error| {
            failure::traced(failure::of_error(error, Stage::Network), lane.trace())
        })
    }

    /// Listens to what the server tells of mailboxes; see [`Ears`]. Nothing is sent before a mailbox is named.
    pub fn listen(
        &self,
        manner: ListenManner,
        hints: impl Fn(Listener, Hint) + Send + Sync + 'static,
    ) -> Ears {
        let Timeouts { connect, .. } = self.settings.timeouts();
        Ears::open(
            &self.settings,
            connect,
            self.homes.clone(),
            self.gate.clone(),
            manner,
            Box::new(hints),
            &self.runtime,
        )
    }

    /// Notes which mailboxes Autodiscover says may share a stream with this one.
    pub fn note_group(&self, who: &ActAs, group: Option<String>) {
        self.homes.note_group(who, group);
    }

    /// Returns where a mailbox lies, as far as that is known; those that lie in one place share streams. Blank where nothing is
    /// known.
    pub fn place_of(&self, who: &ActAs) -> String {
        self.homes.of(who).place().to_owned()
    }

    /// Makes the mailbox of a person; nothing is sent yet. Each has a lane of its own, because connections that act for
    /// different people must not be mixed.
    pub fn mailbox(&self, act_as: &ActAs, zone: Zone) -> ExchangeMailbox<LaneWire> {
        let begun = self.contracts.begin();
        let mut header = Header::new(begun);
        header.zone = zone.windows().map(str::to_owned);
        let (whose, address) = match act_as {
            ActAs::Owner(address) => {
                header.impersonate = Some(Impersonation::PrimarySmtpAddress(address.clone()));
                (Whose::Own, Some(address.clone()))
            }
            ActAs::OwnerBy { address, person } => {
                header.impersonate = Some(person.clone());
                (Whose::Own, Some(address.clone()))
            }
            ActAs::DelegateOf(address) => (Whose::Of(address.clone()), Some(address.clone())),
            ActAs::OwnOf(address) => (Whose::OwnOf(address.clone()), Some(address.clone())),
            ActAs::Own => (Whose::Own, None),
        };
        header.anchor.clone_from(&address);
        let wire = LaneWire {
            lane: self.settings.lane(),
            header,
            begun,
            agreed: false,
            older: false,
            contracts: self.contracts.clone(),
            server: None,
            exchange: false,
            gate: self.gate.clone(),
            budget: act_as.budget(),
            driver: Driver::new(self.settings.endpoint().authority()),
            home: Some((self.homes.clone(), act_as.clone())),
        };
        ExchangeMailbox::new(wire, Manner { zone, whose, address, patience: self.patience })
    }
}

impl ActAs {
    /// Names the budget of the server that requests are charged to. Without impersonation everything is charged to the login
    /// (notes.md §3.2 no. 18).
    pub(super) fn budget(&self) -> String {
        match self {
            Self::Owner(address) | Self::OwnerBy { address, .. } => address.to_lowercase(),
            Self::DelegateOf(_) | Self::OwnOf(_) | Self::Own => String::new(),
        }
    }
}

/// A lane to a server.
#[derive(Debug)]
pub struct LaneWire {
    lane: Lane,
    header: Header,
    /// The contract that was tried first.
    begun: ServerVersion,
    /// Whether the mailbox was opened under this contract.
    agreed: bool,
    /// Whether it is the mailbox that is older, not the server that answers for it.
    older: bool,
    /// What was agreed for the mailboxes of the server.
    contracts: Contracts,
    server: Option<ServerVersionInfo>,
    /// Whether an answer bore Exchange's own headers.
    exchange: bool,
    /// What all mailboxes of the server share.
    gate: SharedGate,
    /// Whose budget a request is charged to.
    budget: String,
    driver: Driver,
    /// Where to note on which back end the mailbox lies.
    home: Option<(Homes, ActAs)>,
}

impl LaneWire {
    /// Returns how the login went; `None` before the first answer.
    pub(super) fn login(&self) -> Option<LoginFacts> {
        self.lane.login_facts()
    }

    /// Opens a stream of events and gives it up with its first word.
    ///
    /// # Errors
    ///
    /// Where that does not come in time, or is a refusal.
    pub(super) fn first_word(
        &mut self,
        subscription: SubscriptionId,
        within: Duration,
    ) -> Result<(), EwsError> {
        let gate = self.gate.clone();
        let _pass = gate.enter(&self.budget)?;
        let operation = GetStreamingEvents { subscriptions: vec![subscription], minutes: 1 };
        let Self { lane, header, driver, .. } = self;
        let first = async {
            let mut stream = lane.listen(operation, header).await?;
            match stream.next().await? {
                Some(StreamPart::Message {
                    refusal: Some(Refusal { code, text, details }),
                    ..
                }) => Err(EwsError::Fault(Fault { code, text, details })),
                Some(_) => Ok(()),
                None => {
                    Err(EwsError::Lost { problem: "the stream ended without a word".to_owned() })
                }
            }
        };
        let late = Err(EwsError::TimedOut { waited: within });
        driver.wait(async { timeout(within, first).await.unwrap_or(late) })
    }

    /// Asks for less of the protocol, while nothing was agreed yet.
    fn ask_for_less(&mut self) -> bool {
        match self.header.version.older() {
            Some(older) if !self.agreed => {
                self.header.version = older;
                true
            }
            _ => false,
        }
    }

    /// Says whether the server does not know the zone, which from now on is not named. It then tells times in UTC, which are read as
    /// well.
    fn knows_no_such_zone(&mut self, error: &EwsError) -> bool {
        matches!(error, EwsError::Fault(fault) if fault.code == ResponseCode::ErrorTimeZone)
            && self.header.zone.take().is_some()
    }

    /// Says whether a fault is how servers answer a contract that is newer than they, or than the mailbox's own server. One
    /// that does not know a word calls it a mistake (`ErrorInvalidRequest`, `ErrorSchemaValidation`; notes.md §1.0 and §3.3 no. 26).
    fn is_too_new(error: &EwsError) -> bool {
        matches!(
            error,
            EwsError::Fault(fault) if fault.code.asks_for_older()
                || matches!(
                    fault.code,
                    ResponseCode::ErrorInvalidRequest | ResponseCode::ErrorSchemaValidation
                )
        )
    }
}

impl Wire for LaneWire {
    fn call<O: Operation>(
        &mut self,
        operation: &O,
        each: &mut dyn FnMut(O::Part),
    ) -> Result<(), EwsError> {
        let gate = self.gate.clone();
        let _pass = gate.enter(&self.budget)?;
        loop {
            let Self { lane, header, driver, .. } = self;
            let outcome = driver.wait(lane.hand_out(operation, header, each));
            gate.learn(&self.budget, outcome.as_ref().map(|_| ()));
            match outcome {
                Ok(server) => {
                    self.server = server.or(self.server.take());
                    self.exchange |=
                        self.lane.trace().is_some_and(|trace| trace.is_from_exchange());
                    if let Some((homes, act_as)) = &self.home {
                        let (back_end, contract) = (self.lane.back_end(), self.header.version);
                        homes.note(act_as, back_end, contract, self.server.as_ref());
                    }
                    return Ok(());
                }
                Err(error) if Self::is_too_new(&error) && self.ask_for_less() => {}
                Err(error) if self.knows_no_such_zone(&error) => {}
                Err(error) => {
                    if error.is_led_astray() {
                        self.lane.lead_anew();
                    }
                    return Err(error);
                }
            }
        }
    }

    fn server(&self) -> Option<ServerVersionInfo> {
        self.server.clone()
    }

    fn is_exchange(&self) -> bool {
        self.exchange
    }

    fn clock(&self) -> Option<Timestamp> {
        self.lane.server_clock()
    }

    fn contract(&self) -> ServerVersion {
        self.header.version
    }

    fn trace(&self) -> Option<Trace> {
        self.lane.trace()
    }

    /// The mailbox may lie on an older server than the one that answers, so that the contract is found out for each mailbox
    /// (notes.md §1.0).
    fn step_down(&mut self) -> bool {
        let less = self.ask_for_less();
        self.older |= less;
        less
    }

    fn agree(&mut self) -> bool {
        if self.agreed {
            return true;
        }
        let version = self.header.version;
        let more = if self.older {
            // That says nothing of other mailboxes.
            None
        } else {
            self.contracts.settle(self.server.as_ref(), self.begun, version)
        };
        if let Some(more) = more {
            (self.begun, self.header.version) = (more, more);
            return false;
        }
        tracing::debug!(contract = version.name(), "the server agrees");
        self.agreed = true;
        true
    }

    fn wait(&mut self, time: Duration) {
        // The engine's thread may block; a pause needs no runtime.
        std::thread::sleep(time);
    }

    fn rest(&mut self, time: Duration) {
        self.gate.rest(&self.budget, time);
    }

    fn crowded(&mut self) {
        self.gate.crowded();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::ews::Fault;
    use crate::ews::operation::folder::DistinguishedFolder;
    use crate::ews::operation::get_folder::GetFolder;
    use crate::ews::transport::scripted::Scripted;

    fn wire(lane: Lane) -> LaneWire {
        LaneWire {
            lane,
            header: Header::new(ServerVersion::V2013Sp1),
            begun: ServerVersion::V2013Sp1,
            agreed: false,
            older: false,
            contracts: Contracts::default(),
            server: None,
            exchange: false,
            gate: SharedGate::new(1),
            budget: String::new(),
            driver: Driver::new("ex01:443".to_owned()),
            home: None,
        }
    }

    #[test]
    fn a_zone_that_the_server_does_not_know_is_named_no_more() {
        let refused = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&refused);
        let lane = Lane::scripted(move |request| {
            if !request.contains("<t:TimeZoneDefinition Id=\"Neuland Standard Time\"/>") {
                return Scripted::Fail(EwsError::RequestTooLarge);
            }
            count.fetch_add(1, Ordering::Relaxed);
            let code = ResponseCode::ErrorTimeZone;
            Scripted::Fail(EwsError::Fault(Fault { code, text: None, details: Vec::new() }))
        });
        let mut wire = wire(lane);
        wire.header.zone = Some("Neuland Standard Time".to_owned());
        let operation = GetFolder { folders: vec![DistinguishedFolder::Tasks.into()] };
        for _ in 0..2 {
            let error = wire.call(&operation, &mut |_| {}).unwrap_err();
            assert!(matches!(error, EwsError::RequestTooLarge), "{error}");
        }
        assert_eq!(refused.load(Ordering::Relaxed), 1, "it is asked once");
    }

    #[test]
    fn nothing_is_sent_while_the_server_rests() {
        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        let lane = Lane::scripted(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Scripted::Fail(EwsError::RequestTooLarge)
        });
        let mut wire = wire(lane);
        let operation = GetFolder { folders: vec![DistinguishedFolder::Tasks.into()] };
        wire.rest(Duration::from_hours(1));
        let error = wire.call(&operation, &mut |_| {}).unwrap_err();
        let EwsError::Resting { left } = &error else { panic!("{error}") };
        assert!(*left > Duration::from_mins(30) && *left <= Duration::from_hours(1));
        assert!(!error.ambiguous(), "a create that was not sent was not done");
        assert_eq!(sent.load(Ordering::Relaxed), 0);
        // A pause that nobody asked for is its own alone: the mailboxes of one database that is down keep nobody else waiting.
        wire.gate = SharedGate::new(1);
        wire.wait(Duration::from_millis(1));
        wire.gate.rest(&"eva@firma.example".to_owned(), Duration::from_mins(1));
        assert!(matches!(wire.call(&operation, &mut |_| {}), Err(EwsError::RequestTooLarge)));
        assert_eq!(sent.load(Ordering::Relaxed), 1, "afterwards all is as before");
    }
}
