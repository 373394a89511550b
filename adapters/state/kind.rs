//! What kinds of state there are.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What is kept under a name, together with what happened to it.
pub trait Record: Clone + Debug + PartialEq + Serialize + DeserializeOwned {
    /// Something that happened; kept in the order it did, and never changed.
    type Event: Clone + Debug + PartialEq + Serialize + DeserializeOwned;

    /// What kind of state it belongs to.
    const KIND: Kind;

    /// The name, one record each.
    fn name(&self) -> &str;
}

/// A kind of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What people call it.
    pub noun: &'static str,
    /// What its files are called, before `.sqlite`.
    pub stem: &'static str,
    /// Tells its databases from others.
    pub application: i64,
    /// The column with the name of a record.
    pub name_column: &'static str,
    /// The table with what happened.
    pub events_table: &'static str,
    /// What follows when it is damaged.
    pub without: &'static str,
    /// The command with `restore` and `reset`.
    pub command: &'static str,
}
