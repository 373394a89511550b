//! What is saved of an engine: its state, and the one that it may go back to.

use bevy_ecs::prelude::{Entity, EntityRef, EntityWorldMut, World};
use hemiola_components::position::{Checkpoint, Cursor, Holding, Position};
use hemiola_components::time::Nanos;
use hemiola_components::units::Quantity;
use thiserror::Error;

use super::engine::{Engine, View};

/// A state of an engine that cannot be written, or is not one.
#[derive(Debug, Error)]
pub enum StateError {
    /// The position has no state of this engine.
    #[error("there is none")]
    Missing,
    /// The state is none that can be written or read.
    #[error(transparent)]
    Form(#[from] postcard::Error),
    /// Bytes are left over.
    #[error("it has {0} bytes too many")]
    TooLong(usize),
}

/// The first candle that anybody may look at in the name of a position's engine; one that has failed looks at none.
pub(super) fn looks_back_to<E: Engine>(world: &World, position: Entity) -> usize {
    type Parts<'a, S> = (&'a Position, &'a Holding, &'a Cursor, &'a S, &'a Checkpoint<S>);
    let entity = world.get_entity(position).ok();
    let parts = entity.and_then(|entity| entity.get_components::<Parts<'_, E::State>>().ok());
    let Some((position, holding, cursor, state, checkpoint)) = parts else { return 0 };
    let Some(settings) = world.get::<E::Settings>(position.strategy) else { return 0 };
    if cursor.failure.as_ref().is_some_and(|failure| failure.at == Nanos::NEVER) {
        return usize::MAX;
    }
    let hedge = position.hedge.and_then(|hedge| world.get::<Holding>(hedge));
    let view = View::of(position, holding, cursor, hedge.map_or(Quantity::ZERO, |hedge| hedge.quantity));
    let pasts = [(state, cursor.seen), (&checkpoint.state, checkpoint.seen)];
    let firsts = pasts.map(|(state, seen)| E::looks_back_to(settings, state, &view, seen).min(seen));
    firsts[0].min(firsts[1])
}

/// The states of a position once so many of its oldest candles are gone.
pub(super) fn save<E: Engine>(position: EntityRef<'_>, gone: usize) -> Result<Vec<u8>, StateError> {
    let state = position.get::<E::State>().ok_or(StateError::Missing)?;
    let checkpoint = position.get::<Checkpoint<E::State>>().ok_or(StateError::Missing)?;
    let (mut state, mut checkpoint) = (state.clone(), checkpoint.clone());
    if gone > 0 {
        E::forget(&mut state, gone);
        E::forget(&mut checkpoint.state, gone);
        checkpoint.seen = checkpoint.seen.saturating_sub(gone);
    }
    Ok(postcard::to_stdvec(&(state, checkpoint))?)
}

/// Gives a position these states.
pub(super) fn load<E: Engine>(position: &mut EntityWorldMut<'_>, saved: &[u8]) -> Result<(), StateError> {
    let (states, rest) = postcard::take_from_bytes::<(E::State, Checkpoint<E::State>)>(saved)?;
    if !rest.is_empty() {
        return Err(StateError::TooLong(rest.len()));
    }
    position.insert(states);
    Ok(())
}
