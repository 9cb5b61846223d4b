//! A wire to a recording: it is asked as a server would be, and waits are counted instead of waited.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use abgleich::ews::operation::Operation;
use abgleich::ews::transport::replay::Replay;
use abgleich::ews::{EwsError, Header, Impersonation, Lane, ServerVersion, ServerVersionInfo};
use abgleich::mailbox::exchange::wire::{Patience, Wire};
use abgleich::mailbox::exchange::{ExchangeMailbox, Manner, Whose};
use abgleich::mailbox::zones::Zone;
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

/// What happened beside the mailbox.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Vec<Duration>>>);

impl Ledger {
    /// The waits between requests.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A recording that is played.
pub(crate) struct Player {
    lane: Lane,
    header: Header,
    runtime: Runtime,
    server: Option<ServerVersionInfo>,
    ledger: Ledger,
}

/// Opens a recording as the mailbox of an address, as its owner.
pub(crate) fn mailbox(
    folder: &Path,
    address: &str,
) -> (ExchangeMailbox<Player>, Arc<Mutex<Replay>>, Ledger) {
    let replay = Replay::open(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let (replay, ledger) = (Arc::new(Mutex::new(replay)), Ledger::default());
    let mut header = Header::new(ServerVersion::V2016);
    header.impersonate = Some(Impersonation::PrimarySmtpAddress(address.to_owned()));
    let zone = Zone::iana("Europe/Berlin").expect("a zone");
    header.zone = zone.windows().map(str::to_owned);
    let wire = Player {
        lane: Replay::lane(&replay),
        header,
        runtime: Builder::new_current_thread().build().expect("a runtime"),
        server: None,
        ledger: ledger.clone(),
    };
    let manner = Manner {
        zone,
        whose: Whose::Own,
        address: Some(address.to_owned()),
        // Our own pauses are short, so that those that the recorded server asked for show.
        patience: Patience { longest: Duration::from_mins(10), first: Duration::from_millis(1) },
    };
    (ExchangeMailbox::new(wire, manner), replay, ledger)
}

impl Wire for Player {
    fn call<O: Operation>(
        &mut self,
        operation: &O,
        each: &mut dyn FnMut(O::Part),
    ) -> Result<(), EwsError> {
        let told = self.lane.hand_out(operation, &self.header, each);
        self.server = self.runtime.block_on(told)?;
        Ok(())
    }

    fn server(&self) -> Option<ServerVersionInfo> {
        self.server.clone()
    }

    /// A script stands for Exchange, unless it calls itself otherwise.
    fn is_exchange(&self) -> bool {
        self.server.as_ref().is_none_or(|server| server.major_build != 847)
    }

    fn clock(&self) -> Option<Timestamp> {
        None
    }

    fn wait(&mut self, time: Duration) {
        self.ledger.0.lock().unwrap_or_else(PoisonError::into_inner).push(time);
    }

    fn rest(&mut self, _: Duration) {}
}
