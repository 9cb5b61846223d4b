//! The adapter `sqlite`: a staffITpro database in a SQLite file, laid out as `schema.sql` says.

mod cell;
mod columns;
mod database;
mod entries;
mod failure;
mod members;
mod news;
mod records;
mod update;

use abgleich_plugin::messages::{
    ActivitiesRequest, AdapterError, Changes, ChangesRequest, Description, Done, Entries,
    FetchRequest, Fetched, KindFields, ListRequest, Listing, Manifest, Members, MembersRequest,
    News, NewsRequest, OpenConfig, SetMemberRequest, Setting, UpdateRequest, Updated, Users,
};
use abgleich_plugin::{Adapter, Host, export};

use crate::columns::{KINDS, LONGEST, is_text, is_writable};
use crate::database::Database;

/// An opened database.
struct Sqlite {
    database: Database,
}

const CAPABILITIES: &[&str] = &[
    "base/1",
    "users/1",
    "changes/1",
    "activities/1",
    "members/1",
    "set_member/1",
    "update/1",
    "news/1",
];

fn capabilities() -> Vec<String> {
    CAPABILITIES.iter().map(|capability| (*capability).to_owned()).collect()
}

fn kinds() -> Vec<KindFields> {
    let of = |columns: &columns::Columns| KindFields {
        kind: columns.kind,
        readable: columns.fields().map(|(word, _)| word.to_owned()).collect(),
        writable: columns
            .fields()
            .filter(|(word, _)| is_writable(word))
            .map(|(word, _)| word.to_owned())
            .collect(),
        lengths: columns
            .fields()
            .filter(|(_, shape)| is_text(*shape))
            .map(|(word, _)| (word.to_owned(), LONGEST))
            .collect(),
    };
    KINDS.iter().map(of).collect()
}

impl Adapter for Sqlite {
    fn manifest() -> Manifest {
        let file = Setting {
            name: "file".to_owned(),
            text: "the database file; a relative path counts from the folder of the configuration file"
                .to_owned(),
            required: true,
            secret: false,
        };
        Manifest { capabilities: capabilities(), settings: vec![file], kinds: kinds() }
    }

    fn open(config: OpenConfig, _host: Host) -> Result<Self, AdapterError> {
        Ok(Self { database: Database::open(&config)? })
    }

    fn describe(&mut self) -> Result<Description, AdapterError> {
        let about = self.database.about()?;
        Ok(Description {
            identity: about.identity,
            product: about.product,
            capabilities: capabilities(),
            kinds: kinds(),
            filter_per_user: about.filter_per_user,
            assigns: true,
            clock: Some(about.clock),
        })
    }

    fn list(&mut self, request: ListRequest) -> Result<Listing, AdapterError> {
        entries::list(&mut self.database, &request)
    }

    fn fetch(&mut self, request: FetchRequest) -> Result<Fetched, AdapterError> {
        records::fetch(&mut self.database, &request)
    }

    fn users(&mut self) -> Result<Users, AdapterError> {
        members::users(&mut self.database)
    }

    fn changes(&mut self, request: ChangesRequest) -> Result<Changes, AdapterError> {
        entries::changes(&mut self.database, &request)
    }

    fn activities(&mut self, request: ActivitiesRequest) -> Result<Entries, AdapterError> {
        entries::activities(&mut self.database, &request)
    }

    fn members(&mut self, request: MembersRequest) -> Result<Members, AdapterError> {
        members::page(&mut self.database, &request)
    }

    fn set_member(&mut self, request: SetMemberRequest) -> Result<Done, AdapterError> {
        members::set(&mut self.database, &request)
    }

    fn update(&mut self, request: UpdateRequest) -> Result<Updated, AdapterError> {
        update::update(&mut self.database, &request)
    }

    fn news(&mut self, request: NewsRequest) -> Result<News, AdapterError> {
        news::news(&mut self.database, &request)
    }

    fn canceller(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        let interrupt = self.database.interrupt();
        Some(Box::new(move || interrupt.interrupt()))
    }
}

export!(Sqlite, name: "sqlite", version: env!("CARGO_PKG_VERSION"), vendor: "abgleich");
