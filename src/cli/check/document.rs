//! Shell: the JSON document of `check --json`. The field names are published; a test compares the committed schema
//! `docs/check.schema.json` with these types.

use abgleich::config::Language;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::check::Seen;
use crate::cli::check::show::grouped;
use crate::cli::check::stage::Walked;
use crate::cli::report::advised;

/// What a check saw.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "Check of abgleich", deny_unknown_fields)]
pub(super) struct Document {
    /// Which document this is: `abgleich-check/1`.
    schema: &'static str,
    /// The staffITpro sides.
    sources: Vec<Source>,
    /// The servers, each with the stages on the way to it.
    servers: Vec<Server>,
    /// The mailboxes, in the order of the configuration.
    mailboxes: Vec<Mailbox>,
    /// What is wrong or probably not meant, each cause once.
    remarks: Vec<Note>,
}

/// A staffITpro side.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Source {
    /// Its name in the configuration.
    name: String,
    /// What it calls itself; null where it does not answer.
    product: Option<String>,
    /// How many users it has.
    users: usize,
    /// By how many seconds its clock is ahead of ours; null where it tells no time.
    clock_seconds: Option<i64>,
}

/// A server.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Server {
    /// Its name in the configuration.
    name: String,
    /// The address of its web service.
    url: String,
    /// The stages that were walked, in order.
    stages: Vec<Step>,
}

/// A stage that was walked. Those that are not listed were not reached.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Step {
    /// Which: `dns`, `network`, `tls`, `certificate`, `schemes`, `login`, `channel-binding`, `version`, `impersonation`, `mailbox`,
    /// `folder`, `item`, `write-probe`, `streaming`, `clock`, and those of `remarks`.
    stage: &'static str,
    /// Whether it was passed.
    passed: bool,
    /// What was seen there; null where there is nothing to tell.
    seen: Option<String>,
}

/// A mailbox.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Mailbox {
    /// The staffITpro user.
    user: String,
    /// The person's name in staffITpro.
    person: Option<String>,
    /// The address.
    address: String,
    /// Whose mailbox it is, as the server's directory says.
    owner: Option<String>,
    /// By how many seconds the mailbox's clock is ahead of ours.
    clock_seconds: Option<i64>,
    /// The version of the mailbox's server.
    version: Option<String>,
    /// The contract that was agreed with it, such as `Exchange2016`.
    contract: Option<String>,
    /// Whether a run would work.
    ok: bool,
    /// The stages that were walked behind those of the server, in order.
    stages: Vec<Step>,
    /// By what an administrator finds the request that failed in the logs of the server.
    request: Option<String>,
}

/// Something to be said.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Note {
    /// `error` or `warning`: a run would work all the same.
    level: &'static str,
    /// At which stage: those of `stages`, and `config`, `state`, `plugin`, `source`, `user`, `filter`, `autodiscover`, `internal`.
    stage: &'static str,
    /// What it is, in the language of the configuration.
    text: String,
    /// What to do.
    next: Option<String>,
    /// The staffITpro users whom it concerns; none where it concerns the state, a source or a server.
    users: Vec<String>,
}

/// Returns the published schema.
#[cfg(test)]
fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}

/// Builds the document.
pub(super) fn document(seen: &Seen, language: Language) -> Document {
    let sources = seen.sources.iter().map(|(name, side)| Source {
        name: name.to_string(),
        product: side.described.as_ref().map(|described| described.product.clone()),
        users: side.users.len(),
        clock_seconds: side.clock,
    });
    let servers = seen.ways.iter().map(|way| Server {
        name: way.name.clone(),
        url: way.url.clone(),
        stages: stages(&way.walked),
    });
    let mailboxes = seen.mailboxes.iter().map(|looked| Mailbox {
        user: looked.user.clone(),
        person: looked.person.clone(),
        address: looked.address.clone(),
        owner: looked.outlook.owner.clone(),
        clock_seconds: looked.outlook.clock,
        version: looked.outlook.version.clone(),
        contract: looked.outlook.contract.map(str::to_owned),
        ok: looked.remarks.iter().all(|remark| remark.warning),
        stages: stages(&looked.outlook.walked),
        request: looked.outlook.request.clone(),
    });
    let remarks = grouped(seen).into_iter().map(|group| Note {
        level: if group.remark.warning { "warning" } else { "error" },
        stage: group.remark.stage.key(),
        text: group.remark.text,
        next: group.remark.next.map(|next| advised(language, &next).to_owned()),
        users: group.users,
    });
    Document {
        schema: "abgleich-check/1",
        sources: sources.collect(),
        servers: servers.collect(),
        mailboxes: mailboxes.collect(),
        remarks: remarks.collect(),
    }
}

fn stages(walked: &[Walked]) -> Vec<Step> {
    let stage = |walked: &Walked| Step {
        stage: walked.stage.key(),
        passed: walked.passed,
        seen: walked.seen.clone(),
    };
    walked.iter().map(stage).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::schema;
    use crate::cli::check::stage::Stage;
    use crate::cli::json;

    #[test]
    fn the_published_schema_is_that_of_the_document() {
        json::assert_committed("check.schema.json", &schema());
        let built = schema().to_string();
        for stage in Stage::ALL {
            assert!(
                built.contains(&format!("`{}`", stage.key())),
                "{} is not explained",
                stage.key()
            );
        }
        let keys: BTreeSet<_> = Stage::ALL.iter().map(|stage| stage.key()).collect();
        assert_eq!(keys.len(), Stage::ALL.len(), "each stage has a word of its own");
    }
}
