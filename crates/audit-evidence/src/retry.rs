//! When a job is tried again: pure arithmetic over recorded values, no clock and no randomness.
//!
//! A delay is a function of the policy, the job's name and the attempt, so that whoever reads the
//! log can compute it again. Everything saturates: an absurd policy waits for ever, it never panics.

/// How delays grow from attempt to attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// Always the base.
    Fixed,
    /// base × attempt.
    Linear,
    /// base × 2^(attempt − 1).
    Exponential,
    /// base × the attempt's Fibonacci number (1, 1, 2, 3, 5 …).
    Fibonacci,
}

/// Whether delays of different jobs are spread apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jitter {
    /// All jobs wait equally long.
    None,
    /// Each waits up to so many thousandths less, by its name and attempt; at most 1,000.
    Thousandths(u16),
}

/// When a job is tried again, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How delays grow.
    pub growth: Growth,
    /// The first delay in milliseconds.
    pub base_ms: u64,
    /// No delay is longer, in milliseconds.
    pub cap_ms: u64,
    /// Are delays spread apart?
    pub jitter: Jitter,
    /// Attempts in all, the first one too.
    pub max_attempts: u32,
}

impl RetryPolicy {
    /// Milliseconds to wait after the failure of this attempt (the first is 1); `None` where there is
    /// no further attempt.
    ///
    /// ```
    /// use audit_evidence::{Growth, Jitter, RetryPolicy};
    /// let policy = RetryPolicy {
    ///     growth: Growth::Exponential,
    ///     base_ms: 100,
    ///     cap_ms: 1_000,
    ///     jitter: Jitter::None,
    ///     max_attempts: 6,
    /// };
    /// let delays: Vec<_> = (1..=6).map(|attempt| policy.delay_ms("export-7", attempt)).collect();
    /// assert_eq!(delays, [Some(100), Some(200), Some(400), Some(800), Some(1_000), None]);
    /// ```
    #[must_use]
    pub fn delay_ms(&self, job: &str, attempt: u32) -> Option<u64> {
        if attempt == 0 || attempt >= self.max_attempts {
            return None;
        }
        let factor = match self.growth {
            Growth::Fixed => 1,
            Growth::Linear => u64::from(attempt),
            Growth::Exponential => 1_u64.checked_shl(attempt - 1).unwrap_or(u64::MAX),
            Growth::Fibonacci => fibonacci(attempt),
        };
        let delay = self.base_ms.saturating_mul(factor).min(self.cap_ms);
        Some(match self.jitter {
            Jitter::None => delay,
            Jitter::Thousandths(most) => delay - less(delay, most.min(1_000), job, attempt),
        })
    }

    /// Milliseconds that all delays take together at most: jitter only shortens them.
    ///
    /// ```
    /// use audit_evidence::{Growth, Jitter, RetryPolicy};
    /// let policy = RetryPolicy {
    ///     growth: Growth::Linear,
    ///     base_ms: 10,
    ///     cap_ms: 25,
    ///     jitter: Jitter::None,
    ///     max_attempts: 5,
    /// };
    /// assert_eq!(policy.most_ms(), 10 + 20 + 25 + 25);
    /// ```
    #[must_use]
    pub fn most_ms(&self) -> u64 {
        let delays = u128::from(self.max_attempts.saturating_sub(1));
        let (base, cap) = (u128::from(self.base_ms), u128::from(self.cap_ms));
        let most = match self.growth {
            Growth::Fixed => base.min(cap) * delays,
            Growth::Linear => {
                let growing = cap.checked_div(base).unwrap_or(delays).min(delays);
                base * growing * (growing + 1) / 2 + cap * (delays - growing)
            }
            Growth::Exponential | Growth::Fibonacci => {
                let plain = Self { jitter: Jitter::None, ..*self };
                let growing = self.max_attempts.min(SETTLED);
                let grown = (1..growing).filter_map(|attempt| plain.delay_ms("", attempt));
                let settled = delays.saturating_sub(u128::from(growing.saturating_sub(1)));
                let last = if self.base_ms == 0 { 0 } else { cap };
                grown.map(u128::from).sum::<u128>() + last * settled
            }
        };
        u64::try_from(most).unwrap_or(u64::MAX)
    }
}

/// After so many attempts a doubling or Fibonacci factor has left 64 bits behind.
const SETTLED: u32 = 100;

fn fibonacci(n: u32) -> u64 {
    let (mut previous, mut current) = (0_u64, 1_u64);
    for _ in 1..n {
        (previous, current) = (current, previous.saturating_add(current));
        if current == u64::MAX {
            break;
        }
    }
    current
}

/// A part of the delay, at most `most` thousandths of it, spread by the job's name and the attempt.
fn less(delay: u64, most: u16, job: &str, attempt: u32) -> u64 {
    let spread = job.bytes().fold(u64::from(attempt), |sum, byte| scatter(sum ^ u64::from(byte)));
    let widest = u128::from(delay) * u128::from(most) / 1_000;
    let part = u128::from(scatter(spread)) % (widest + 1);
    u64::try_from(part).unwrap_or(0)
}

/// One step of SplitMix64: neighbours in, strangers out. It protects nothing.
fn scatter(state: u64) -> u64 {
    let mut mixed = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_growth_is_what_its_name_says() {
        let check = |growth, expect: [u64; 6]| {
            let policy = RetryPolicy {
                growth,
                base_ms: 10,
                cap_ms: 75,
                jitter: Jitter::None,
                max_attempts: 9,
            };
            let delays: Vec<_> = (1..=6).filter_map(|n| policy.delay_ms("job", n)).collect();
            assert_eq!(delays, expect, "{growth:?}");
        };
        check(Growth::Fixed, [10, 10, 10, 10, 10, 10]);
        check(Growth::Linear, [10, 20, 30, 40, 50, 60]);
        check(Growth::Exponential, [10, 20, 40, 75, 75, 75]);
        check(Growth::Fibonacci, [10, 10, 20, 30, 50, 75]);
    }

    fn policies() -> impl Strategy<Value = RetryPolicy> {
        let growth = prop_oneof![
            Just(Growth::Fixed),
            Just(Growth::Linear),
            Just(Growth::Exponential),
            Just(Growth::Fibonacci)
        ];
        let jitter = prop_oneof![Just(Jitter::None), any::<u16>().prop_map(Jitter::Thousandths)];
        (growth, any::<u64>(), any::<u64>(), jitter, any::<u32>()).prop_map(
            |(growth, base_ms, cap_ms, jitter, max_attempts)| RetryPolicy {
                growth,
                base_ms,
                cap_ms,
                jitter,
                max_attempts,
            },
        )
    }

    proptest! {
        #[test]
        fn no_policy_panics_exceeds_its_cap_or_answers_twice_differently(
            policy in policies(), job in ".{0,20}", attempt in any::<u32>()
        ) {
            let delay = policy.delay_ms(&job, attempt);
            prop_assert_eq!(delay, policy.delay_ms(&job, attempt));
            prop_assert!(delay.is_none_or(|delay| delay <= policy.cap_ms));
            prop_assert_eq!(delay.is_some(), attempt > 0 && attempt < policy.max_attempts);
        }

        #[test]
        fn without_jitter_delays_never_shrink(policy in policies(), attempt in 1_u32..10_000) {
            let policy = RetryPolicy { jitter: Jitter::None, max_attempts: u32::MAX, ..policy };
            prop_assert!(policy.delay_ms("job", attempt) <= policy.delay_ms("job", attempt + 1));
        }

        #[test]
        fn jitter_takes_at_most_its_share(
            policy in policies(), job in ".{0,20}", most in 0_u16..=1_000, attempt in 1_u32..100
        ) {
            let plain = RetryPolicy { jitter: Jitter::None, max_attempts: 1_000, ..policy };
            let spread = RetryPolicy { jitter: Jitter::Thousandths(most), ..plain };
            let (plain, spread) = (plain.delay_ms(&job, attempt).unwrap(), spread.delay_ms(&job, attempt).unwrap());
            let least = u128::from(plain) * u128::from(1_000 - most) / 1_000;
            prop_assert!(spread <= plain && u128::from(spread) >= least);
        }

        #[test]
        fn the_most_is_the_sum_of_the_delays_without_jitter(
            policy in policies(), base in 0_u64..50, cap in 0_u64..5_000, attempts in 0_u32..300
        ) {
            let small = RetryPolicy { base_ms: base, cap_ms: cap, ..policy };
            for policy in [policy, small] {
                let policy = RetryPolicy { max_attempts: attempts, jitter: Jitter::None, ..policy };
                let delays = (1..attempts).filter_map(|n| policy.delay_ms("job", n));
                prop_assert_eq!(policy.most_ms(), delays.fold(0, u64::saturating_add));
            }
            // Four thousand million attempts are not walked through.
            let _ = RetryPolicy { max_attempts: u32::MAX, ..policy }.most_ms();
        }
    }
}
