//! The seams to time and chance. A run depends on nothing else that differs from one machine to the next (invariant 10).

use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{RunId, Token};

/// What time it is.
pub trait Clock: Sync {
    /// Returns the present.
    fn now(&self) -> Timestamp;

    /// Lets time pass.
    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// Where tokens come from.
pub trait Entropy: Sync {
    /// Returns 128 random bits, or `None` where the system gives none.
    fn bits(&self) -> Option<[u8; 16]>;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The random numbers of the machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemEntropy;

/// Random numbers that nobody had yet: the system is asked for many at once, since a first transfer takes one for each item.
static FRESH: Mutex<Vec<[u8; 16]>> = Mutex::new(Vec::new());

impl Entropy for SystemEntropy {
    fn bits(&self) -> Option<[u8; 16]> {
        let mut fresh = FRESH.lock().unwrap_or_else(PoisonError::into_inner);
        if fresh.is_empty() {
            let mut bits = vec![[0; 16]; 64];
            getrandom::fill(bits.as_flattened_mut()).ok()?;
            *fresh = bits;
        }
        fresh.pop()
    }
}

/// Makes a token for a create.
pub fn token(entropy: &dyn Entropy) -> Option<Token> {
    Some(Token::new(hexadecimal(&entropy.bits()?)))
}

/// Makes the name of a run: its time, so that names sort by it, and chance.
pub fn run_id(entropy: &dyn Entropy, now: Timestamp) -> Option<RunId> {
    let bits = entropy.bits()?;
    let chance = bits.get(..4).map(hexadecimal)?;
    Some(RunId::new(format!("{}-{chance}", now.strftime("%Y%m%dT%H%M%SZ"))))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
