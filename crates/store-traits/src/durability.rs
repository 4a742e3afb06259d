//! What a store keeps when things go wrong.

/// What a committed fact survives, as the store declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A crash of the process, of the machine, and the loss of power.
    PowerLoss,
    /// A crash of the process; what the operating system had not yet written is lost with it.
    ProcessCrash,
    /// Nothing: it lies in memory.
    Volatile,
    /// The store does not say.
    Undeclared,
}

impl Durability {
    /// The word that names it.
    ///
    /// ```
    /// assert_eq!(store_traits::Durability::Volatile.as_str(), "volatile");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PowerLoss => "power_loss",
            Self::ProcessCrash => "process_crash",
            Self::Volatile => "volatile",
            Self::Undeclared => "undeclared",
        }
    }
}
