//! What a leader lets the one behind it know: the tree as it will be, and when it is.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use store_traits::{Digest, FactId, Head, IdempotencyKey};

/// The keys of a batch: fingerprint, place and id of the fact of each.
pub(crate) type Keys = BTreeMap<IdempotencyKey, (Digest, u64, FactId)>;

/// A batch that is being committed.
pub(crate) struct Ahead {
    /// The head that it stands on, which is committed.
    pub(crate) before: Head,
    /// The head that there is once it is committed.
    pub(crate) after: Head,
    pub(crate) keys: Keys,
    state: Mutex<State>,
}

enum State {
    Pending(Option<Waker>),
    /// Is it committed just so?
    Over(bool),
}

impl Ahead {
    /// A batch that is about to be committed, to be told how that ended.
    pub(crate) fn new(before: Head, after: Head, keys: Keys) -> (Arc<Self>, Committing) {
        let state = Mutex::new(State::Pending(None));
        let ahead = Arc::new(Self { before, after, keys, state });
        (Arc::clone(&ahead), Committing(ahead))
    }

    /// Waits until the batch is committed, or will not be as it was placed.
    pub(crate) async fn committed(&self) -> bool {
        poll_fn(|context| {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *state {
                State::Over(committed) => Poll::Ready(*committed),
                State::Pending(waker) => {
                    *waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    fn over(&self, committed: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waker = match &mut *state {
            State::Pending(waker) => waker.take(),
            State::Over(_) => return,
        };
        *state = State::Over(committed);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// Held by whoever commits. Dropped without a word, for whatever reason, it says that the batch is not
/// there as it was placed.
pub(crate) struct Committing(Arc<Ahead>);

impl Committing {
    pub(crate) fn done(self) {
        self.0.over(true);
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        self.0.over(false);
    }
}
