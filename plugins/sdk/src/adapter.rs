//! Effect: what an adapter implements, and how requests reach it. No pointer is in sight here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde_json::Value;

use crate::host::Host;
use crate::messages::{
    ActivitiesRequest, AdapterError, Changes, ChangesRequest, Description, Done, Entries,
    ErrorKind, FetchRequest, Fetched, ListRequest, Listing, METHODS, Manifest, Members,
    MembersRequest, News, NewsRequest, OpenConfig, Reply, Request, SetMemberRequest, UpdateRequest,
    Updated, Users,
};

/// An adapter between abgleich and a database of staffITpro.
///
/// One instance answers one call at a time; abgleich opens several instances to work in parallel. A call that panics is
/// answered with an error of kind `internal`, and the instance is closed.
///
/// Whatever an adapter does not override is answered with `unsupported`; list in [`Manifest::capabilities`] what works.
pub trait Adapter: Send + Sized + 'static {
    /// Says what the adapter can do, before there is a database.
    fn manifest() -> Manifest;

    /// Opens the database that the settings name.
    fn open(config: OpenConfig, host: Host) -> Result<Self, AdapterError>;

    /// Says what the opened database is.
    fn describe(&mut self) -> Result<Description, AdapterError>;

    /// Lists one page of the user's records of a module.
    fn list(&mut self, request: ListRequest) -> Result<Listing, AdapterError>;

    /// Reads whole records, one answer for each id, in the order of the ids.
    fn fetch(&mut self, request: FetchRequest) -> Result<Fetched, AdapterError>;

    /// Lists the staffITpro users.
    fn users(&mut self) -> Result<Users, AdapterError> {
        Err(AdapterError::unsupported("users"))
    }

    /// Lists one page of what changed since a position.
    fn changes(&mut self, _: ChangesRequest) -> Result<Changes, AdapterError> {
        Err(AdapterError::unsupported("changes"))
    }

    /// Lists the user's activities of some records.
    fn activities(&mut self, _: ActivitiesRequest) -> Result<Entries, AdapterError> {
        Err(AdapterError::unsupported("activities"))
    }

    /// Reads one page of the filter „Outlook Synchronisation“.
    fn members(&mut self, _: MembersRequest) -> Result<Members, AdapterError> {
        Err(AdapterError::unsupported("members"))
    }

    /// Moves a record into the filter or out of it.
    fn set_member(&mut self, _: SetMemberRequest) -> Result<Done, AdapterError> {
        Err(AdapterError::unsupported("set_member"))
    }

    /// Updates records, each whole or not at all, one answer for each, in order.
    fn update(&mut self, _: UpdateRequest) -> Result<Updated, AdapterError> {
        Err(AdapterError::unsupported("update"))
    }

    /// Says for which of many users there is anything new since a position, in one go: what makes watching a thousand of them cheap.
    fn news(&mut self, _: NewsRequest) -> Result<News, AdapterError> {
        Err(AdapterError::unsupported("news"))
    }

    /// Returns what ends the running call from another thread, such as a database's interrupt. Without one, a long call can
    /// ask [`Host::cancelled`] now and then.
    fn canceller(&self) -> Option<Box<dyn Fn() + Send + Sync>> {
        None
    }
}

/// Answers a request; the bytes are a reply in any case. Returns whether the instance may go on.
pub(crate) fn answer<A: Adapter>(adapter: &mut Option<A>, request: &[u8]) -> (Vec<u8>, bool) {
    let Some(live) = adapter.as_mut() else {
        let error = AdapterError::new(ErrorKind::Internal, "the instance panicked before");
        return (encode::<Done>(Err(error)), false);
    };
    match guarded(|| dispatch(live, request)) {
        Ok(reply) => (reply, true),
        Err(error) => {
            // What the panic left half done is not looked at again, not even by a destructor that might panic itself.
            std::mem::forget(adapter.take());
            (encode::<Done>(Err(error)), false)
        }
    }
}

/// Runs something and turns a panic into an error.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, AdapterError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let words = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        // A payload may panic when it is dropped; nothing may unwind from here.
        std::mem::forget(payload);
        let text = words.map_or_else(|| "panic".to_owned(), |words| format!("panic: {words}"));
        AdapterError::new(ErrorKind::Internal, text)
    })
}

/// Answers the one request that is made without an instance.
pub(crate) fn answer_unopened<A: Adapter>(request: &[u8]) -> Vec<u8> {
    let reply = guarded(|| match read(request)? {
        Request::Manifest => Ok(A::manifest()),
        _ => Err(AdapterError::new(ErrorKind::Internal, "this request needs an instance")),
    });
    encode(reply.and_then(|reply| reply))
}

/// Writes a reply.
pub(crate) fn encode<T: Serialize>(result: Result<T, AdapterError>) -> Vec<u8> {
    let reply = match result {
        Ok(value) => Reply::Ok(value),
        Err(error) => Reply::Error(error),
    };
    // The types of the messages serialise without failing; were it otherwise, an empty reply is refused by the host.
    serde_json::to_vec(&reply).unwrap_or_default()
}

fn dispatch<A: Adapter>(adapter: &mut A, request: &[u8]) -> Vec<u8> {
    let request = match read(request) {
        Ok(request) => request,
        Err(error) => return encode::<Done>(Err(error)),
    };
    match request {
        Request::Manifest => encode(Ok(A::manifest())),
        Request::Describe => encode(adapter.describe()),
        Request::Users => encode(adapter.users()),
        Request::List(request) => encode(adapter.list(request)),
        Request::Changes(request) => encode(adapter.changes(request)),
        Request::Fetch(request) => encode(adapter.fetch(request)),
        Request::Activities(request) => encode(adapter.activities(request)),
        Request::Members(request) => encode(adapter.members(request)),
        Request::SetMember(request) => encode(adapter.set_member(request)),
        Request::Update(request) => encode(adapter.update(request)),
        Request::News(request) => encode(adapter.news(request)),
    }
}

fn read(request: &[u8]) -> Result<Request, AdapterError> {
    serde_json::from_slice(request).map_err(|error| {
        let method = serde_json::from_slice::<Value>(request)
            .ok()
            .and_then(|json| json.get("method").and_then(Value::as_str).map(str::to_owned));
        match method {
            // A host of a later minor version may know more methods.
            Some(method) if !METHODS.contains(&method.as_str()) => {
                AdapterError::unsupported(&method)
            }
            _ => AdapterError::new(ErrorKind::Internal, format!("unreadable request: {error}")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Adapter, answer, answer_unopened};
    use crate::host::Host;
    use crate::messages::{
        AdapterError, Description, FetchRequest, Fetched, ListRequest, Listing, Manifest,
        OpenConfig,
    };
    use serde_json::{Value, json};

    struct Fragile;

    impl Adapter for Fragile {
        fn manifest() -> Manifest {
            Manifest { capabilities: vec!["base/1".to_owned()], ..Manifest::default() }
        }

        fn open(_: OpenConfig, _: Host) -> Result<Self, AdapterError> {
            Ok(Self)
        }

        fn describe(&mut self) -> Result<Description, AdapterError> {
            panic!("out of porcelain")
        }

        fn list(&mut self, _: ListRequest) -> Result<Listing, AdapterError> {
            Ok(Listing { entries: vec![], next: None, complete: true, position: None })
        }

        fn fetch(&mut self, _: FetchRequest) -> Result<Fetched, AdapterError> {
            Ok(Fetched { brief: false, answers: vec![] })
        }
    }

    fn ask(adapter: &mut Option<Fragile>, request: &Value) -> Value {
        let (reply, _) = answer(adapter, request.to_string().as_bytes());
        serde_json::from_slice(&reply).unwrap()
    }

    #[test]
    fn a_panic_is_an_error_and_the_end_of_the_instance() {
        let mut adapter = Some(Fragile);
        let reply = ask(&mut adapter, &json!({"method": "describe"}));
        assert_eq!(
            reply,
            json!({"error": {"kind": "internal", "text": "panic: out of porcelain"}})
        );
        let list = json!({"method": "list", "user": "DHO", "module": "leads", "limit": 1});
        assert_eq!(ask(&mut adapter, &list)["error"]["text"], "the instance panicked before");
    }

    #[test]
    fn methods_of_later_versions_and_optional_ones_are_unsupported() {
        let mut adapter = Some(Fragile);
        for request in [json!({"method": "users"}), json!({"method": "teleport", "to": 1})] {
            assert_eq!(ask(&mut adapter, &request)["error"]["kind"], "unsupported");
        }
        assert_eq!(ask(&mut adapter, &json!({"method": "list"}))["error"]["kind"], "internal");
    }

    #[test]
    fn the_manifest_needs_no_instance_and_nothing_else_goes_without() {
        let reply = answer_unopened::<Fragile>(br#"{"method":"manifest"}"#);
        let reply: Value = serde_json::from_slice(&reply).unwrap();
        assert_eq!(reply["ok"]["capabilities"], json!(["base/1"]));
        let reply = answer_unopened::<Fragile>(br#"{"method":"users"}"#);
        assert!(String::from_utf8(reply).unwrap().contains("needs an instance"));
    }
}
