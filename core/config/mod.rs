//! Configuration: a spanned tree of YAML, checked as a whole, becomes a [`plan::Plan`].

pub mod plan;
