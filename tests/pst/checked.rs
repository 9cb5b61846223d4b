//! The checker on files of others: what Outlook wrote breaks no rule, and what others got wrong is listed here with its reason.

use std::collections::BTreeSet;

use abgleich::pst::Medium;
use abgleich::pst::check::{Weight, check, check_medium};
use abgleich::pst::crc::crc;
use abgleich::pst::ndb::Header;

use crate::files::{files, name, named};

/// Aspose.Email seeds every store with the same map of names: three records of its buckets lead to entry 164, which are those
/// of the entries 164, 165 and 166. Whoever looks a name up by its bucket takes 0x8808 and 0x8809 for 0x8A1C. Read byte by byte.
const ASPOSE_NAMES: [&str; 5] = [
    "map of named properties: bucket 208 lists an entry that another one has",
    "map of named properties: bucket 209 lists an entry that another one has",
    "map of named properties: entry 164 is not in the bucket 196 it belongs to",
    "map of named properties: entry 165 is in no bucket",
    "map of named properties: entry 166 is in no bucket",
];

/// Recipients of this Aspose file have a column added behind the sorted ones (MS-PST 2.3.4.1: sorted by tag).
const UNSORTED: &str = "does not have its columns in order";

/// In one heap of theirs the fill level is 0, that of an empty block, and the block is nearly full (MS-PST 2.3.1.2).
const LEVELS: &str = "has the fill level 0, ";

/// And it gives rows no conversation, or another one than that of the topic (MS-OXOMSG 2.2.1.2). All rows of Outlook's obey.
const CONVERSATION: &str = "column 30130102 of its row is not what the item has";

/// Contacts that it wrote lack the times of creation and change and the search key (MS-PST 2.4.5; MS-OXCMSG 2.2.1). All items of
/// Outlook's have them.
const REQUIRED: &str = "has no property ";

/// Returns what is wrong with a file: whole findings, or what many have in common.
fn expected(name: &str) -> Option<Vec<&'static str>> {
    let aspose = ASPOSE_NAMES.to_vec();
    match name {
        // Both checksums of its header are wrong, so it cannot be opened.
        "aspose-email__AddingBulkMessagesWithImprovedPerformance.pst" => None,
        "aspose-email__passwordprotectedPST.pst" => Some(aspose),
        "aspose-email__MapiContactToPST1.pst" | "aspose-email__SampleContacts.pst" => {
            Some([aspose, vec![REQUIRED]].concat())
        }
        "aspose-email__search.2.pst" => Some([aspose, vec![CONVERSATION]].concat()),
        "aspose-email__PersonalStorageFile1.pst" => Some([aspose, vec![LEVELS, REQUIRED]].concat()),
        "aspose-email__Test_part1.pst" => {
            Some([aspose, vec![UNSORTED, LEVELS, CONVERSATION, REQUIRED]].concat())
        }
        // What Outlook wrote, copies of mailboxes included.
        _ => Some(Vec::new()),
    }
}

/// Issue 4, point 4: all rules of the format, judged on real files.
#[test]
fn real_files_break_no_rule_and_others_those_that_are_listed() {
    let mut wrong = Vec::new();
    for path in files() {
        let name = name(&path);
        let (Ok(report), Some(expected)) = (check(&path), expected(name)) else {
            assert_eq!(expected(name), None, "{name}");
            continue;
        };
        let known = |text: String| {
            let alike = [UNSORTED, LEVELS, CONVERSATION, REQUIRED];
            let alike = alike.into_iter().find(|alike| text.contains(alike));
            alike.map_or(text, str::to_owned)
        };
        let found: BTreeSet<String> = report
            .findings()
            .iter()
            .filter(|finding| finding.weight == Weight::Error)
            .map(|finding| known(finding.to_string()))
            .collect();
        let expected: BTreeSet<String> = expected.into_iter().map(str::to_owned).collect();
        wrong.extend(found.symmetric_difference(&expected).map(|text| format!("{name}: {text}")));
        assert!(report.pages >= 2 && report.folders >= 4, "{name}: {report:?}");
    }
    assert!(wrong.is_empty(), "found or expected, not both:\n{}", wrong.join("\n"));
}

/// The notes on a file of Outlook's are the known ones: Outlook 2007 counted the bytes of items otherwise, and left room unused.
#[test]
fn notes_say_what_is_remarkable() {
    if let Some(path) = named("MailbirdInc__test_unicode.pst") {
        let report = check(&path).expect("a file");
        let notes: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
        // By hand: the contents and the recipients of both have 2,903 bytes; 15 pages that the map of pages keeps are empty.
        assert_eq!(
            notes,
            [
                "maps: 7680 bytes are shown as in use and belong to nobody",
                "item 8022.200024: says that it has 2522 bytes and has 2903",
                "item 8082.200044: says that it has 2522 bytes and has 2903",
            ]
        );
    }
}

/// Files with pages of 4 KB are judged by the same rules: their maps, and the heads of the pages of their trees.
#[test]
fn maps_and_pages_of_4_kb_are_judged() {
    let Some(path) = named("pst-extractor__pstextractortest@outlook.com.ost") else { return };
    let mut bytes = std::fs::read(path).expect("a file");
    let root = Header::parse(&bytes).expect("a header").nodes.at;
    let root = usize::try_from(root).expect("a small file");
    let mut change = |page: usize, offset: usize| {
        bytes[page + offset] ^= 0x10;
        let sum = crc(&bytes[page..page + 4072]).to_le_bytes();
        bytes[page + 4076..page + 4080].copy_from_slice(&sum);
    };
    // The first slot of the second block that the map shows, and cEntMax.
    change(0x22000, 1);
    change(root, 4058);
    let report = check_medium(Medium::Memory(bytes)).expect("a file");
    let found: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
    let said = |what: &str| found.iter().any(|text| text.contains(what));
    assert!(said("shows 0x23600 as free, which is in use"), "{found:#?}");
    assert!(said("cEntMax"), "{found:#?}");
    assert!(said("cbAMapFree says"), "{found:#?}");
}
