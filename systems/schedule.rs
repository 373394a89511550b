//! The order. It is written here and nowhere else.

use crate::pass::Systems;
use crate::signals::catalog::Kind;
use crate::{allocation, execution, ingest, journaling, risk, timeline};

/// The systems of a pass for the engine kinds in use. Kinds run in the order of their names.
#[must_use]
pub fn systems(kinds: &[Kind]) -> Systems {
    let mut kinds = kinds.to_vec();
    kinds.sort_by_key(|kind| kind.spec.name);
    let mut systems = Systems::default();
    ingest::add_to(&mut systems);
    for kind in &kinds {
        kind.add_to(&mut systems);
    }
    allocation::add_to(&mut systems);
    risk::add_to(&mut systems);
    execution::add_to(&mut systems);
    journaling::add_to(&mut systems);
    timeline::add_to(&mut systems);
    systems
}
