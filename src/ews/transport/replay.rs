//! A lane that plays a recording, strictly (effect; for tests and simulations only).
//!
//! A request must be the next one that was recorded, to the letter: a client that asks for something else, for more, or in another
//! order has changed, and the test says in which line.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use crate::ews::recorder::INDEX;
use crate::ews::transport::Lane;
use crate::ews::transport::scripted::Scripted;

/// An exchange of a recording.
#[derive(Debug)]
struct Exchange {
    name: String,
    request: String,
    status: u16,
    answer: Vec<u8>,
    /// How long its pieces were.
    pieces: Vec<usize>,
}

/// A recording that is played.
#[derive(Debug)]
pub struct Replay(VecDeque<Exchange>);

impl Replay {
    /// Reads a recording.
    ///
    /// # Errors
    ///
    /// When the folder holds none, or one whose list or files are not whole. An exchange without an answer cannot be played.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let index = fs::read_to_string(folder.join(INDEX))?;
        let mut exchanges = Vec::new();
        for line in index.lines().skip(1) {
            let line: Value = serde_json::from_str(line)?;
            exchanges.push(exchange(folder, &line)?);
        }
        exchanges.sort_by_key(|(number, _)| *number);
        Ok(Self(exchanges.into_iter().map(|(_, exchange)| exchange).collect()))
    }

    /// Makes the lane that plays it.
    ///
    /// # Panics
    ///
    /// The lane does, at a request that was not recorded, with the first difference.
    pub fn lane(mut self) -> Lane {
        Lane::scripted(move |request| {
            let answer = self.answer(request);
            answer.unwrap_or_else(|problem| unexpected(&problem))
        })
    }

    /// Returns how many exchanges are left.
    pub fn left(&self) -> usize {
        self.0.len()
    }

    /// Returns the next request.
    pub fn next_request(&self) -> Option<&str> {
        self.0.front().map(|exchange| exchange.request.as_str())
    }

    /// Answers a request.
    ///
    /// # Errors
    ///
    /// How it differs from what was recorded.
    pub fn answer(&mut self, request: &str) -> Result<Scripted, String> {
        let Some(next) = self.0.front() else {
            return Err(format!("nothing more was recorded, but this is asked:\n{request}"));
        };
        if let Some(difference) = difference(&next.request, request) {
            return Err(format!("{}: {difference}", next.name));
        }
        let Some(next) = self.0.pop_front() else { return Err(String::new()) };
        Ok(Scripted::Pieces { status: next.status, body: next.answer, pieces: next.pieces })
    }
}

#[expect(clippy::panic, reason = "a double fails the test that asks it for something unexpected")]
fn unexpected(problem: &str) -> Scripted {
    panic!("an unexpected request: {problem}")
}

fn exchange(folder: &Path, line: &Value) -> io::Result<(u64, Exchange)> {
    let broken = || io::Error::other(format!("a line of the list is not whole: {line}"));
    let number = line["number"].as_u64().ok_or_else(broken)?;
    let operation = line["operation"].as_str().ok_or_else(broken)?;
    let status = line["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let name = format!("{number:03}-{operation}");
    let chunks = line["chunks"].as_array().ok_or_else(broken)?;
    let length = |chunk: &Value| chunk[1].as_u64().and_then(|length| usize::try_from(length).ok());
    let exchange = Exchange {
        request: fs::read_to_string(folder.join(format!("{name}.request.xml")))?,
        status: status.ok_or_else(broken)?,
        answer: fs::read(folder.join(format!("{name}.response.xml")))?,
        pieces: chunks.iter().map(length).collect::<Option<_>>().ok_or_else(broken)?,
        name,
    };
    Ok((number, exchange))
}

/// Returns the first line in which two documents differ, element by element; `None` when they are the same.
fn difference(recorded: &str, asked: &str) -> Option<String> {
    let lines = |text: &str| -> Vec<String> {
        let lines = text.split_inclusive('>').map(str::trim);
        // The declaration says nothing and is not recorded.
        lines.filter(|line| !line.starts_with("<?xml")).map(str::to_owned).collect()
    };
    let (recorded, asked) = (lines(recorded), lines(asked));
    let end = "(the end)".to_owned();
    (0..recorded.len().max(asked.len())).find_map(|place| {
        let (was, is) = (recorded.get(place), asked.get(place));
        let before = place.checked_sub(1).and_then(|before| recorded.get(before));
        (was != is).then(|| {
            let (was, is, after) =
                (was.unwrap_or(&end), is.unwrap_or(&end), before.unwrap_or(&end));
            format!("after {after}\n- recorded: {was}\n+ asked:    {is}")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{Replay, difference};
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
        let mut lane = replay.lane();
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
        assert!(told.contains("- recorded: <t:DistinguishedFolderId Id=\"tasks\"/>"), "{told}");
        assert!(told.contains("+ asked:    <t:DistinguishedFolderId Id=\"contacts\"/>"), "{told}");
        assert_eq!(replay.left(), 1, "it is still to come");
        replay.answer(&document(&asks(DistinguishedFolder::Tasks), &HEADER)).unwrap();
        let told =
            replay.answer(&document(&asks(DistinguishedFolder::Tasks), &HEADER)).unwrap_err();
        assert!(told.starts_with("nothing more was recorded"), "{told}");
    }

    #[test]
    fn the_first_difference_is_told() {
        assert_eq!(difference("<a><b/>x</a>", "<a><b/>x</a>"), None);
        let told = difference("<a><b/>x</a>", "<a><b/>y</a>").unwrap();
        assert_eq!(told, "after <b/>\n- recorded: x</a>\n+ asked:    y</a>");
        assert!(difference("<a>", "<a><b>").unwrap().contains("+ asked:    <b>"));
    }
}
