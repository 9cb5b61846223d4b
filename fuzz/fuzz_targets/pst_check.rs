//! Checking a file that is [bent](bent::bent) behind its checksums ends, with a report or an error.

#![no_main]

mod bent;

use abgleich::pst::check::check_medium;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(report) = check_medium(bent::bent(input)) {
        // What it says is read as well.
        for finding in report.findings() {
            let _ = finding.to_string();
        }
    }
});
