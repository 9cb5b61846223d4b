//! The checker on files of others: what Outlook wrote breaks no rule, and what others got wrong is listed here with its reason.

use std::collections::BTreeSet;

use abgleich::pst::check::{Weight, check};

use crate::files::{files, name};

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

/// Returns what is wrong with a file: whole findings, or the end of many alike.
fn expected(name: &str) -> Option<Vec<&'static str>> {
    let aspose = ASPOSE_NAMES.to_vec();
    match name {
        // Both checksums of its header are wrong, so it cannot be opened.
        "aspose-email__AddingBulkMessagesWithImprovedPerformance.pst" => None,
        "aspose-email__MapiContactToPST1.pst"
        | "aspose-email__PersonalStorageFile1.pst"
        | "aspose-email__SampleContacts.pst"
        | "aspose-email__passwordprotectedPST.pst"
        | "aspose-email__search.2.pst" => Some(aspose),
        "aspose-email__Test_part1.pst" => Some([aspose, vec![UNSORTED]].concat()),
        // What Outlook wrote, copies of mailboxes included.
        _ => Some(Vec::new()),
    }
}

/// Issue 4, point 4: all rules of the format, judged on real files.
#[test]
fn real_files_break_no_rule_and_others_those_that_are_listed() {
    for path in files() {
        let name = name(&path);
        let (Ok(report), Some(expected)) = (check(&path), expected(name)) else {
            assert_eq!(expected(name), None, "{name}");
            continue;
        };
        let found: BTreeSet<String> = report
            .findings()
            .iter()
            .filter(|finding| finding.weight == Weight::Error)
            .map(ToString::to_string)
            .map(|text| if text.ends_with(UNSORTED) { UNSORTED.to_owned() } else { text })
            .collect();
        let expected: BTreeSet<String> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(found, expected, "{name}");
        assert!(report.pages >= 2 && report.folders >= 4, "{name}: {report:?}");
    }
}

/// The notes on a file of Outlook's are the known ones: Outlook 2007 counted the bytes of items otherwise, and left room unused.
#[test]
fn notes_say_what_is_remarkable() {
    for path in files().iter().filter(|path| name(path) == "MailbirdInc__test_unicode.pst") {
        let report = check(path).expect("a file");
        let notes: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
        // By hand: the contents and the recipients of both have 2,903 bytes; 15 pages that the map of pages keeps are empty.
        assert_eq!(
            notes,
            [
                "maps: 7680 bytes are shown as in use and belong to nobody",
                "item 0x200024: says that it has 2522 bytes and has 2903",
                "item 0x200044: says that it has 2522 bytes and has 2903",
            ]
        );
    }
}
