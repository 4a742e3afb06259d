//! How many calls record at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use store_traits::processors;

/// Starting a thread takes longer than sealing fewer facts.
const WORTH_A_THREAD: usize = 64;

/// The calls of a recorder that are under way.
#[derive(Default)]
pub(crate) struct Calls(AtomicUsize);

/// One call, until it ends or is dropped.
pub(crate) struct UnderWay<'c>(&'c AtomicUsize);

impl Calls {
    pub(crate) fn enter(&self) -> UnderWay<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        UnderWay(&self.0)
    }

    /// For how many facts a thread is worth starting. Where more calls are under way than there are
    /// processors, each of these has a call of its own to work for: more threads would take turns with them,
    /// and with the database.
    pub(crate) fn worth_a_thread(&self) -> usize {
        match self.0.load(Ordering::Relaxed) > processors() {
            true => usize::MAX,
            false => WORTH_A_THREAD,
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_divided_as_long_as_there_are_processors_for_it() {
        let calls = Calls::default();
        let few: Vec<_> = (0..processors()).map(|_| calls.enter()).collect();
        assert_eq!(calls.worth_a_thread(), WORTH_A_THREAD);
        let one_more = calls.enter();
        assert_eq!(calls.worth_a_thread(), usize::MAX);
        drop(one_more);
        assert_eq!(calls.worth_a_thread(), WORTH_A_THREAD);
        drop(few);
    }
}
