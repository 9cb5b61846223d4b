//! `Subscribe`: asks to be told what happens in folders (pure).

use crate::ews::error::{Refusal, ReplyError};
use crate::ews::id::{SubscriptionId, Watermark};
use crate::ews::operation::Operation;
use crate::ews::operation::folder::FolderRef;
use crate::ews::reply::{Arrival, Outcome};
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Subscribes to folders of one mailbox. Folders of several mailboxes need a subscription each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// To which folders; none stands for all folders of the mailbox of the one who acts. At least grommunio 3.10 tells of
    /// a change in a named folder only that the folder changed, which is hint enough.
    pub folders: Vec<FolderRef>,
    /// How the events are fetched.
    pub delivery: Delivery,
}

/// How the events of a subscription are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// By `GetStreamingEvents`; since Exchange 2010 SP1.
    Streaming,
    /// By `GetEvents`, asked again within so many minutes (1 to 1440), else the subscription ends.
    Pull {
        /// How many minutes.
        minutes: u16,
    },
}

/// What comes in answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribed {
    /// The subscription.
    pub id: SubscriptionId,
    /// Where reading begins; only for pulling, and not from grommunio 3.10.
    pub watermark: Option<Watermark>,
}

/// All that touches items; of mail that comes nobody wants to hear.
const EVENTS: [&str; 5] =
    ["CopiedEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent"];

impl Operation for Subscribe {
    const NAME: &'static str = "Subscribe";
    const CHANGES: bool = false;
    type Part = Result<Subscribed, Refusal>;

    fn write(&self, xml: &mut Writer, _: ServerVersion) {
        let all: &[(&str, &str)] =
            if self.folders.is_empty() { &[("SubscribeToAllFolders", "true")] } else { &[] };
        let request = match self.delivery {
            Delivery::Streaming => "StreamingSubscriptionRequest",
            Delivery::Pull { .. } => "PullSubscriptionRequest",
        };
        xml.element(Ns::Messages, "Subscribe", &[], |xml| {
            xml.element(Ns::Messages, request, all, |xml| {
                if !self.folders.is_empty() {
                    xml.element(Ns::Types, "FolderIds", &[], |xml| {
                        self.folders.iter().for_each(|folder| folder.write(xml));
                    });
                }
                xml.element(Ns::Types, "EventTypes", &[], |xml| {
                    for event in EVENTS {
                        xml.text("EventType", event);
                    }
                });
                if let Delivery::Pull { minutes } = self.delivery {
                    xml.display("Timeout", minutes.clamp(1, 1440));
                }
            });
        });
    }

    fn messages(&self) -> usize {
        1
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        let Arrival::Message(message) = arrival else { return Ok(None) };
        Ok(Some(match message.outcome {
            Outcome::Error(refusal) => Err(refusal),
            Outcome::Success | Outcome::Warning(_) => {
                let lacks = ReplyError::Lacks { message: message.index, what: "SubscriptionId" };
                Ok(Subscribed {
                    id: message.subscription.ok_or(lacks)?,
                    watermark: message.watermark,
                })
            }
        }))
    }
}
