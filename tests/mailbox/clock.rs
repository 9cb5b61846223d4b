//! The clock of the server, for rule D1.

use abgleich::engine::rules::ClockDifference;
use abgleich::mailbox::Mailbox;
use jiff::{SignedDuration, Timestamp};

use crate::bench::Exchange;

#[test]
fn d1_the_clock_of_the_server_is_told() {
    let exchange = Exchange::start();
    for seconds in [0, 60, -60, 600, -600] {
        exchange.server.set_clock_ahead(seconds);
        let address = exchange.fresh();
        let before = Timestamp::now();
        let opened = exchange.open(&address).open().expect("it opens");
        let after = Timestamp::now();
        let ahead = SignedDuration::from_secs(seconds);
        let clock = opened.clock.expect("an answer over HTTP tells the time") - ahead;
        // The header has whole seconds, of which the middle is taken; however busy the machine is, the
        // server told its time between the question and now.
        let half = SignedDuration::from_millis(501);
        assert!(before - half <= clock && clock <= after + half, "{seconds}: {clock} at {after}");
        let judged = ClockDifference::between(after, opened.clock);
        assert_eq!(judged == ClockDifference::Beyond, seconds.abs() > 300, "{seconds}: {judged:?}");
    }
}
