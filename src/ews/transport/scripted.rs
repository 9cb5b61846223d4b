//! A lane that leads to a script instead of a server, and what tests ask of any lane (pure; for tests and simulations only).

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use hyper::HeaderMap;

use crate::ews::envelope::Header;
use crate::ews::error::{EwsError, Refusal, ReplyError};
use crate::ews::operation::{Operation, Placed};
use crate::ews::transport::Lane;
use crate::ews::transport::status::{Verdict, excerpt, judge};

/// What a script does with a request.
#[derive(Debug)]
pub enum Scripted {
    /// It answers, in pieces of at most so many bytes.
    Answer {
        /// The status.
        status: u16,
        /// The document.
        body: Vec<u8>,
        /// The size of a piece.
        piece: usize,
    },
    /// It answers, in pieces of these sizes; what is left comes last.
    Pieces {
        /// The status.
        status: u16,
        /// The document.
        body: Vec<u8>,
        /// The sizes of the pieces.
        pieces: Vec<usize>,
    },
    /// It answers so, and then the connection breaks.
    Broken {
        /// The status.
        status: u16,
        /// The document.
        body: Vec<u8>,
        /// The sizes of the pieces.
        pieces: Vec<usize>,
    },
    /// The request does not get that far.
    Fail(EwsError),
}

impl Scripted {
    /// Makes an answer with status 200, in pieces of 1000 bytes.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::Answer { status: 200, body: body.into(), piece: 1000 }
    }
}

type Script = dyn FnMut(&str) -> Scripted + Send;

/// A lane that leads to a script.
pub struct ScriptedLane(Box<Script>);

impl fmt::Debug for ScriptedLane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedLane")
    }
}

impl Lane {
    /// Sends a batch, waits for the end of the answer, and returns one outcome for each entry, in their order.
    ///
    /// # Errors
    ///
    /// Everything that can go wrong with a request, and an answer whose outcomes cannot be matched.
    pub async fn each<T, O: Operation<Part = Placed<T>>>(
        &mut self,
        operation: O,
        header: &Header,
    ) -> Result<Vec<Result<T, Refusal>>, EwsError> {
        let expected = operation.messages();
        Ok(in_order(self.all(operation, header).await?, expected)?)
    }
}

/// Puts outcomes into the order of their batch.
///
/// # Errors
///
/// When a place has no outcome or two: then none can be trusted.
fn in_order<T>(
    parts: Vec<Placed<T>>,
    expected: usize,
) -> Result<Vec<Result<T, Refusal>>, ReplyError> {
    let found = parts.len();
    let mut places: Vec<Option<Result<T, Refusal>>> =
        std::iter::repeat_with(|| None).take(expected).collect();
    for (place, outcome) in parts {
        match places.get_mut(place) {
            Some(free @ None) => *free = Some(outcome),
            _ => return Err(ReplyError::Count { expected, found }),
        }
    }
    places.into_iter().collect::<Option<Vec<_>>>().ok_or(ReplyError::Count { expected, found })
}

/// What is left of an answer, and whether the connection breaks then.
#[derive(Debug)]
pub(super) struct Rest {
    pieces: VecDeque<Bytes>,
    breaks: bool,
}

impl Rest {
    /// Returns the next piece; `None` at the end.
    pub(super) fn piece(&mut self) -> Result<Option<Bytes>, EwsError> {
        match self.pieces.pop_front() {
            None if self.breaks => {
                Err(EwsError::Lost { problem: "the connection broke".to_owned() })
            }
            piece => Ok(piece),
        }
    }
}

impl ScriptedLane {
    pub(super) fn post(&mut self, request: &[u8]) -> Result<Rest, EwsError> {
        let (status, body, pieces, breaks) = match (self.0)(&String::from_utf8_lossy(request)) {
            Scripted::Fail(error) => return Err(error),
            Scripted::Answer { status, body, piece } => {
                let pieces = vec![piece.max(1); body.len().div_ceil(piece.max(1))];
                (status, body, pieces, false)
            }
            Scripted::Pieces { status, body, pieces } => (status, body, pieces, false),
            Scripted::Broken { status, body, pieces } => (status, body, pieces, true),
        };
        let mut rest = Bytes::from(judged(status, body)?);
        let cut = |length: usize| rest.split_to(length.min(rest.len()));
        let mut pieces: VecDeque<Bytes> = pieces.into_iter().map(cut).collect();
        pieces.push_back(rest);
        pieces.retain(|piece| !piece.is_empty());
        Ok(Rest { pieces, breaks })
    }
}

/// Returns a document that is to be read, or what its status means.
fn judged(status: u16, body: Vec<u8>) -> Result<Vec<u8>, EwsError> {
    match judge(status, &HeaderMap::new()) {
        Verdict::Fail(error) => Err(error),
        Verdict::Explain => Err(EwsError::Status { status, excerpt: excerpt(&body) }),
        Verdict::Read => Ok(body),
    }
}

impl Lane {
    /// Makes a lane whose requests go to `script`, which sees each whole document.
    pub fn scripted(script: impl FnMut(&str) -> Scripted + Send + 'static) -> Self {
        Self::Scripted(ScriptedLane(Box::new(script)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ews::error::ErrorKind;
    use crate::ews::operation::get_item::GetItem;
    use crate::ews::version::ServerVersion;
    use crate::ews::{Item, ItemId, ResponseCode};

    const HEADER: Header = Header::new(ServerVersion::V2013Sp1);

    fn answer(messages: &str) -> String {
        format!(
            "<s:Envelope xmlns:s='s'><s:Body><GetItemResponse><ResponseMessages>{messages}\
             </ResponseMessages></GetItemResponse></s:Body></s:Envelope>"
        )
    }

    fn item(id: &str) -> String {
        format!(
            "<GetItemResponseMessage ResponseClass='Success'><ResponseCode>NoError</ResponseCode><Items>\
             <Contact><ItemId Id='{id}' ChangeKey='k'/></Contact></Items></GetItemResponseMessage>"
        )
    }

    fn no(code: &str, class: &str, more: &str) -> String {
        format!(
            "<GetItemResponseMessage ResponseClass='{class}'><MessageText>Nein.</MessageText>\
             <ResponseCode>{code}</ResponseCode>{more}<Items/></GetItemResponseMessage>"
        )
    }

    async fn fetch(script: Scripted, ids: &[&str]) -> Result<Vec<Result<Item, Refusal>>, EwsError> {
        let mut script = Some(script);
        let mut lane = Lane::scripted(move |_| script.take().unwrap());
        let items = ids.iter().map(|id| ItemId::new(*id).into()).collect();
        lane.each(GetItem { items, properties: vec![], body: None }, &HEADER).await
    }

    #[tokio::test]
    async fn outcomes_come_in_the_order_of_the_batch() {
        let busy = "<MessageXml><t:Value xmlns:t='t' Name='BackOffMilliseconds'>5000</t:Value></MessageXml>";
        let body = answer(&format!(
            "{}{}{}{}",
            item("a"),
            no("ErrorItemNotFound", "Error", ""),
            no("ErrorServerBusy", "Error", busy),
            no("ErrorBatchProcessingStopped", "Warning", ""),
        ));
        let outcomes = fetch(Scripted::ok(body), &["a", "b", "c", "d"]).await.unwrap();
        assert_eq!(outcomes[0].as_ref().unwrap().id.as_str(), "a");
        assert_eq!(outcomes[1].as_ref().unwrap_err().kind(), ErrorKind::Gone);
        let wait = Some(std::time::Duration::from_secs(5));
        assert_eq!(
            outcomes[2].as_ref().unwrap_err().kind(),
            ErrorKind::Transient { retry_after: wait }
        );
        assert_eq!(
            outcomes[3].as_ref().unwrap_err().code,
            ResponseCode::ErrorBatchProcessingStopped
        );
    }

    #[tokio::test]
    async fn too_few_or_too_many_messages_are_never_matched() {
        for (count, ids) in [(1, &["a", "b"][..]), (3, &["a", "b"][..])] {
            let error =
                fetch(Scripted::ok(answer(&item("a").repeat(count))), ids).await.unwrap_err();
            assert!(
                matches!(error, EwsError::Reply(ReplyError::Count { expected: 2, .. })),
                "{error:?}"
            );
            assert!(error.ambiguous());
        }
    }

    #[tokio::test]
    async fn success_without_an_item_is_no_success() {
        let error =
            fetch(Scripted::ok(answer(&no("NoError", "Success", ""))), &["a"]).await.unwrap_err();
        assert!(
            matches!(error, EwsError::Reply(ReplyError::Lacks { message: 0, .. })),
            "{error:?}"
        );
    }

    #[tokio::test]
    async fn faults_are_read_whatever_their_status_and_form() {
        // Exchange: status 500, details, code with blanks; grommunio 3.10: status 200, none.
        let exchange = "<s:Envelope xmlns:s='s'><s:Body><s:Fault><faultcode>a:ErrorServerBusy</faultcode>\
            <faultstring>busy</faultstring><detail><e:ResponseCode xmlns:e='e'> ErrorServerBusy\n</e:ResponseCode>\
            <t:MessageXml xmlns:t='t'><t:Value Name='BackOffMilliseconds'>178510</t:Value></t:MessageXml></detail>\
            </s:Fault></s:Body></s:Envelope>";
        let grommunio = "<SOAP:Envelope xmlns:SOAP='s'><SOAP:Body><SOAP:Fault><faultcode>ErrorImpersonateUserDenied\
            </faultcode><faultstring>no</faultstring></SOAP:Fault></SOAP:Body></SOAP:Envelope>";
        let answered =
            |status, body: &str| Scripted::Answer { status, body: body.into(), piece: 7 };
        let EwsError::Fault(fault) = fetch(answered(500, exchange), &["a"]).await.unwrap_err()
        else {
            panic!()
        };
        assert_eq!(fault.code, ResponseCode::ErrorServerBusy);
        assert_eq!(fault.back_off().unwrap().as_millis(), 178_510);
        let EwsError::Fault(fault) = fetch(answered(200, grommunio), &["a"]).await.unwrap_err()
        else {
            panic!()
        };
        assert_eq!(fault.code, ResponseCode::ErrorImpersonateUserDenied);
        assert_eq!(fault.text.as_deref(), Some("no"));
    }

    #[tokio::test]
    async fn pages_and_broken_answers_are_told_apart() {
        let html = "<!DOCTYPE html><html><body>Outlook</body></html>";
        let error = fetch(Scripted::ok(html), &["a"]).await.unwrap_err();
        assert!(matches!(error, EwsError::Reply(ReplyError::NotSoap { .. })), "{error:?}");
        let whole = answer(&item("a"));
        let error = fetch(Scripted::ok(&whole[..whole.len() - 5]), &["a"]).await.unwrap_err();
        assert!(matches!(error, EwsError::Reply(ReplyError::Truncated { .. })), "{error:?}");
        assert!(error.ambiguous());
        let error = fetch(Scripted::ok(""), &["a"]).await.unwrap_err();
        assert!(matches!(error, EwsError::Reply(ReplyError::Truncated { offset: 0 })), "{error:?}");
        let error = fetch(Scripted::ok(format!("\u{feff}{whole}")), &["a"]).await;
        assert!(error.is_ok(), "a byte order mark is no fault");
    }
}
