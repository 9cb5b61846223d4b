//! Pure: the JSON schemas that `plugins/include/schemas` publishes.

use schemars::{Schema, schema_for};

use crate::messages::{
    Changes, Description, Done, Entries, Fetched, Listing, Manifest, Members, News, OpenConfig,
    Reply, Request, Updated, Users,
};
use crate::recurrence::Recurrence;

/// Returns every published schema with the name of its file, in the order of the names.
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("activities.reply.json", schema_for!(Reply<Entries>)),
        ("changes.reply.json", schema_for!(Reply<Changes>)),
        ("describe.reply.json", schema_for!(Reply<Description>)),
        ("fetch.reply.json", schema_for!(Reply<Fetched>)),
        ("list.reply.json", schema_for!(Reply<Listing>)),
        ("manifest.reply.json", schema_for!(Reply<Manifest>)),
        ("members.reply.json", schema_for!(Reply<Members>)),
        ("news.reply.json", schema_for!(Reply<News>)),
        ("open.config.json", schema_for!(OpenConfig)),
        ("open.reply.json", schema_for!(Reply<Done>)),
        ("recurrence.json", schema_for!(Recurrence)),
        ("request.json", schema_for!(Request)),
        ("set_member.reply.json", schema_for!(Reply<Done>)),
        ("update.reply.json", schema_for!(Reply<Updated>)),
        ("users.reply.json", schema_for!(Reply<Users>)),
    ]
}
