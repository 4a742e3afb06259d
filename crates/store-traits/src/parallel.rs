//! Work on many items on all processors, with the results in the order of the items.

use std::sync::OnceLock;

/// Does the work for each item, on as many threads as there are processors. A thread is worth starting
/// for `worth` items; fewer are done here.
///
/// ```
/// let squares = store_traits::in_parallel(vec![1, 2, 3], 1, |n| n * n);
/// assert_eq!(squares, [1, 4, 9]);
/// ```
pub fn in_parallel<T: Send, U: Send>(
    mut items: Vec<T>,
    worth: usize,
    work: impl Fn(T) -> U + Sync,
) -> Vec<U> {
    let share = items.len().div_ceil(processors()).max(worth);
    if items.len() <= share {
        return items.into_iter().map(work).collect();
    }
    let mut done = Vec::with_capacity(items.len());
    let work = &work;
    std::thread::scope(|scope| {
        let mut others = Vec::new();
        let mut rest = items.split_off(share);
        while !rest.is_empty() {
            let next = rest.split_off(share.min(rest.len()));
            let part = std::mem::replace(&mut rest, next);
            others.push(scope.spawn(move || part.into_iter().map(work).collect::<Vec<U>>()));
        }
        done.extend(items.into_iter().map(work));
        for part in others {
            done.extend(part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    done
}

/// How many threads can run at once. Asking the system reads several files, so it is asked once.
#[must_use]
pub fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for count in [0, 1, 63, 64, 65, 127, 128, 129, 1_000, 1_001] {
            let items: Vec<usize> = (0..count).collect();
            let expect: Vec<usize> = (0..count).map(|n| n * 2).collect();
            assert_eq!(in_parallel(items, 64, |n| n * 2), expect, "{count}");
        }
    }
}
