//! Any bytes as an answer of Autodiscover: reading them ends, with a value or an error.

#![no_main]

use abgleich::ews::autodiscover::answer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = answer::read(bytes);
});
