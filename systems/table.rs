//! Portfolios side by side: one table holds them all, a row each, in the order of their index.
//!
//! A look at one entity finds each of its components anew. A phase that has many portfolios to look at takes the
//! columns once, and an index then leads straight to every component.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use bevy_ecs::query::ContiguousQueryData;

/// The columns of all portfolios.
///
/// # Errors
/// When there is no portfolio.
pub(crate) fn columns<'q, 's, D: ContiguousQueryData>(
    query: &'q mut Query<'_, 's, D>,
) -> Result<D::Contiguous<'q, 's>, BevyError> {
    query.contiguous_iter_mut()?.next().ok_or_else(|| BevyError::from("a world without portfolios"))
}
