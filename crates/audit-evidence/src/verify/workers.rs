//! Threads for work that holds a processor.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that do one piece of work after the other, until they are dropped. One that is started for each
/// piece must ask the system for its memory each time.
pub(super) struct Workers {
    jobs: Sender<Job>,
    threads: usize,
}

impl Workers {
    pub(super) fn start(threads: usize) -> Self {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let start = |_: &usize| {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new().spawn(move || work_off(&waiting)).is_ok()
        };
        let threads = (0..threads).filter(start).count();
        Self { jobs, threads }
    }

    /// Does work on one of the threads, and waits for it without holding this one up. Where the system gave
    /// no thread, it is done here.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let work = AssertUnwindSafe(work);
        let bell = Arc::new(Mutex::new(Bell { done: None, waker: None }));
        let rings = Arc::clone(&bell);
        let job: Job = Box::new(move || {
            let done = catch_unwind(work);
            let mut bell = locked(&rings);
            bell.done = Some(done);
            let waker = bell.waker.take();
            drop(bell);
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        if self.threads == 0 {
            job();
        } else if let Err(refused) = self.jobs.send(job) {
            refused.0();
        }
        let done = poll_fn(|context| {
            let mut bell = locked(&bell);
            match bell.done.take() {
                Some(done) => Poll::Ready(done),
                None => {
                    bell.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        });
        done.await.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// One thread's life: it ends when nobody can bring any more work.
fn work_off(waiting: &Mutex<Receiver<Job>>) {
    loop {
        let job = locked(waiting).recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

/// Rings when the work is over, also when it panicked.
struct Bell<T> {
    done: Option<thread::Result<T>>,
    waker: Option<Waker>,
}

/// Each change is whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
