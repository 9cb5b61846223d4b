//! Pure: the file that `abgleich init` writes.

use crate::config::settings::Language;

/// Returns the text of a commented starting file, to be saved as `abgleich.toml`.
pub const fn starting_file(language: Language) -> &'static str {
    match language {
        Language::German => include_str!("../../config/start.de.toml"),
        Language::English => include_str!("../../config/start.en.toml"),
    }
}
