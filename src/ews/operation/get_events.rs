//! `GetEvents`: fetches what happened since the last time it was asked (pure).

use crate::ews::error::{Refusal, ReplyError};
use crate::ews::id::{SubscriptionId, Watermark};
use crate::ews::operation::Operation;
use crate::ews::reply::{Arrival, Notification, Outcome};
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Stands where the schema wants some text and there is none.
const NO_WATERMARK: &str = "AAAAAAAAAAA=";

/// Asks a pull subscription for its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetEvents {
    /// Which subscription.
    pub subscription: SubscriptionId,
    /// Since when; `None` where the server handed none out, as grommunio 3.10, which does not look at it.
    pub watermark: Option<Watermark>,
}

/// What comes in answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventsPart {
    /// What happened; often nothing ([`Notification::is_news`]).
    Notification(Notification),
    /// There are no events to be had from this subscription.
    Refused(Refusal),
}

impl Operation for GetEvents {
    const NAME: &'static str = "GetEvents";
    const CHANGES: bool = false;
    type Part = EventsPart;

    fn write(&self, xml: &mut Writer, _: ServerVersion) {
        let watermark = self.watermark.as_ref().map_or(NO_WATERMARK, Watermark::as_str);
        xml.element(Ns::Messages, "GetEvents", &[], |xml| {
            xml.element(Ns::Messages, "SubscriptionId", &[], |xml| {
                xml.characters(self.subscription.as_str());
            });
            xml.element(Ns::Messages, "Watermark", &[], |xml| xml.characters(watermark));
        });
    }

    fn messages(&self) -> usize {
        1
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        Ok(match arrival {
            Arrival::Notification { notification, .. } => {
                Some(EventsPart::Notification(notification))
            }
            Arrival::Message(message) => match message.outcome {
                Outcome::Error(refusal) => Some(EventsPart::Refused(refusal)),
                Outcome::Success | Outcome::Warning(_) => None,
            },
            _ => None,
        })
    }
}
