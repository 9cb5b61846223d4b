//! The columns that tables begin with, as Outlook's own templates have them (pure). MS-PST 3.12, corrected by what Outlook
//! writes.

use crate::mapi::PropertyTag;
use crate::pst::PstError;
use crate::pst::id::Nid;
use crate::pst::ltp::write::TableEdit;

/// A kind of table: the node of its template, and its columns besides the row's id and version.
pub(super) struct Template {
    pub(super) nid: Nid,
    pub(super) columns: &'static [u32],
}

impl Template {
    /// Starts a table.
    pub(super) fn table(&self, last_value: u32, block_size: usize) -> Result<TableEdit, PstError> {
        TableEdit::create(&self.tags(), last_value, block_size)
    }

    /// Lists the properties of the columns.
    pub(super) fn tags(&self) -> Vec<PropertyTag> {
        self.columns.iter().map(|bits| PropertyTag::from_bits(*bits)).collect()
    }
}

/// The folders of a folder.
pub(super) const HIERARCHY: Template = Template {
    nid: Nid(0x60D),
    columns: &[
        0x0E30_0102,
        0x0E33_0014,
        0x0E34_0102,
        0x0E38_0003,
        0x3001_001F,
        0x3602_0003,
        0x3603_0003,
        0x360A_000B,
        0x3613_001F,
        0x6635_0003,
        0x6636_0003,
    ],
};

/// The items of a folder.
pub(super) const CONTENTS: Template = Template {
    nid: Nid(0x60E),
    columns: &[
        0x0017_0003,
        0x001A_001F,
        0x0036_0003,
        0x0037_001F,
        0x0039_0040,
        0x0042_001F,
        0x0057_000B,
        0x0058_000B,
        0x0070_001F,
        0x0071_0102,
        0x0E03_001F,
        0x0E04_001F,
        0x0E06_0040,
        0x0E07_0003,
        0x0E08_0003,
        0x0E17_0003,
        0x0E30_0102,
        0x0E33_0014,
        0x0E34_0102,
        0x0E38_0003,
        0x0E3C_0102,
        0x0E3D_0102,
        0x1097_0003,
        0x3008_0040,
        0x3013_0102,
        0x65C6_0003,
    ],
};

/// Views, rules and settings of a folder.
pub(super) const ASSOCIATED: Template = Template {
    nid: Nid(0x60F),
    columns: &[
        0x001A_001F,
        0x0E07_0003,
        0x0E17_0003,
        0x3001_001F,
        0x6800_001F,
        0x6803_000B,
        0x6805_1003,
        0x682F_001F,
        0x7003_0003,
        0x7004_0102,
        0x7005_0102,
        0x7006_001F,
        0x7007_0003,
    ],
};

/// What a search found.
pub(super) const SEARCH_CONTENTS: Template = Template {
    nid: Nid(0x610),
    columns: &[
        0x0017_0003,
        0x001A_001F,
        0x0036_0003,
        0x0037_001F,
        0x0042_001F,
        0x0057_000B,
        0x0058_000B,
        0x0E03_001F,
        0x0E04_001F,
        0x0E05_001F,
        0x0E06_0040,
        0x0E07_0003,
        0x0E08_0003,
        0x0E17_0003,
        0x0E2A_000B,
        0x3008_0040,
        0x67F1_0003,
    ],
};

/// The attachments of an item.
pub(super) const ATTACHMENTS: Template = Template {
    nid: Nid::ATTACHMENTS,
    columns: &[0x0E20_0003, 0x3704_001F, 0x3705_0003, 0x370B_0003],
};

/// The recipients of an item.
pub(super) const RECIPIENTS: Template = Template {
    nid: Nid::RECIPIENTS,
    columns: &[
        0x0C15_0003,
        0x0E0F_000B,
        0x0FF9_0102,
        0x0FFE_0003,
        0x0FFF_0102,
        0x3001_001F,
        0x3002_001F,
        0x3003_001F,
        0x300B_0102,
        0x3900_0003,
        0x39FF_001F,
        0x3A40_000B,
    ],
};

/// Where new mails go by their class.
pub(super) const RECEIVE_FOLDERS: Template =
    Template { nid: Nid(0x62B), columns: &[0x001A_001F, 0x6605_0003] };

/// Mails to be sent.
pub(super) const OUTGOING: Template =
    Template { nid: Nid(0x64C), columns: &[0x0039_0040, 0x0E10_0003, 0x0E14_0003] };

/// Tables about replication that Outlook expects and leaves empty.
pub(super) const REPLICATION: [Template; 3] = [
    Template { nid: Nid(0x6B6), columns: &[0x0E33_0014, 0x0E37_0102, 0x0E38_0003] },
    Template {
        nid: Nid(0x6D7),
        columns: &[
            0x001A_001F,
            0x0E30_0102,
            0x0E31_0102,
            0x0E33_0014,
            0x0E34_0102,
            0x0E38_0003,
            0x0E3E_0102,
        ],
    },
    Template { nid: Nid(0x6F8), columns: &[0x0E33_0014, 0x3007_0040] },
];
