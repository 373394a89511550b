//! The names that a file defines, for those that refer to them.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::shape::Names;
use crate::config::shape::root::strategy_sections;
use crate::config::tree::{Node, Value};

/// Names in the order of the file.
#[derive(Default)]
pub(super) struct Known<'t>(BTreeMap<Names, NameSet<'t>>);

/// Names of one kind.
#[derive(Default)]
pub(crate) struct NameSet<'t> {
    pub(crate) ordered: Vec<&'t str>,
    pub(crate) sorted: BTreeSet<&'t str>,
}

/// Where names are defined, besides the strategies.
const SOURCES: [(Names, &[&str]); 8] = [
    (Names::Buckets, &["instrument_buckets"]),
    (Names::Buckets, &["risk", "instrument_buckets"]),
    (Names::Controllers, &["runtime", "controllers"]),
    (Names::Environments, &["environments"]),
    (Names::Governors, &["portfolio_governors"]),
    (Names::PermissionProfiles, &["permission_profiles"]),
    (Names::RiskProfiles, &["risk_profiles"]),
    (Names::Universes, &["instrument_universes"]),
];

impl<'t> Known<'t> {
    pub(super) fn collect(root: &'t Node) -> Self {
        let mut known = Self::default();
        for (names, path) in SOURCES {
            known.add(names, path.iter().try_fold(root, |node, key| Some(&node.get(key)?.node)));
        }
        for section in strategy_sections() {
            known.add(Names::Strategies, root.get(section).map(|entry| &entry.node));
        }
        known
    }

    fn add(&mut self, names: Names, node: Option<&'t Node>) {
        let Some(Node { value: Value::Map(entries), .. }) = node else { return };
        let set = self.0.entry(names).or_default();
        for entry in entries {
            if set.sorted.insert(&entry.key) {
                set.ordered.push(&entry.key);
            }
        }
    }

    pub(super) fn names(&self, names: Names) -> &NameSet<'t> {
        static EMPTY: NameSet<'static> = NameSet { ordered: Vec::new(), sorted: BTreeSet::new() };
        self.0.get(&names).unwrap_or(&EMPTY)
    }
}
