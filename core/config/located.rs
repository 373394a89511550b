//! A value of a tree together with where it stands. What may be asked of it depends on the tree: see [`field`] for
//! the one that the file has and [`view`] for the one that has been checked.
//!
//! [`field`]: super::field
//! [`view`]: super::view

use std::marker::PhantomData;

use super::problem::{Place, Problems};
use super::tree::{Entry, Node, Position, Value, joined};

/// A value with the key and the path that lead to it.
pub(crate) struct Located<'t, Tree> {
    pub(crate) problems: &'t Problems,
    /// The key; empty for the root and for items of a list.
    pub(crate) name: &'t str,
    /// As the file spells it.
    pub(crate) path: String,
    pub(crate) key: Position,
    pub(crate) node: &'t Node,
    tree: PhantomData<Tree>,
}

impl<Tree> Clone for Located<'_, Tree> {
    fn clone(&self) -> Self {
        Self { path: self.path.clone(), ..*self }
    }
}

impl<'t, Tree> Located<'t, Tree> {
    pub(crate) fn root(problems: &'t Problems, node: &'t Node) -> Self {
        Self { problems, name: "", path: String::new(), key: Position::START, node, tree: PhantomData }
    }

    pub(crate) fn child(&self, entry: &'t Entry) -> Self {
        let path = joined(&self.path, entry.written.as_deref().unwrap_or(&entry.key));
        Self { name: &entry.key, path, key: entry.position, node: &entry.node, ..*self }
    }

    /// Where the value stands; an empty value stands at its key.
    pub(crate) fn place(&self) -> Place {
        let Position { line, column } =
            if self.node.value == Value::Null { self.key } else { self.node.position };
        Place { path: self.path.clone(), line, column }
    }

    /// Where the key stands.
    pub(crate) fn key_place(&self) -> Place {
        Place { path: self.path.clone(), line: self.key.line, column: self.key.column }
    }

    pub(crate) fn error(&self, code: &'static str, message: impl Into<String>) {
        self.problems.error(&self.place(), code, message.into());
    }

    pub(crate) fn warning(&self, code: &'static str, message: impl Into<String>) {
        self.problems.warning(&self.place(), code, message.into());
    }

    /// Reports a key that the map needs.
    pub(crate) fn missing(&self, key: &str) {
        let place = Place { path: joined(&self.path, key), ..self.key_place() };
        self.problems.error(&place, "missing_key", format!("the key `{key}` is required"));
    }

    /// The entries of a map; none of anything else.
    pub(crate) fn entries(&self) -> Vec<Self> {
        match &self.node.value {
            Value::Map(entries) => entries.iter().map(|entry| self.child(entry)).collect(),
            _ => Vec::new(),
        }
    }

    /// The items of a list; none of anything else.
    pub(crate) fn items(&self) -> Vec<Self> {
        let Value::Sequence(nodes) = &self.node.value else { return Vec::new() };
        let item = |(index, node): (usize, &'t Node)| Self {
            name: "",
            path: format!("{}[{index}]", self.path),
            key: node.position,
            node,
            ..*self
        };
        nodes.iter().enumerate().map(item).collect()
    }
}
