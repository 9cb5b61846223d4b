//! Recorded conversations with a real server, and the copies in `fixtures/soap/`.

use std::path::{Path, PathBuf};

use abgleich::ews::autodiscover::answer;
use abgleich::ews::{Arrival, Change, Limits, Reply, ReplyParser, StreamParser};

use crate::loss::nothing_is_lost;

/// Reads an answer in pieces of a size.
pub(crate) fn read(
    bytes: &[u8],
    piece: usize,
    expected: usize,
) -> (Vec<Arrival>, Result<Reply, String>) {
    let mut parser = ReplyParser::new(Limits::default());
    let mut arrivals = Vec::new();
    for piece in bytes.chunks(piece.max(1)) {
        let fed = parser.feed(piece);
        while let Some(arrival) = parser.next_arrival() {
            arrivals.push(arrival);
        }
        if let Err(error) = fed {
            return (arrivals, Err(error.to_string()));
        }
    }
    (arrivals, parser.finish(expected).map_err(|error| error.to_string()))
}

/// What another XML reader counts in a document.
#[derive(Debug, Default, PartialEq)]
struct Count {
    messages: usize,
    items: usize,
    folders: usize,
    changes: usize,
    people: usize,
    notifications: usize,
    fault: bool,
}

/// Counts with roxmltree, which shares no code with what is tested; `None` when it is no XML.
fn count(bytes: &[u8]) -> Option<Count> {
    let text = std::str::from_utf8(bytes).ok()?;
    let document = roxmltree::Document::parse(text).ok()?;
    let parent_is = |node: &roxmltree::Node<'_, '_>, name: &str| {
        node.parent().is_some_and(|parent| parent.tag_name().name() == name)
    };
    let mut count = Count::default();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        let of_message = |node: &roxmltree::Node<'_, '_>| {
            let holder = node.parent().and_then(|items| items.parent());
            holder.is_some_and(|holder| {
                parent_is(&holder, "ResponseMessages") || holder.tag_name().name() == "RootFolder"
            })
        };
        let has = |child: &str| node.children().any(|node| node.tag_name().name() == child);
        if parent_is(&node, "ResponseMessages") {
            count.messages += 1;
        } else if parent_is(&node, "Items") && of_message(&node) && has("ItemId") {
            count.items += 1;
        } else if parent_is(&node, "Folders") && of_message(&node) && has("FolderId") {
            count.folders += 1;
        } else if parent_is(&node, "ResolutionSet") && name == "Resolution" {
            count.people += 1;
        } else if name == "Notification" {
            count.notifications += 1;
        } else if parent_is(&node, "Changes")
            && node.descendants().any(|node| node.tag_name().name() == "ItemId")
        {
            count.changes += 1;
        } else if parent_is(&node, "Body") && name == "Fault" {
            count.fault = true;
        }
    }
    Some(count)
}

fn ours(arrivals: &[Arrival], reply: &Reply) -> Count {
    let mut count = Count { fault: reply.fault.is_some(), ..Count::default() };
    for arrival in arrivals {
        match arrival {
            Arrival::Message(_) => count.messages += 1,
            Arrival::Item { .. } => count.items += 1,
            Arrival::Folder { .. } => count.folders += 1,
            Arrival::Resolution { .. } => count.people += 1,
            Arrival::Notification { .. } => count.notifications += 1,
            Arrival::Change {
                change:
                    Change::Created(_) | Change::Updated(_) | Change::Deleted(_) | Change::ReadFlag(_),
                ..
            } => {
                count.changes += 1;
            }
        }
    }
    count
}

/// Reads the envelopes of a stream in pieces of a size.
pub(crate) fn stream(bytes: &[u8], piece: usize) -> Vec<Arrival> {
    let mut parser = StreamParser::new(Limits::default());
    let mut arrivals = Vec::new();
    for piece in bytes.chunks(piece) {
        parser.feed(piece).unwrap();
        arrivals.extend(std::iter::from_fn(|| parser.next_arrival()));
    }
    parser.finish().unwrap();
    arrivals
}

/// Counts messages and notifications of a stream with roxmltree, envelope by envelope.
fn envelopes(text: &str) -> (usize, usize) {
    let whole = text.split_inclusive("Envelope>").filter(|part| part.contains("Body"));
    let counts = whole.map(|envelope| count(envelope.as_bytes()).expect("an envelope"));
    counts.fold((0, 0), |(m, n), count| (m + count.messages, n + count.notifications))
}

fn answers_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.sort();
    let (folders, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| path.is_dir());
    let is_answer = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // The second is how our own recorder names them.
        path.extension().is_some_and(|kind| kind == "xml")
            && (name.contains("-response") || name.ends_with(".response.xml"))
    };
    let mut answers: Vec<PathBuf> = files.into_iter().filter(is_answer).collect();
    answers.extend(folders.iter().flat_map(|folder| answers_in(folder)));
    answers
}

/// A recording has what Autodiscover said as well, which another reader is for.
fn is_of_autodiscover(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ["-GetUserSettings.", "-Autodiscover."].iter().any(|operation| name.contains(operation))
}

fn check_folder(folder: &Path) -> usize {
    let answers = answers_in(folder);
    for path in &answers {
        let bytes = std::fs::read(path).unwrap();
        let expected = count(&bytes);
        if is_of_autodiscover(path) {
            assert_eq!(answer::read(&bytes).is_ok(), expected.is_some(), "{}", path.display());
            continue;
        }
        let messages = expected.as_ref().map_or(0, |count| count.messages);
        let (arrivals, reply) = read(&bytes, 16 * 1024, messages);
        match (expected, reply) {
            (Some(expected), Ok(reply)) => {
                assert_eq!(ours(&arrivals, &reply), expected, "{}", path.display());
                // Cutting the bytes elsewhere changes nothing.
                let (again, _) = read(&bytes, 997, messages);
                assert!(again == arrivals, "{} in pieces of 997 bytes", path.display());
                let text = std::str::from_utf8(&bytes).unwrap();
                let document = roxmltree::Document::parse(text).unwrap();
                nothing_is_lost(&document, &arrivals, &path.display().to_string());
            }
            // An operation that we do not have answers without response messages.
            (Some(expected), Err(error)) => {
                panic!("{}: {error}, though another reader counts {expected:?}", path.display())
            }
            // Streams have several envelopes in one body: no XML for the other reader. Each of them must be whole for
            // both, however it is cut.
            (None, reply) if path.to_string_lossy().contains("GetStreamingEvents") => {
                assert!(reply.is_err(), "{}", path.display());
                let text = String::from_utf8_lossy(&bytes);
                let (arrivals, counts) = (stream(&bytes, 16 * 1024), envelopes(&text));
                let notifications =
                    arrivals.iter().filter(|a| matches!(a, Arrival::Notification { .. })).count();
                let messages = arrivals.iter().filter(|a| matches!(a, Arrival::Message(_))).count();
                assert_eq!((messages, notifications), counts, "{}", path.display());
                for piece in [1, 97, 4096] {
                    assert!(stream(&bytes, piece) == arrivals, "{} by {piece}", path.display());
                }
            }
            // A word of refusal in plain text.
            (None, reply) => assert!(reply.is_err(), "{}", path.display()),
        }
    }
    answers.len()
}

#[test]
fn recordings_parse_and_have_as_many_items_as_another_reader_counts() {
    let folders = std::env::var_os("ABGLEICH_RECORDINGS").unwrap_or_else(|| {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/ews/recordings").into_os_string()
    });
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/soap");
    for folder in std::env::split_paths(&folders).chain([ours]) {
        if !folder.is_dir() {
            println!("SKIPPED: there is no folder {} (set ABGLEICH_RECORDINGS)", folder.display());
            continue;
        }
        let answers = check_folder(&folder);
        println!("{answers} answers read in {}", folder.display());
        assert!(answers > 0, "{} holds no recorded answer", folder.display());
    }
}

/// The samples that were gathered from documentation and from tests of other clients. What is well-formed and an answer to
/// something that we ask is read like a recording; whatever else is in there must do no harm.
#[test]
fn samples_are_read_without_loss() {
    let folder = std::env::var_os("ABGLEICH_EWS_SAMPLES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/ews/samples"),
        PathBuf::from,
    );
    let Ok(manifest) = std::fs::read_to_string(folder.join("MANIFEST.tsv")) else {
        println!("SKIPPED: there is no {} (set ABGLEICH_EWS_SAMPLES)", folder.display());
        return;
    };
    let (mut read_well, mut compared) = (0, 0);
    for line in manifest.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (file, kind, note) = (columns[0], columns[2], columns[5]);
        let Ok(bytes) = std::fs::read(folder.join(file)) else { continue };
        let expected = count(&bytes);
        let messages = expected.as_ref().map_or(0, |count| count.messages);
        let (arrivals, reply) = read(&bytes, 997, messages);
        let (Some(expected), "response") = (expected, kind) else { continue };
        let Ok(reply) = reply else {
            let odd = expected.messages == 0 || note.contains("malformed");
            assert!(odd, "{file}: {:?}, though another reader counts {expected:?}", reply.err());
            continue;
        };
        assert_eq!(ours(&arrivals, &reply), expected, "{file}");
        let text = std::str::from_utf8(&bytes).unwrap();
        let document = roxmltree::Document::parse(text).unwrap();
        compared += nothing_is_lost(&document, &arrivals, file);
        read_well += 1;
    }
    println!("{read_well} answers with {compared} properties");
    assert!(read_well > 0 && compared > 0, "{read_well} answers, {compared} properties");
}
