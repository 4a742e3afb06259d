//! Work that goes on side by side and is taken in the order in which it was begun.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

/// Futures that go on side by side, whenever the next result or something beside them is waited for. They
/// hold connections, of which there are few: whoever waits for one without them may wait for ever.
pub(super) struct SideBySide<F: Future>(VecDeque<Going<F>>);

struct Going<F: Future> {
    future: Pin<Box<F>>,
    done: Option<F::Output>,
}

impl<F: Future> SideBySide<F> {
    pub(super) fn new() -> Self {
        Self(VecDeque::new())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn begin(&mut self, future: F) {
        self.0.push_back(Going { future: Box::pin(future), done: None });
    }

    /// What the one that was begun first came to; `None` where none goes on.
    pub(super) async fn next(&mut self) -> Option<F::Output> {
        poll_fn(|context| self.poll(context)).await
    }

    /// What another future comes to, while they go on.
    pub(super) async fn beside<B: Future>(&mut self, other: B) -> B::Output {
        let mut other = pin!(other);
        poll_fn(|context| {
            self.go_on(context);
            other.as_mut().poll(context)
        })
        .await
    }

    fn go_on(&mut self, context: &mut Context<'_>) {
        for going in &mut self.0 {
            if going.done.is_none()
                && let Poll::Ready(done) = going.future.as_mut().poll(context)
            {
                going.done = Some(done);
            }
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        self.go_on(context);
        match self.0.front_mut().map(|first| first.done.take()) {
            None => Poll::Ready(None),
            Some(None) => Poll::Pending,
            Some(done) => {
                self.0.pop_front();
                Poll::Ready(done)
            }
        }
    }
}
