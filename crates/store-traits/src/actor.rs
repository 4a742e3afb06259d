//! Who acted.

/// Who acted: a human, else an agent, else the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person, by a subject id that is not personal itself.
    Human {
        /// Subject id.
        subject: String,
    },
    /// An agent, by its name.
    Agent {
        /// Agent name.
        name: String,
    },
    /// The platform, by the component's name.
    System {
        /// Component name.
        component: String,
    },
}
