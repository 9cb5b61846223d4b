//! Pure: whose fault it is when a server says that something went wrong and not what. A server in trouble says so of every
//! request and gets over it; a damaged item brings it upon each batch that it is in, for ever (notes.md §3.3).

/// How many batches in a row may fail without one that goes through, until nobody looks for an item any more. Finding one among
/// two hundred takes eight.
const MOST_IN_A_ROW: u32 = 16;

/// What a batch fails of, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suspect {
    /// The server, perhaps for a moment: wait, and send the same again.
    Moment,
    /// One of the items: look for it in smaller parts.
    Item,
    /// The server, for longer: leave it alone.
    Server,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Blame {
    waited: bool,
    in_a_row: u32,
    went_through: bool,
}

impl Blame {
    /// Takes note of a batch that failed without a reason.
    pub(super) fn failed(&mut self) -> Suspect {
        self.in_a_row += 1;
        if !std::mem::replace(&mut self.waited, true) {
            Suspect::Moment
        } else if self.in_a_row > MOST_IN_A_ROW {
            Suspect::Server
        } else {
            Suspect::Item
        }
    }

    /// Takes note of a batch that went through.
    pub(super) fn succeeded(&mut self) {
        (self.in_a_row, self.went_through) = (0, true);
    }

    /// Says whether any batch went through.
    pub(super) fn others_went_through(&self) -> bool {
        self.went_through
    }
}

#[cfg(test)]
mod tests {
    use super::{Blame, MOST_IN_A_ROW, Suspect};

    #[test]
    fn a_moment_then_an_item_then_the_server() {
        let mut blame = Blame::default();
        assert_eq!(blame.failed(), Suspect::Moment);
        for _ in 1..MOST_IN_A_ROW {
            assert_eq!(blame.failed(), Suspect::Item);
        }
        assert_eq!(blame.failed(), Suspect::Server);
        blame.succeeded();
        assert_eq!(blame.failed(), Suspect::Item, "the server is well: it was waited for once");
    }
}
