//! The outside world of Hemiola.
