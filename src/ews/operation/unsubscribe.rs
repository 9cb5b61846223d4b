//! `Unsubscribe`: ends a subscription before it ends by itself (pure).

use crate::ews::error::{Refusal, ReplyError};
use crate::ews::id::SubscriptionId;
use crate::ews::operation::{Operation, done};
use crate::ews::reply::Arrival;
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Ends a subscription, so that the server need not keep it for a client that is gone. One that is
/// already forgotten is refused, which is no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Which.
    pub subscription: SubscriptionId,
}

impl Operation for Unsubscribe {
    const NAME: &'static str = "Unsubscribe";
    const CHANGES: bool = false;
    type Part = Result<(), Refusal>;

    fn write(&self, xml: &mut Writer, _: ServerVersion) {
        xml.element(Ns::Messages, "Unsubscribe", &[], |xml| {
            xml.element(Ns::Messages, "SubscriptionId", &[], |xml| {
                xml.characters(self.subscription.as_str());
            });
        });
    }

    fn messages(&self) -> usize {
        1
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        Ok(done(arrival).map(|(_, outcome)| outcome))
    }
}
