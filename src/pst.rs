//! PST files: the format of Outlook's own data files, after MS-PST, usable on its own (effect; the layouts are pure).
//!
//! Three layers, as in the specification: the node database (blocks, pages, B-trees), lists, tables and properties on top
//! of it, and messaging (stores, folders, items) on top of that.
