//! Market data while it happens: what feeds tell, over one bounded channel.

pub mod folder;
pub mod klines;
pub mod news;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

use std::path::PathBuf;

use thiserror::Error;

/// Why a feed cannot be made.
#[derive(Debug, Error)]
pub enum FeedError {
    /// The client for HTTP cannot be made.
    #[error("the client for HTTP cannot be made: {0}")]
    Client(#[from] reqwest::Error),
    /// The address is none.
    #[error("`{url}` is not the address of a venue: write it as https://api.binance.com")]
    Address {
        /// What was given.
        url: String,
    },
    /// There is no folder.
    #[error("there is no folder `{}` that candles could come from: make it, or name another one", folder.display())]
    Folder {
        /// What was given.
        folder: PathBuf,
    },
}
