//! Pure: the files that `abgleich init` writes and prints.

use crate::config::settings::Language;

/// Returns the built-in file with every setting, its default, and what it means.
pub const fn default_file() -> &'static str {
    include_str!("../../config/default.toml")
}

/// Returns the text of a commented starting file, to be saved as `abgleich.toml`.
pub const fn starting_file(language: Language) -> &'static str {
    match language {
        Language::German => include_str!("../../config/start.de.toml"),
        Language::English => include_str!("../../config/start.en.toml"),
    }
}
