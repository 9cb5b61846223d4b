//! Tests of NTLM against the examples of MS-NLMP, section 4.2.4, and against messages that a Python program made
//! (`fixtures/logins/ntlm_vectors.py`, which shares nothing with this code).

use super::digest::{Key, binding_hash};
use super::{Circumstances, Identity, Response, authenticate, negotiate};
use crate::ews::auth::{ChannelBinding, Password};

fn bytes(hexadecimal: &str) -> Vec<u8> {
    (0..hexadecimal.len() / 2)
        .map(|at| u8::from_str_radix(&hexadecimal[at * 2..at * 2 + 2], 16).unwrap())
        .collect()
}

fn sixteen(hexadecimal: &str) -> [u8; 16] {
    bytes(hexadecimal).try_into().unwrap()
}

const NONCE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];

#[test]
fn the_examples_of_the_specification() {
    // MS-NLMP, 4.2.4.1.1 (NTOWFv2), 4.2.4.2.1 (LMv2), 4.2.4.2.2 (NTLMv2), 4.2.4.1.2 (session key).
    let key = Key::of("User", "Domain", "Password");
    let target_info =
        bytes("02000c0044006f006d00610069006e0001000c0053006500720076006500720000000000");
    let response = Response::new(&key, NONCE, [0xaa; 8], 0, &target_info);
    assert_eq!(response.lm.to_vec(), bytes("86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"));
    assert_eq!(response.nt[..16], sixteen("68cd0ab851e51c96aabc927bebef6a1c"));
    assert_eq!(response.session_key, sixteen("8de40ccadbc14a82f15cb0ad0de95ca3"));
}

/// A challenge that tells the time and brings a pair that nobody knows.
const CHALLENGE: &str = "4e544c4d53535000020000000c000c0038000000058289a20123456789abcdef00000000000000003100310044000000\
     0a0000000000000f45005800540045005300540002000c00450058005400450053005400010006005300520056003412\
     030078797a070008000080209bcb82d80100000000";

/// The answer of `EXTEST\bob` with `pässwörd€`: with a code, a service, a channel binding.
const ANSWER: &str = "4e544c4d53535000030000001800180058000000af00af00700000000c000c001f010000060006002b01000000000000\
     310100000000000031010000058288a20a0000000000000f2f71bf8e640136fd16aae9f840d9a9230000000000000000\
     00000000000000000000000000000000af2491f5f5095e797ae6b75ea6fa91d401010000000000000080209bcb82d801\
     01020304050607080000000002000c00450058005400450053005400010006005300520056003412030078797a070008\
     000080209bcb82d801060004000200000009002e0048005400540050002f006d00610069006c002e006600690072006d\
     0061002e006500780061006d0070006c0065000a0010008f1214c9c9cab8dc3bf866da9aba57a7000000000000000045\
     005800540045005300540062006f006200";

fn bob() -> Identity {
    Identity::new("EXTEST\\bob", Password::new("pässwörd€"))
}

fn circumstances(binding: Option<&ChannelBinding>) -> Circumstances<'_> {
    Circumstances {
        service: "HTTP/mail.firma.example",
        binding,
        nonce: [1, 2, 3, 4, 5, 6, 7, 8],
        now: 7,
    }
}

#[test]
fn a_whole_answer_is_the_one_of_the_independent_program() {
    let binding = ChannelBinding::of_hash(&(0..32).collect::<Vec<u8>>());
    assert_eq!(
        binding_hash(binding.application_data()),
        sixteen("8f1214c9c9cab8dc3bf866da9aba57a7")
    );
    assert_eq!(
        negotiate(),
        bytes("4e544c4d5353500001000000058288a2000000000000000000000000000000000a0000000000000f")
    );
    let answer =
        authenticate(&bob(), &negotiate(), &bytes(CHALLENGE), &circumstances(Some(&binding)));
    assert_eq!(answer.unwrap(), bytes(ANSWER));
}

#[test]
fn quirk_09_without_a_binding_there_is_no_pair_of_zeros() {
    // Windows refuses a binding of zeros where it lets pass that there is none.
    let answer =
        authenticate(&bob(), &negotiate(), &bytes(CHALLENGE), &circumstances(None)).unwrap();
    let pair = [10, 0, 16, 0];
    assert!(!answer.windows(4).any(|window| window == pair));
    assert!(bytes(ANSWER).windows(4).any(|window| window == pair), "this is how it would look");
}

#[test]
fn a_server_that_tells_no_time_gets_an_lm_answer_and_no_code() {
    // MS-NLMP, 3.1.5.1.2: both depend on MsvAvTimestamp.
    let mut challenge = bytes(CHALLENGE);
    let at = challenge.windows(4).position(|window| window == [7, 0, 8, 0]).unwrap();
    challenge[at] = 0x77;
    let answer = authenticate(&bob(), &negotiate(), &challenge, &circumstances(None)).unwrap();
    assert_eq!(answer[72..88], [0; 16]);
    assert_eq!(answer[88..112], bytes("d609a1af8c9604cf06e6214795586bde0102030405060708"));
    assert!(answer.windows(8).any(|window| window == 7_u64.to_le_bytes()), "our own time");
}

#[test]
fn what_is_no_challenge_is_refused_at_any_length() {
    let whole = bytes(CHALLENGE);
    for end in 0..whole.len() {
        // Nothing may panic; what is cut off within the target info is noticed.
        let answer = authenticate(&bob(), &negotiate(), &whole[..end], &circumstances(None));
        assert!(answer.is_err(), "{end}");
    }
    let mut third = whole.clone();
    third[8] = 3;
    assert!(authenticate(&bob(), &negotiate(), &third, &circumstances(None)).is_err());
    let mut far = whole;
    far[44..48].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(authenticate(&bob(), &negotiate(), &far, &circumstances(None)).is_err());
}

#[test]
fn nothing_prints_the_password() {
    assert!(!format!("{:?}", bob()).contains("pässw"));
}
