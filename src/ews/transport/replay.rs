//! A lane that plays a recording, strictly (effect; for tests and simulations only).
//!
//! A request must be the next one that was recorded: a client that asks for something else, for more, or in another order has changed,
//! and the test says where. What is the protocol's own must be the same to the letter. Values were invented when it was recorded, so
//! that whoever asks may call them otherwise, but the same always the same; answers then speak of them by its names.

mod renaming;

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::ews::error::EwsError;
use crate::ews::recorder::INDEX;
use crate::ews::recorder::parts::Rewrite as _;
use crate::ews::recorder::scrub::Scrubber;
use crate::ews::recorder::words::Treatment;
use crate::ews::transport::Lane;
use crate::ews::transport::replay::renaming::Renaming;
use crate::ews::transport::scripted::Scripted;

/// An exchange or a step of a recording.
#[derive(Debug)]
struct Exchange {
    name: String,
    /// The request; a step without documents has none.
    request: String,
    answer: Vec<u8>,
    /// How long its pieces were.
    pieces: Vec<usize>,
    /// The line of the list.
    line: Value,
}

/// A recording that is played.
#[derive(Debug)]
pub struct Replay {
    left: VecDeque<Exchange>,
    names: Renaming,
}

impl Replay {
    /// Reads a recording.
    ///
    /// # Errors
    ///
    /// When the folder holds none, or one whose list or files are not whole.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let index = fs::read_to_string(folder.join(INDEX))?;
        let mut exchanges = Vec::new();
        for line in index.lines().skip(1) {
            exchanges.push(exchange(folder, serde_json::from_str(line)?)?);
        }
        exchanges.sort_by_key(|(number, _)| *number);
        let left = exchanges.into_iter().map(|(_, exchange)| exchange).collect();
        Ok(Self { left, names: Renaming::default() })
    }

    /// Makes the lane that plays a recording, which others may look at meanwhile.
    ///
    /// # Panics
    ///
    /// The lane does, at a request that was not recorded, with the first difference.
    pub fn lane(replay: &Arc<Mutex<Self>>) -> Lane {
        let replay = Arc::clone(replay);
        Lane::scripted(move |request| {
            let mut replay = replay.lock().unwrap_or_else(PoisonError::into_inner);
            replay.answer(request).unwrap_or_else(|problem| unexpected(&problem))
        })
    }

    /// Returns how many exchanges are left.
    pub fn left(&self) -> usize {
        self.left.len()
    }

    /// Answers a request.
    ///
    /// # Errors
    ///
    /// How it differs from what was recorded.
    pub fn answer(&mut self, request: &str) -> Result<Scripted, String> {
        let next = self.next(request)?;
        let Some(status) = status(&next.line) else {
            // The server never answered, or the way to it broke: what is said of it is all that is known.
            let problem = of(&next.line, "outcome").as_str().unwrap_or_default().to_owned();
            return Ok(Scripted::Fail(EwsError::Lost { problem }));
        };
        let (body, pieces) = self.in_words_of_the_asker(&next);
        if of(&next.line, "outcome") == "complete" {
            return Ok(Scripted::Pieces { status, body, pieces });
        }
        // What came is played, and then the connection breaks.
        Ok(Scripted::Broken { status, body, pieces })
    }

    /// Takes the next exchange, whose request must be this one.
    fn next(&mut self, request: &str) -> Result<Exchange, String> {
        let Some(next) = self.left.front() else {
            return Err(format!("nothing more was recorded, but this is asked:\n{request}"));
        };
        // The names in a request that is refused are learnt as well; nothing is played after it.
        if let Some(difference) = self.names.learn(&next.request, request) {
            return Err(format!("{}: {difference}", next.name));
        }
        self.left.pop_front().ok_or_else(String::new)
    }

    /// Takes the next line of the list, which must be of this kind and about this place, as the one who asks calls it. `None` for the
    /// request of a step without documents.
    ///
    /// # Errors
    ///
    /// How it differs from what was recorded.
    pub fn step(&mut self, what: &str, place: &str, request: Option<&str>) -> Result<Step, String> {
        let Some(next) = self.left.front() else {
            return Err(format!("nothing more was recorded, but this is done: {what} {place}"));
        };
        let recorded = of(&next.line, "url");
        let there = recorded.as_str().unwrap_or_default();
        if of(&next.line, "operation") != what || !self.names.agree(Treatment::Url, there, place) {
            return Err(format!("- recorded: {} {there}\n+ done:     {what} {place}", next.name));
        }
        let next = self.next(request.unwrap_or_default())?;
        let (body, _) = self.in_words_of_the_asker(&next);
        Ok(Step { line: self.said(next.line), body })
    }

    /// Returns the answer with the names by which the one who asks goes.
    fn in_words_of_the_asker(&self, exchange: &Exchange) -> (Vec<u8>, Vec<usize>) {
        let (mut body, mut pieces) = (String::new(), Vec::new());
        let mut scrubber = Scrubber::new();
        let mut rest = exchange.answer.as_slice();
        for length in &exchange.pieces {
            let (now, after) = rest.split_at_checked(*length).unwrap_or((rest, &[]));
            scrubber.feed(now, &self.names);
            let piece = scrubber.take();
            pieces.push(piece.len());
            body.push_str(&piece);
            rest = after;
        }
        body.push_str(&scrubber.end());
        (body.into_bytes(), pieces)
    }

    fn said(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.names.text(Treatment::Url, &text)),
            Value::Array(values) => values.into_iter().map(|value| self.said(value)).collect(),
            Value::Object(values) => {
                values.into_iter().map(|(key, value)| (key, self.said(value))).collect()
            }
            other => other,
        }
    }
}

/// A step of Autodiscover that was recorded.
#[derive(Debug)]
pub struct Step {
    /// The line of the list.
    pub line: Value,
    /// The answer, if it has one.
    pub body: Vec<u8>,
}

/// Returns an entry of a line, null where it has none.
fn of<'a>(line: &'a Value, key: &str) -> &'a Value {
    line.get(key).unwrap_or(&Value::Null)
}

fn status(line: &Value) -> Option<u16> {
    of(line, "status").as_u64().and_then(|status| u16::try_from(status).ok())
}

#[expect(clippy::panic, reason = "a double fails the test that asks it for something unexpected")]
fn unexpected(problem: &str) -> Scripted {
    panic!("an unexpected request: {problem}")
}

fn exchange(folder: &Path, line: Value) -> io::Result<(u64, Exchange)> {
    let broken = || io::Error::other(format!("a line of the list is not whole: {line}"));
    let number = of(&line, "number").as_u64().ok_or_else(broken)?;
    let operation = of(&line, "operation").as_str().ok_or_else(broken)?;
    let name = format!("{number:03}-{operation}");
    let (mut request, mut answer, mut pieces) = (String::new(), Vec::new(), Vec::new());
    // A step of Autodiscover may have no documents.
    if let Some(chunks) = of(&line, "chunks").as_array() {
        let length =
            |chunk: &Value| chunk[1].as_u64().and_then(|length| usize::try_from(length).ok());
        pieces = chunks.iter().map(length).collect::<Option<_>>().ok_or_else(broken)?;
        request = fs::read_to_string(folder.join(format!("{name}.request.xml")))?;
        if status(&line).is_some() {
            answer = fs::read(folder.join(format!("{name}.response.xml")))?;
        }
    }
    Ok((number, Exchange { name, request, answer, pieces, line }))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::Replay;
    use crate::ews::envelope::{Header, document};
    use crate::ews::operation::get_folder::GetFolder;
    use crate::ews::recorder::Recorder;
    use crate::ews::{DistinguishedFolder, ServerVersion};

    const HEADER: Header = Header::new(ServerVersion::V2013Sp1);

    fn asks(folder: DistinguishedFolder) -> GetFolder {
        GetFolder { folders: vec![folder.into()] }
    }

    /// A recording of one exchange, whose answer came in two pieces.
    fn recording() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::begin_in(&folder.path().join("tape")).unwrap();
        let request = document(&asks(DistinguishedFolder::Tasks), &HEADER);
        let mut tape = recorder.begin("GetFolder", request.as_bytes());
        tape.head(200);
        tape.piece(b"<s:Envelope xmlns:s='s'><s:Body><GetFolderResponse><ResponseMessages><M ResponseClass='Success'>");
        tape.piece(
            b"<ResponseCode>NoError</ResponseCode><Folders><TasksFolder><FolderId Id='AAMkAD12'/><DisplayName>Aufgaben\
            </DisplayName></TasksFolder></Folders></M></ResponseMessages></GetFolderResponse></s:Body></s:Envelope>",
        );
        tape.end();
        folder
    }

    #[tokio::test]
    async fn a_recording_is_played_to_whoever_asks_the_same() {
        let folder = recording();
        let replay = Replay::open(&folder.path().join("tape")).unwrap();
        assert_eq!(replay.left(), 1);
        let mut lane = Replay::lane(&Arc::new(Mutex::new(replay)));
        let folders = lane.each(asks(DistinguishedFolder::Tasks), &HEADER).await.unwrap();
        let found = folders[0].as_ref().unwrap();
        assert_eq!(found.id.as_str().len(), "AAMkAD12".len());
        assert_ne!(found.id.as_str(), "AAMkAD12");
        assert_eq!(found.name.as_ref().unwrap().len(), "Aufgaben".len());
    }

    #[test]
    fn an_unexpected_request_is_told_with_its_difference() {
        let folder = recording();
        let mut replay = Replay::open(&folder.path().join("tape")).unwrap();
        let told =
            replay.answer(&document(&asks(DistinguishedFolder::Contacts), &HEADER)).unwrap_err();
        assert!(told.starts_with("001-GetFolder: after "), "{told}");
        assert!(told.contains("- recorded: <t:DistinguishedFolderId Id=tasks"), "{told}");
        assert!(told.contains("+ asked:    <t:DistinguishedFolderId Id=contacts"), "{told}");
        assert_eq!(replay.left(), 1, "it is still to come");
        replay.answer(&document(&asks(DistinguishedFolder::Tasks), &HEADER)).unwrap();
        let told =
            replay.answer(&document(&asks(DistinguishedFolder::Tasks), &HEADER)).unwrap_err();
        assert!(told.starts_with("nothing more was recorded"), "{told}");
    }
}
