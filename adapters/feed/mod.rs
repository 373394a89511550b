//! Market data while it happens: what feeds tell, over one bounded channel.

pub mod news;
