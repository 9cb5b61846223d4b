//! By what an administrator finds a request again in the logs of the server (pure).

use std::fmt;

use hyper::HeaderMap;

/// The last request of a lane and who served it. Nothing in it is about persons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// The id that we gave it (`client-request-id`); it stands in the logs of EWS and of our own.
    pub client: String,
    /// The id that the server gave it (`request-id`).
    pub server: Option<String>,
    /// The server that took it (`X-FEServer`).
    pub front_end: Option<String>,
    /// The server that carried it out (`X-BEServer`, else `X-CalculatedBETarget`).
    pub back_end: Option<String>,
    /// What the server says of its own failure (`X-DiagInfo`).
    pub diagnosis: Option<String>,
    /// Why the front end had no answer of a back end (`X-CasErrorCode`), such as `MailboxStoreUnavailable`.
    pub cas_error: Option<String>,
}

impl Trace {
    /// Says whether the answer bore a header that Exchange's own servers put on it, and no other server that speaks EWS.
    pub fn is_from_exchange(&self) -> bool {
        self.front_end.is_some() || self.back_end.is_some() || self.diagnosis.is_some()
    }

    /// Begins with a request that is about to be sent.
    pub(super) fn new(client: &str) -> Self {
        Self { client: client.to_owned(), ..Self::default() }
    }

    /// Adds what the head of the answer says. Values are bounded: they are put into messages.
    pub(super) fn answered(&mut self, headers: &HeaderMap) {
        let text = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?.trim();
            let short: String = value.chars().take(120).collect();
            (!short.is_empty()).then_some(short)
        };
        self.server = text("request-id");
        self.front_end = text("x-feserver");
        self.back_end = text("x-beserver").or_else(|| text("x-calculatedbetarget"));
        self.diagnosis = text("x-diaginfo");
        self.cas_error = text("x-caserrorcode");
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {}", self.client)?;
        if let Some(server) = self.server.as_ref().filter(|server| **server != self.client) {
            write!(f, ", the server's {server}")?;
        }
        if let Some(front_end) = &self.front_end {
            write!(f, ", at {front_end}")?;
        }
        match &self.cas_error {
            Some(code) => write!(f, ", X-CasErrorCode {code}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Trace;
    use hyper::HeaderMap;

    #[test]
    fn quirk_14_a_request_is_named_by_both_ids_and_its_server() {
        let mut trace = Trace::new("0f");
        assert_eq!(trace.to_string(), "request 0f");
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("request-id", "1e"),
            ("x-feserver", "EX01"),
            ("x-diaginfo", " "),
            ("x-calculatedbetarget", "ex02.firma.example"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        trace.answered(&headers);
        assert_eq!(trace.to_string(), "request 0f, the server's 1e, at EX01");
        assert_eq!(
            (trace.back_end.as_deref(), trace.diagnosis.as_deref()),
            (Some("ex02.firma.example"), None)
        );
        // notes.md §3.1 no. 3: what the front end says where it cannot reach the back end.
        headers.insert("x-caserrorcode", "ServerNotFound".parse().unwrap());
        trace.answered(&headers);
        let said = "request 0f, the server's 1e, at EX01, X-CasErrorCode ServerNotFound";
        assert_eq!(trace.to_string(), said);
    }
}
