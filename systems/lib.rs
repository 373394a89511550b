//! The behaviour of Hemiola.
