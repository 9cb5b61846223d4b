//! What makes a file sound, rule by rule after the guide's 16th section and MS-PST, each with what is said of the files that break
//! it. Who adds a rule to the guide adds it here, and is told what it lacks.

use Case::{Rule as Of, Text};

use super::Rule;

/// A case that breaks a rule.
pub(super) enum Case {
    /// What is said of it.
    Text(&'static str),
    /// The rule that is named.
    Rule(Rule),
}

/// The rules, and the cases that break each.
pub(super) const RULES: &[(&str, &[Case])] = &[
    (
        "both checksums of the header are right",
        &[Text("dwCRCPartial"), Text("dwCRCFull"), Of(Rule::TornHeader)],
    ),
    ("the header has its sentinel", &[Text("bSentinel")]),
    (
        "the file ends where the header says, with a whole section",
        &[Text("says that the file has"), Text("with a whole section"), Of(Rule::Surplus)],
    ),
    ("a page of a tree says twice of which kind it is", &[Text("NBT page at … ptype")]),
    ("it has the id that it is referred to by", &[Text("NBT page at … bid"), Text("(bidNextP)")]),
    ("its checksum is right", &[Text("NBT page at … dwCRC")]),
    ("its signature is that of its place", &[Text("NBT page at … wSig")]),
    ("it begins at a page's place", &[Text("where a page can"), Text("is in the tree twice")]),
    ("its level is one below that of the page above", &[Text("where 1 was expected")]),
    ("it begins with the key that the page above names", &[Text("does not begin with the key")]),
    ("its keys ascend", &[Text("is not in its place")]),
    (
        "it has entries, as many as fit at the most, of the size that its kind has",
        &[Text("is more than the page holds"), Text("cEntMax"), Text("is empty")],
    ),
    ("a block is in the file", &[Text("lies outside of the file")]),
    ("it begins at a slot", &[Text("between two slots")]),
    ("it is in one section", &[Text("crosses the end of a section")]),
    (
        "its trailer says how long it is, as the tree does",
        &[
            Text("damaged block at … cb 0x"),
            Text("is not what the BBT says"),
            Text("which no block has"),
        ],
    ),
    (
        "its trailer has its id, signature and checksum",
        &[
            Text("damaged block at … bid 0x"),
            Text("damaged block at … wSig 0x"),
            Text("damaged block at … dwCRC 0x"),
        ],
    ),
    ("its id was given", &[Text("(bidNextB)"), Text("the reserved bit")]),
    ("no room is used twice", &[Text("is in use twice")]),
    ("what is in use is shown so", &[Text("as free, which is in use")]),
    (
        "what is shown so is in use; else a note",
        &[Text("belong to nobody"), Text("belongs to nobody")],
    ),
    (
        "each section begins with its maps, which are whole",
        &[
            Text("AMap page at 0x4400 … dwCRC"),
            Text("AMap page at 0x4400 … bid"),
            Text("PMap page at 0x4600 … ptype"),
            Text("FMap page at 0x1f04800 … dwCRC"),
            Text("FPMap page at 0x7c004800 … dwCRC"),
        ],
    ),
    ("the header counts the free bytes", &[Text("cbAMapFree")]),
    ("it names the last map", &[Text("ibAMapLast")]),
    ("it says that the maps hold; else a note", &[Text("the maps are not valid")]),
    (
        "each block has as many references as the tree says",
        &[Text("references and has"), Text("is referred to and not there")],
    ),
    ("a list of blocks knows how long all are", &[Text("(lcbTotal)")]),
    ("all but its last are full", &[Text("before its end, not full")]),
    (
        "lists are of a known kind, and lead to blocks of theirs",
        &[
            Text("is an empty list"),
            Text("of unknown kind 2.7"),
            Text("lists a block that is none"),
            Text("which is of another kind"),
        ],
    ),
    ("subnodes ascend", &[Text("its subnodes in order"), Text("with which subnode block")]),
    ("ids of nodes were given, by their kinds", &[Text("rgnid says was given last")]),
    (
        "each heap begins as one, of the kind that belongs there",
        &[Text("bSig"), Text("node 0xc01: damaged HNHDR"), Text("has a heap of kind 0x11 where")],
    ),
    (
        "its maps are in their blocks",
        &[Text("node 0x200024 … damaged HNPAGEMAP"), Text("reach into their map")],
    ),
    (
        "its allocations ascend, begin behind the head and are not too long",
        &[
            Text("does not begin behind its head"),
            Text("node 0xc01 … its first allocation does not begin"),
            Text("ends before it begins"),
            Text("is longer than 3580"),
            Text("were given back"),
        ],
    ),
    (
        "it knows how full its blocks are",
        &[Text("has the fill level"), Text("for blocks that its heap does not have")],
    ),
    (
        "the keys of trees in heaps ascend, and are as long as they belong",
        &[
            Text("is out of order"),
            Text("node 0xc01: damaged BTHHEADER"),
            Text("has a tree with keys of 8 and data of 4"),
            Text("room for 1 more"),
        ],
    ),
    ("ids of values lead to one", &[Text("is no allocation"), Text("the value")]),
    ("the columns of a table are in order", &[Text("its columns in order")]),
    ("the id and the version of a row come first", &[Text("in an unusual place")]),
    (
        "cells and bits are apart, and a row ends with its bits",
        &[
            Text("has cells that overlap"),
            Text("two columns with one bit"),
            Text("of 2 and of 1 end at"),
            Text("has rows of"),
        ],
    ),
    (
        "rows are numbered without gaps",
        &[Text("has gaps in the numbers"), Text("has room for 2 rows and lists 0")],
    ),
    (
        "what a row stands for is there, and in the folder",
        &[
            Text("is listed in folder 0x122 and not there"),
            Text("and belongs to"),
            Text("belongs to another"),
        ],
    ),
    (
        "every item, folder and setting is in a table",
        &[
            Text("are in no folder's table"),
            Text("is in no table that the root folder"),
            Text("views, rules or settings are in no"),
            Text("has no table of its settings"),
        ],
    ),
    ("the row of an item says what the item says", &[Of(Rule::ItemRow)]),
    ("a folder counts its rows", &[Of(Rule::ItemCount), Of(Rule::UnreadCount)]),
    ("the row of a folder says what the folder says", &[Of(Rule::FolderRow)]),
    (
        "the row of an attachment says what the attachment says",
        &[Of(Rule::AttachmentRow), Of(Rule::AttachmentMissing), Of(Rule::AttachmentUnlisted)],
    ),
    (
        "default folders are there; else a note",
        &[Text("names by 36D10102 a folder that is not there")],
    ),
    ("the map of names is there", &[Text("has no entries"), Text("has no buckets")]),
    ("an entry has its position as its ordinal", &[Text("has the ordinal")]),
    (
        "it is in the bucket that its number or the checksum of its text leads to",
        &[
            Text("it belongs to"),
            Text("is not in the bucket 101 it"),
            Text("is in no bucket"),
            Text("lists an entry that another one has"),
            Text("bucket 101 lists entry 32513"),
        ],
    ),
    ("it is of a set that is there", &[Text("is of a set that is not there")]),
    ("ids of named properties are in the map; else a note", &[Of(Rule::UnnamedId)]),
    (
        "items have what every item must have",
        &[
            Text("has no property 001A001F"),
            Text("has no property 0E070003"),
            Text("has no property 0E080003"),
            Text("has no property 30070040"),
            Text("has no property 30080040"),
            Text("has no property 300B0102"),
        ],
    ),
    ("an item knows how long it is; else a note", &[Of(Rule::ItemSize)]),
    ("8028 and 8029 say the same", &[Of(Rule::UsedAddresses), Of(Rule::LoneAddresses)]),
    (
        "patterns of series end with their last byte",
        &[
            Text("item 80c2.200024 … is followed by 1 bytes"),
            Text("item 8082.200024 … is followed by 1 bytes"),
        ],
    ),
    (
        "each changed occurrence has a message",
        &[Of(Rule::ChangedDays), Of(Rule::Occurrences), Of(Rule::NoOwnText), Of(Rule::OtherTimes)],
    ),
    ("messages within items have ids of their own; else a note", &[Of(Rule::EmbeddedId)]),
    ("nothing is nested without end", &[Of(Rule::Nesting)]),
];
