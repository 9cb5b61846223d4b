//! `GetStreamingEvents`: an answer that lasts, with an envelope for whatever happens (pure).

use crate::ews::error::{Refusal, ReplyError};
use crate::ews::id::SubscriptionId;
use crate::ews::operation::Operation;
use crate::ews::reply::{Arrival, Notification, Outcome};
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// The most subscriptions that one stream may have ("How to: Maintain affinity between a group of
/// subscriptions and the Mailbox server").
pub const MOST_SUBSCRIPTIONS: usize = 200;

/// The longest that a stream lasts, in minutes (`StreamingSubscriptionConnectionTimeoutType`).
pub const LONGEST_MINUTES: u8 = 30;

/// Listens to subscriptions, which all live on one server. It is sent with
/// [`Lane::listen`](crate::ews::Lane::listen), because its answer has many envelopes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetStreamingEvents {
    /// Which subscriptions, 1 to [`MOST_SUBSCRIPTIONS`].
    pub subscriptions: Vec<SubscriptionId>,
    /// For how long, 1 to [`LONGEST_MINUTES`]; others are brought into that range.
    pub minutes: u8,
}

/// What comes in answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamPart {
    /// What happened for a subscription, or a heartbeat.
    Notification(Notification),
    /// The end of an envelope, which is a sign of life.
    Message {
        /// Why the server does not go on, if it does not: one bad id fails the whole request (exchangelib,
        /// get_streaming_events.py).
        refusal: Option<Refusal>,
        /// The subscriptions that it cannot serve, where it names them.
        lost: Vec<SubscriptionId>,
        /// Whether it ends the stream.
        closed: bool,
    },
}

impl Operation for GetStreamingEvents {
    const NAME: &'static str = "GetStreamingEvents";
    const CHANGES: bool = false;
    type Part = StreamPart;

    fn write(&self, xml: &mut Writer, _: ServerVersion) {
        xml.element(Ns::Messages, "GetStreamingEvents", &[], |xml| {
            xml.element(Ns::Messages, "SubscriptionIds", &[], |xml| {
                for subscription in &self.subscriptions {
                    xml.text("SubscriptionId", subscription.as_str());
                }
            });
            let minutes = self.minutes.clamp(1, LONGEST_MINUTES).to_string();
            xml.element(Ns::Messages, "ConnectionTimeout", &[], |xml| xml.characters(&minutes));
        });
    }

    fn messages(&self) -> usize {
        1
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        Ok(match arrival {
            Arrival::Notification { notification, .. } => {
                Some(StreamPart::Notification(notification))
            }
            Arrival::Message(message) => {
                let refusal = match message.outcome {
                    Outcome::Error(refusal) => Some(refusal),
                    Outcome::Success | Outcome::Warning(_) => None,
                };
                Some(StreamPart::Message {
                    closed: message.closed == Some(true),
                    lost: message.lost,
                    refusal,
                })
            }
            _ => None,
        })
    }
}
