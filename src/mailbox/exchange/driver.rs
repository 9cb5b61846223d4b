//! Effect: drives a lane on the very thread that waits for it. A runtime with threads of its own would hand each piece of an answer
//! from one thread to another, and the system would have to wake one for each.

use std::fmt;
use std::future::Future;

use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

use crate::ews::EwsError;
use crate::ews::error::ConnectError;

/// What drives one lane; nothing happens on it between two calls.
pub(super) struct Driver {
    /// Where the lane leads, to say so.
    authority: String,
    runtime: Option<Runtime>,
}

impl Driver {
    /// Makes one for a lane that leads there; what it takes of the system it takes with the first call.
    pub(super) const fn new(authority: String) -> Self {
        Self { authority, runtime: None }
    }

    /// Waits for something.
    ///
    /// # Errors
    ///
    /// Those of what is waited for; and where the system gives nothing to wait with, such as at the limit of open files.
    pub(super) fn wait<T>(
        &mut self,
        work: impl Future<Output = Result<T, EwsError>>,
    ) -> Result<T, EwsError> {
        let runtime = match &mut self.runtime {
            Some(runtime) => runtime,
            none => {
                let made = Builder::new_current_thread().enable_io().enable_time().build();
                none.insert(made.map_err(|error| ConnectError::Tcp {
                    authority: self.authority.clone(),
                    problem: error.to_string(),
                })?)
            }
        };
        runtime.block_on(async {
            // What came since the last call is taken in first: nothing is sent over a connection that the server has closed.
            yield_now().await;
            yield_now().await;
            work.await
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A name that is still being looked up holds nobody up.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("authority", &self.authority).finish_non_exhaustive()
    }
}
