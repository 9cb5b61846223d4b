//! Writes a conversation with a server into a folder that may be handed on (effect).
//!
//! It is given documents, and of heads only the status and where it leads, so that logins, tokens and cookies cannot get into it,
//! and it writes them through [`Scrubber`], which leaves the protocol's own words and invents the rest: the same value becomes the
//! same invented value throughout a recording and another one in the next, whose secret is another. The secret is never written.

pub mod invent;
pub(crate) mod parts;
pub mod scrub;
pub(crate) mod words;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ews::recorder::invent::Inventor;
use crate::ews::recorder::parts::Rewrite as _;
use crate::ews::recorder::scrub::Scrubber;
use crate::ews::recorder::words::Treatment;

/// The name of the list of exchanges, one JSON object a line; the first line is about the recording.
pub const INDEX: &str = "index.jsonl";

/// A recording that is being made. Lanes share it.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    folder: PathBuf,
    inventor: Inventor,
    started: Instant,
    exchanges: AtomicU32,
    index: Mutex<File>,
    /// What could not be written first.
    failure: Mutex<Option<String>>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recorder({})", self.0.folder.display())
    }
}

impl Recorder {
    /// Begins a recording in a folder, which is made if need be.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written to, or is not empty: a recording is handed on as a folder, and nothing else goes along.
    pub fn begin_in(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let holds = |entry: io::Result<fs::DirEntry>| {
            entry
                .and_then(|entry| entry.file_type())
                .is_ok_and(|kind| kind.is_file() || kind.is_dir())
        };
        if fs::read_dir(folder)?.any(holds) {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the folder is not empty"));
        }
        let mut index = File::options().write(true).create_new(true).open(folder.join(INDEX))?;
        let mut secret = [0_u8; 32];
        getrandom::fill(&mut secret).map_err(|error| io::Error::other(error.to_string()))?;
        let about = json!({
            "recording": 1,
            "abgleich": env!("CARGO_PKG_VERSION"),
            "started": Timestamp::now().to_string(),
        });
        writeln!(index, "{about}")?;
        Ok(Self(Arc::new(Shared {
            folder: folder.to_owned(),
            inventor: Inventor::new(secret),
            started: Instant::now(),
            exchanges: AtomicU32::new(0),
            index: Mutex::new(index),
            failure: Mutex::default(),
        })))
    }

    /// Returns what could not be written, if something could not. That never stops a run, but then the recording is not whole.
    pub fn failure(&self) -> Option<String> {
        self.0.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins an exchange with its request.
    pub(crate) fn begin(&self, operation: &'static str, request: &[u8]) -> Tape {
        let tape = Tape {
            shared: Arc::clone(&self.0),
            number: self.0.next(),
            operation,
            place: None,
            sent: self.0.passed(),
            head: None,
            status: None,
            location: None,
            answer: None,
            scrubber: Scrubber::new(),
            chunks: Vec::new(),
            ended: false,
        };
        let mut scrubber = Scrubber::new();
        scrubber.feed(request, &self.0.inventor);
        let path = tape.path("request");
        let written = File::create(path).and_then(|mut file| {
            file.write_all(scrubber.take().as_bytes())?;
            file.write_all(scrubber.end().as_bytes())
        });
        self.0.note(written);
        tape
    }

    /// Takes note of a step without documents: what was done, where, and what came of it. Strings in `came` are invented like URLs,
    /// unless they are words of ours or of the protocol.
    pub(crate) fn step(&self, what: &str, place: &str, came: Value) {
        let mut line = json!({
            "number": self.0.next(),
            "operation": what,
            "url": self.0.inventor.text(Treatment::Url, place),
            "sent_ms": self.0.passed(),
        });
        if let (Value::Object(line), Value::Object(came)) = (&mut line, came) {
            line.extend(came.into_iter().map(|(key, value)| (key, self.0.invented(value))));
        }
        self.0.note(self.0.write(&line));
    }
}

impl Shared {
    /// Returns the number of the next exchange.
    fn next(&self) -> u32 {
        self.exchanges.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Adds a line to the list.
    fn write(&self, line: &Value) -> io::Result<()> {
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(index, "{line}")
    }

    /// Takes note of what could not be written.
    fn note(&self, written: io::Result<()>) {
        if let Err(error) = written {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(error.to_string());
        }
    }

    /// Invents what may be a host or an address in what a step brought.
    fn invented(&self, value: Value) -> Value {
        match value {
            Value::String(text) if WORDS.contains(&text.as_str()) => Value::String(text),
            Value::String(text) => Value::String(self.inventor.text(Treatment::Url, &text)),
            Value::Array(values) => values.into_iter().map(|value| self.invented(value)).collect(),
            other => other,
        }
    }

    /// Milliseconds since the recording began.
    fn passed(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Words in the list of exchanges that are not about anybody: ours, and the schemes of logins.
const WORDS: [&str; 8] =
    ["complete", "failed", "refused", "Basic", "NTLM", "Negotiate", "Bearer", "Kerberos"];

/// One exchange that is being recorded. Dropped before its end, it is noted as given up by us.
pub(crate) struct Tape {
    shared: Arc<Shared>,
    number: u32,
    operation: &'static str,
    /// Where it was sent, where that is not always the same.
    place: Option<String>,
    /// All times are in milliseconds since the recording began.
    sent: u64,
    head: Option<u64>,
    status: Option<u16>,
    /// Where the answer leads.
    location: Option<String>,
    answer: Option<File>,
    scrubber: Scrubber,
    /// When each piece came, and how many bytes were written for it.
    chunks: Vec<(u64, usize)>,
    ended: bool,
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tape({})", self.number)
    }
}

/// So many pieces of an answer are noted with their times; a long stream is noted to its first day or so.
const MOST_CHUNKS: usize = 10_000;

impl Tape {
    /// Says where it is sent.
    pub(crate) fn to(mut self, url: &str) -> Self {
        self.place = Some(self.shared.inventor.text(Treatment::Url, url));
        self
    }

    /// The answer leads elsewhere.
    pub(crate) fn leads(&mut self, location: &str) {
        self.location = Some(self.shared.inventor.text(Treatment::Url, location));
    }

    /// The head of the answer came.
    pub(crate) fn head(&mut self, status: u16) {
        self.head = Some(self.shared.passed());
        self.status = Some(status);
        let opened = File::create(self.path("response"));
        match opened {
            Ok(file) => self.answer = Some(file),
            Err(error) => self.shared.note(Err(error)),
        }
    }

    /// A piece of the answer came, unpacked.
    pub(crate) fn piece(&mut self, bytes: &[u8]) {
        self.scrubber.feed(bytes, &self.shared.inventor);
        let text = self.scrubber.take();
        self.write(&text);
    }

    /// The answer is complete.
    pub(crate) fn end(&mut self) {
        self.finish("complete");
    }

    /// The exchange failed; `stage` is a word of ours.
    pub(crate) fn failed(&mut self, stage: &str) {
        self.finish(&format!("failed: {stage}"));
    }

    fn write(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.chunks.len() < MOST_CHUNKS {
            self.chunks.push((self.shared.passed(), text.len()));
        }
        let written = self.answer.as_mut().map_or(Ok(()), |file| file.write_all(text.as_bytes()));
        self.shared.note(written);
    }

    fn finish(&mut self, outcome: &str) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let rest = self.scrubber.end();
        self.write(&rest);
        let chunks: Vec<Value> = self.chunks.iter().map(|(at, bytes)| json!([at, bytes])).collect();
        let mut line = json!({
            "number": self.number,
            "operation": self.operation,
            "sent_ms": self.sent,
            "head_ms": self.head,
            "end_ms": self.shared.passed(),
            "status": self.status,
            "outcome": outcome,
            "chunks": chunks,
        });
        for (key, value) in [("url", self.place.take()), ("location", self.location.take())] {
            if let (Some(value), Value::Object(line)) = (value, &mut line) {
                line.insert(key.to_owned(), value.into());
            }
        }
        self.shared.note(self.shared.write(&line));
    }

    fn path(&self, part: &str) -> PathBuf {
        self.shared.folder.join(format!("{:03}-{}.{part}.xml", self.number, self.operation))
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.finish("given up");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_is_two_files_and_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::begin_in(folder.path()).unwrap();
        let mut tape = recorder.begin("GetItem", b"<a><t:ItemId xmlns:t='t' Id='AAMk12'/></a>");
        tape.head(200);
        tape.piece(b"<a><Surname>Ho");
        tape.piece(b"fer</Surname></a>");
        tape.end();
        drop(recorder.begin("GetFolder", b"<a/>"));
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let answer = read("001-GetItem.response.xml");
        assert_eq!(answer.len(), "<a><Surname>Hofer</Surname></a>".len(), "{answer}");
        assert!(!answer.contains("Hofer") && !read("001-GetItem.request.xml").contains("AAMk12"));
        let lines: Vec<Value> =
            read(INDEX).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["recording"], 1);
        assert_eq!(lines[1]["outcome"], "complete");
        assert_eq!(lines[1]["status"], 200);
        assert_eq!(lines[1]["chunks"].as_array().unwrap().len(), 2);
        assert_eq!((&lines[2]["outcome"], &lines[2]["status"]), (&json!("given up"), &Value::Null));
        assert!(Recorder::begin_in(folder.path()).is_err(), "one recording in a folder");
        assert_eq!(recorder.failure(), None);
        fs::remove_dir_all(folder.path()).unwrap();
        drop(recorder.begin("GetFolder", b"<a/>"));
        assert!(recorder.failure().is_some(), "half a recording is told of");
    }
}
