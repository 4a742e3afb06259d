//! The one real clock and the one real source of randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use store_traits::{Clock, Entropy, EntropyError, Timestamp};

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    // Reading the clock is what this type is for; everybody else takes a `Clock`.
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Timestamp {
        let now = SystemTime::now();
        let nanos = match now.duration_since(UNIX_EPOCH) {
            Ok(since) => i128::try_from(since.as_nanos()).unwrap_or(i128::MAX),
            Err(before) => -i128::try_from(before.duration().as_nanos()).unwrap_or(i128::MAX),
        };
        // A clock outside the years 0 to 9999 is clamped to 1970: it is wrong either way, and a fact
        // with a wrong time is better than a lost fact.
        Timestamp::from_unix_nanos(nanos).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|error| EntropyError(error.to_string()))
    }

    /// Asks the system once: of a batch, each fact wants a few bytes.
    fn fill_each(&self, parts: &mut [&mut [u8]]) -> Result<(), EntropyError> {
        let mut drawn = vec![0; parts.iter().map(|part| part.len()).sum()];
        self.fill(&mut drawn)?;
        let mut rest = &drawn[..];
        for part in parts {
            let split = rest.split_at_checked(part.len());
            let (own, after) = split.ok_or_else(|| EntropyError("it gave too little".into()))?;
            part.copy_from_slice(own);
            rest = after;
        }
        Ok(())
    }
}
