//! How many connections to a server may stand at once (effect: lanes wait for each other).

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places for connections that all lanes to a server share. Clones are the same places.
#[derive(Debug, Clone, Default)]
pub struct Places(Option<(usize, Arc<Semaphore>)>);

/// A connection's place; free again when it is dropped. `None` where places are not counted.
pub(super) type Place = Option<OwnedSemaphorePermit>;

impl Places {
    /// Allows so many connections at once; at least one.
    pub fn of(most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        Self(Some((most, Arc::new(Semaphore::new(most)))))
    }

    /// Returns how many there are; `None` where nobody counts.
    pub fn most(&self) -> Option<usize> {
        self.0.as_ref().map(|(most, _)| *most)
    }

    /// Waits for a free place.
    pub(super) async fn take(&self) -> Place {
        let (_, places) = self.0.as_ref()?;
        // They are never closed.
        Arc::clone(places).acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_more_than_allowed_have_a_place_and_one_that_leaves_makes_room() {
        let places = Places::of(2);
        let (one, _two) = (places.take().await, places.clone().take().await);
        let third = tokio::spawn({
            let places = places.clone();
            async move { places.take().await.is_some() }
        });
        tokio::task::yield_now().await;
        assert!(!third.is_finished(), "both are taken");
        drop(one);
        assert!(third.await.unwrap());
        assert!(Places::default().take().await.is_none(), "nobody counts");
        assert_eq!(Places::of(0).most(), Some(1));
    }
}
