//! The access gate: it stands in front of the client, not in a key handler. Nothing that writes to a server can
//! be called without a [`Permit`], and only the gate makes one.

use std::fmt;

use thiserror::Error;

use crate::config::Settings;
use crate::event::clean_line;
use crate::model::Access;

/// What would be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Copies of stored messages are published to a destination.
    Replay {
        /// The stream that is read.
        stream: String,
        /// Where the copies go.
        destination: String,
    },
    /// A consumer starts from elsewhere.
    Reposition {
        /// The stream.
        stream: String,
        /// The consumer.
        consumer: String,
    },
}

impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replay { stream, destination } => {
                write!(f, "replay from {} to {}", clean_line(stream), clean_line(destination))
            }
            Self::Reposition { stream, consumer } => {
                write!(f, "reposition of consumer {} of {}", clean_line(consumer), clean_line(stream))
            }
        }
    }
}

/// What a person said to the question whether to do it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// Nothing yet.
    None,
    /// Yes.
    Yes,
    /// This was typed.
    Typed(String),
}

/// Why a write is not done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// The context only allows looking.
    #[error("{0} is refused: this context is read-only; its access level is set in config.toml")]
    ReadOnly(String),
    /// It was not confirmed.
    #[error("{0} has to be confirmed")]
    Unconfirmed(String),
    /// The context's name has to be typed.
    #[error("{what} is refused: type the context's name, {name:?}, to confirm it")]
    NameNotTyped {
        /// What would be done.
        what: String,
        /// The name.
        name: String,
    },
}

/// The right to do one write. It cannot be made elsewhere, copied or kept for another.
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    write: Write,
}

impl Permit {
    /// What it is for.
    pub const fn write(&self) -> &Write {
        &self.write
    }
}

/// Decides which writes are done on one connection.
#[derive(Clone, Debug)]
pub struct Gate {
    access: Access,
    context: String,
}

impl Gate {
    /// The gate of these settings' connection: the level is that of the address.
    pub fn of(settings: &Settings) -> Self {
        Self::new(settings.access, settings.access_of.clone().unwrap_or_default())
    }

    /// The gate of a connection with this access level, under this name.
    pub fn new(access: Access, context: impl Into<String>) -> Self {
        Self { access, context: context.into() }
    }

    /// Permits a write, or says why not.
    pub fn permit(&self, write: Write, said: &Confirmation) -> Result<Permit, Refused> {
        match (self.access, said) {
            (Access::ReadOnly, _) => Err(Refused::ReadOnly(write.to_string())),
            (Access::Protected, Confirmation::Typed(name)) if *name == self.context && !name.is_empty() => {
                Ok(Permit { write })
            }
            (Access::Protected, _) => {
                Err(Refused::NameNotTyped { what: write.to_string(), name: self.context.clone() })
            }
            (Access::Confirm, Confirmation::None) => Err(Refused::Unconfirmed(write.to_string())),
            (Access::Confirm, _) => Ok(Permit { write }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_asks_for_what_it_says() {
        let write = || Write::Reposition { stream: "S".into(), consumer: "c".into() };
        let yes = Confirmation::Yes;
        let typed = Confirmation::Typed("prod".into());
        let gate = |access| Gate::new(access, "prod");
        for said in [&Confirmation::None, &yes, &typed] {
            assert!(matches!(gate(Access::ReadOnly).permit(write(), said), Err(Refused::ReadOnly(_))));
        }
        assert!(gate(Access::Confirm).permit(write(), &Confirmation::None).is_err());
        assert!(gate(Access::Confirm).permit(write(), &yes).is_ok());
        assert!(gate(Access::Protected).permit(write(), &yes).is_err());
        assert!(gate(Access::Protected).permit(write(), &Confirmation::Typed("dev".into())).is_err());
        assert!(gate(Access::Protected).permit(write(), &typed).is_ok());
        let unnamed = Gate::new(Access::Protected, "");
        assert!(unnamed.permit(write(), &Confirmation::Typed(String::new())).is_err());
    }
}
