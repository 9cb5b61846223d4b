//! A simulated Exchange server for all tests of this file, with a mailbox of its own for each.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use abgleich::ews::transport::{Login, Passage, Password};
use abgleich::mailbox::contract::{Bench, Occasion};
use abgleich::mailbox::exchange::ExchangeMailbox;
use abgleich::mailbox::exchange::lane::{ActAs, ExchangeServer, LaneWire, ServerAccess};
use abgleich::mailbox::exchange::wire::Patience;
use abgleich::mailbox::zones::Zone;
use abgleich::mailbox::{Item, Mailbox, Write};
use abgleich::model::{Content, FolderId, ItemId};
use exchange_sim::{Options, Outlook, Running, Server, named_string};
use tokio::runtime::Runtime;

pub(crate) const USER: &str = r"FIRMA\svc-abgleich";
pub(crate) const PASSWORD: &str = "Sommer-2026";

/// What writes fields over an item as it was read.
pub(crate) fn over(item: Item, content: Content) -> Write {
    let Item { identity, content: before, aside, .. } = item;
    Write::Update {
        id: identity.id,
        version: identity.version,
        content,
        before,
        aside,
        stamp: None,
    }
}

/// A server that runs.
pub(crate) struct Exchange {
    /// The server itself.
    pub(crate) server: Running,
    runtime: Runtime,
    user: String,
    mailboxes: AtomicUsize,
}

impl Exchange {
    /// Starts one.
    pub(crate) fn start() -> Self {
        Self::with(exchange_sim::Login::service(USER, PASSWORD), &[])
    }

    /// Starts one at which this account logs in, which has the usual password, with these mailboxes.
    pub(crate) fn with(login: exchange_sim::Login, mailboxes: &[&str]) -> Self {
        let user = login.user.clone();
        let mut options = Options::default().login(login);
        for address in mailboxes {
            options = options.mailbox(address);
        }
        Self::run(&options, user)
    }

    /// Starts one that is set up in a special way.
    pub(crate) fn start_with(options: Options) -> Self {
        let options = options.login(exchange_sim::Login::service(USER, PASSWORD));
        Self::run(&options, USER.to_owned())
    }

    fn run(options: &Options, user: String) -> Self {
        let server = Server::start(options).expect("the simulator starts");
        let runtime = Runtime::new().expect("a runtime starts");
        Self { server, runtime, user, mailboxes: AtomicUsize::new(0) }
    }

    /// Returns one that all tests share; each takes a fresh mailbox.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Exchange> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Returns where connections live.
    pub(crate) fn handle(&self) -> tokio::runtime::Handle {
        self.runtime.handle().clone()
    }

    /// Makes an empty mailbox and returns its address.
    pub(crate) fn fresh(&self) -> String {
        let number = self.mailboxes.fetch_add(1, Ordering::Relaxed);
        let address = format!("m{number}@firma.example");
        self.server.add_mailbox(&address, "Dorothea Hoffmann").expect("a mailbox is made");
        address
    }

    /// Returns how the server is reached.
    pub(crate) fn access(&self) -> ServerAccess {
        ServerAccess {
            url: self.server.url(),
            login: Login::Basic { user: self.user.clone(), password: Password::new(PASSWORD) },
            ca_file: Some(self.server.ca_file().to_owned()),
            pin: None,
            passage: Passage::default(),
            connect_within: Duration::from_secs(10),
            reply_within: Duration::from_secs(30),
            patience: Patience {
                longest: Duration::from_secs(10),
                first: Duration::from_millis(1),
            },
        }
    }

    /// Returns the way to the server, shared by all mailboxes that are opened on it.
    pub(crate) fn exchange(&self) -> ExchangeServer {
        ExchangeServer::new(&self.access(), self.runtime.handle().clone()).expect("it is well")
    }

    /// Opens a mailbox with other means than the usual ones.
    pub(crate) fn open_with(
        &self,
        access: &ServerAccess,
        act_as: &ActAs,
    ) -> ExchangeMailbox<LaneWire> {
        Self::mailbox_on(&self.way(access), act_as)
    }

    /// Prepares the way to the server.
    pub(crate) fn way(&self, access: &ServerAccess) -> ExchangeServer {
        ExchangeServer::new(access, self.runtime.handle().clone()).expect("it is well")
    }

    /// Makes a mailbox on a way that is prepared.
    pub(crate) fn mailbox_on(server: &ExchangeServer, act_as: &ActAs) -> ExchangeMailbox<LaneWire> {
        server.mailbox(act_as, Zone::iana("Europe/Berlin").expect("a zone"))
    }

    /// Opens a mailbox as its owner.
    pub(crate) fn open(&self, address: &str) -> ExchangeMailbox<LaneWire> {
        self.open_with(&self.access(), &ActAs::Owner(address.to_owned()))
    }

    /// Returns a bench with a fresh mailbox.
    pub(crate) fn bench(&self) -> ExchangeBench {
        let address = self.fresh();
        ExchangeBench { mailbox: self.open(&address), outlook: self.server.outlook(&address) }
    }
}

/// A mailbox on the simulated server, and Outlook beside it.
pub(crate) struct ExchangeBench {
    /// The connection under test.
    pub(crate) mailbox: ExchangeMailbox<LaneWire>,
    /// What the person uses.
    pub(crate) outlook: Outlook,
}

fn kept() -> String {
    named_string("5a1e0f5c-77a6-4a0a-9d27-3f1f5d3c0b11", "Kostenstelle")
}

impl Bench for ExchangeBench {
    fn mailbox(&mut self) -> &mut dyn Mailbox {
        &mut self.mailbox
    }

    fn moves(&mut self, id: &ItemId, to: &FolderId) -> ItemId {
        ItemId::new(self.outlook.move_to(id.as_str(), to.as_str()).expect("it is moved").id)
    }

    fn copies(&mut self, id: &ItemId, to: &FolderId) -> ItemId {
        ItemId::new(self.outlook.copy_to(id.as_str(), to.as_str()).expect("it is copied").id)
    }

    fn discards(&mut self, folder: &FolderId) {
        self.outlook.discard_folder(folder.as_str()).expect("it is deleted");
    }

    fn keeps_unmapped(&mut self, id: &ItemId, text: &str) {
        self.outlook.edit(id.as_str(), &[(&kept(), Some(text))]).expect("it is kept");
    }

    fn unmapped(&mut self, id: &ItemId) -> Option<String> {
        let item = self.outlook.item(id.as_str()).expect("the item is there");
        item.text(&kept()).map(str::to_owned)
    }

    fn keeps_unmapped_on(&mut self, id: &ItemId, occasion: &Occasion, text: &str) {
        let fields = [(&*kept(), text)];
        self.outlook.edit_occurrence(id.as_str(), occasion.position, &fields).expect("it is kept");
    }

    fn unmapped_on(&mut self, id: &ItemId, occasion: &Occasion) -> Option<String> {
        let item = self.outlook.occurrence(id.as_str(), occasion.position).expect("it is there");
        item.text(&kept()).map(str::to_owned)
    }
}
