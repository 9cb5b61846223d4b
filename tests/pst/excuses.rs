//! Why a reader differs from us, difference by difference: for which files, and how often. A difference of a known kind in another
//! file, or one more in the same, is as unexplained as any other.

use std::collections::BTreeMap;

use crate::compare::Difference;
use crate::readers::Reader::{self, Extractor, Libpff, OutlookPst};

/// What a reader does otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Excuse {
    /// It wants subnodes in every item; contacts often have none.
    WantsSubnodes,
    /// It wants cells of their type's width; Aspose writes wider.
    WantsWidths,
    /// It reads no OST files.
    ReadsNoOst,
    /// It finds no map of names in any ANSI file of version 14.
    FindsNoNames,
    /// It takes the zeros behind Aspose's last record for a property.
    TakesZeros,
    /// It counts the rows of a block of 64 KB as if it had 8, and loses the rest.
    LosesRows,
    /// Names in a code page that the file does not tell; each reader has its own guess.
    GuessesCodePage,
    /// It does not look at which cells a row has, and shows zeros or nothing.
    ShowsNoCells,
    /// It shows an empty value as none.
    ShowsEmptyAsNone,
    /// It ends a text at the first NUL.
    EndsAtNul,
}

use Excuse::{
    EndsAtNul, FindsNoNames, GuessesCodePage, LosesRows, ReadsNoOst, ShowsEmptyAsNone,
    ShowsNoCells, TakesZeros, WantsSubnodes, WantsWidths,
};

/// Excuses, each with how often it is needed.
pub(crate) type Excused = BTreeMap<(Reader, Excuse), usize>;

/// What a reader does so often.
type Times = (Reader, Excuse, usize);

/// What is excused in each file of the collection. By hand, with the scripts of the readers alone (2026-11-29): pst-extractor shows as
/// many empty values of items as libpff shows none (beside them two values of recipients in the one OST file, 18 in the other); it
/// takes as many items for having zeros behind them as libpff gives up; and where outlook-pst reads the recipients, it has the cells
/// that we have.
const KNOWN: [(&str, &[Times]); 19] = [
    ("HiraokaHyperTools__alpha-beta-gamma-delta.pst", &[]),
    (
        "HiraokaHyperTools__contacts.pst",
        &[(Libpff, ShowsEmptyAsNone, 12), (OutlookPst, ShowsEmptyAsNone, 12)],
    ),
    (
        "HiraokaHyperTools__contacts97-2002.pst",
        &[
            (Libpff, GuessesCodePage, 4),
            (Libpff, ShowsEmptyAsNone, 13),
            (Extractor, FindsNoNames, 1),
            (OutlookPst, GuessesCodePage, 4),
            (OutlookPst, ShowsEmptyAsNone, 13),
        ],
    ),
    ("MailbirdInc__sample1.pst", &[(Libpff, ShowsNoCells, 2)]),
    ("MailbirdInc__sample2.pst", &[(Libpff, ShowsNoCells, 2), (Extractor, FindsNoNames, 1)]),
    ("MailbirdInc__submessage.pst", &[(Libpff, ShowsNoCells, 2)]),
    ("MailbirdInc__test_ansi.pst", &[(Extractor, FindsNoNames, 1)]),
    ("MailbirdInc__test_unicode.pst", &[]),
    (
        "apache__testPST.pst",
        &[
            (Libpff, ShowsNoCells, 15),
            (Libpff, ShowsEmptyAsNone, 2),
            (OutlookPst, ShowsEmptyAsNone, 2),
        ],
    ),
    (
        "aspose-email__MapiContactToPST1.pst",
        &[(Libpff, ShowsEmptyAsNone, 12), (OutlookPst, ShowsEmptyAsNone, 12)],
    ),
    (
        "aspose-email__Outlook.pst",
        &[
            (Libpff, ShowsNoCells, 51),
            (Libpff, ShowsEmptyAsNone, 41),
            (OutlookPst, ShowsEmptyAsNone, 41),
        ],
    ),
    ("aspose-email__PersonalStorageFile1.pst", &[(OutlookPst, WantsSubnodes, 71)]),
    (
        "aspose-email__SampleContacts.pst",
        &[(Libpff, ShowsEmptyAsNone, 12), (OutlookPst, WantsSubnodes, 6)],
    ),
    (
        "aspose-email__SampleOstFile.ost",
        &[(Libpff, ShowsNoCells, 195), (Libpff, ShowsEmptyAsNone, 78), (OutlookPst, ReadsNoOst, 1)],
    ),
    (
        "aspose-email__Test_part1.pst",
        &[
            (Libpff, TakesZeros, 12),
            (Libpff, ShowsNoCells, 31),
            (Extractor, TakesZeros, 12),
            (OutlookPst, WantsSubnodes, 12),
            (OutlookPst, WantsWidths, 31),
        ],
    ),
    (
        "aspose-email__passwordprotectedPST.pst",
        &[
            (Libpff, ShowsNoCells, 118),
            (Libpff, ShowsEmptyAsNone, 41),
            (OutlookPst, ShowsEmptyAsNone, 41),
        ],
    ),
    (
        "aspose-email__search.2.pst",
        &[
            (Libpff, ShowsEmptyAsNone, 5),
            (OutlookPst, ShowsEmptyAsNone, 5),
            (OutlookPst, EndsAtNul, 2),
        ],
    ),
    ("microsoft__Empty.pst", &[]),
    (
        "pst-extractor__pstextractortest@outlook.com.ost",
        &[
            (Libpff, ShowsNoCells, 39),
            (Libpff, ShowsEmptyAsNone, 767),
            (Extractor, LosesRows, 1),
            (OutlookPst, ReadsNoOst, 1),
        ],
    ),
];

/// What readers do otherwise in any file that has such values.
const ANYWHERE: [Excuse; 2] = [ShowsNoCells, ShowsEmptyAsNone];

/// Returns what is known of a file, where it is one of the collection.
pub(crate) fn known(file: &str) -> Option<Excused> {
    let (_, known) = KNOWN.iter().find(|(name, _)| *name == file)?;
    Some(known.iter().map(|(reader, excuse, count)| ((*reader, *excuse), *count)).collect())
}

/// Says why a reader differs, where that is known of the file.
pub(crate) fn excuse(reader: Reader, file: &str, difference: &Difference<'_>) -> Option<Excuse> {
    let excuse = alike(reader, difference)?;
    let is_known = known(file).is_some_and(|known| known.contains_key(&(reader, excuse)));
    (is_known || ANYWHERE.contains(&excuse)).then_some(excuse)
}

/// Says what the difference is like.
fn alike(reader: Reader, difference: &Difference<'_>) -> Option<Excuse> {
    match (reader, difference) {
        (OutlookPst, Difference::Error { text, .. }) => [
            ("Missing Sub-Node Tree", WantsSubnodes),
            ("Invalid TCOLDESC cbData", WantsWidths),
            ("Invalid HEADER wMagicClient: 0x4F53", ReadsNoOst),
        ]
        .into_iter()
        .find_map(|(said, why)| text.contains(said).then_some(why)),
        (Extractor, Difference::Error { text, item: None })
            if text.contains("Unable to find 97 ") =>
        {
            Some(FindsNoNames)
        }
        (Libpff, Difference::Error { text, item: None })
            if text.contains("unsupported value type: 0x00000000") =>
        {
            Some(TakesZeros)
        }
        (Extractor, Difference::Property { id: 0, ours: None, theirs: Some(value), .. })
            if value.kind == 0 =>
        {
            Some(TakesZeros)
        }
        (Extractor, Difference::Folder { ours: Some(ours), theirs: Some(theirs) })
            if ours.path == theirs.path && ours.items > theirs.items =>
        {
            Some(LosesRows)
        }
        (_, Difference::Folder { ours: Some(ours), theirs: Some(theirs) })
            if ours.items == theirs.items && !ours.path.concat().is_ascii() =>
        {
            Some(GuessesCodePage)
        }
        (Libpff, Difference::Property { ours: None, theirs: Some(theirs), is_cell: true, .. })
            if theirs.bytes.iter().flatten().all(|byte| *byte == 0) =>
        {
            Some(ShowsNoCells)
        }
        (_, Difference::Property { ours: Some(ours), theirs: Some(theirs), .. })
            if ours.bytes.as_deref() == Some(&[])
                && (theirs.bytes.is_none() || theirs.kind == 0x0001) =>
        {
            Some(ShowsEmptyAsNone)
        }
        (OutlookPst, Difference::Property { ours: Some(ours), theirs: Some(theirs), .. }) => {
            let (ours, theirs) = (ours.bytes.as_deref()?, theirs.bytes.as_deref()?);
            let rest = ours.strip_prefix(theirs)?;
            rest.starts_with(&[0, 0]).then_some(EndsAtNul)
        }
        _ => None,
    }
}
