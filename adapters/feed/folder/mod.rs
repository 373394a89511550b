//! Candles from a folder that grows, in the layout of the candle store: Parquet files that are replaced, CSV files that
//! are appended to.
//!
//! A row is a candle that has closed when its file was written at or after its end, or has not changed since.

mod csv;
mod file;
mod series;
#[cfg(test)]
mod tests;
mod told;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use self::series::{Over, Watch};
use super::FeedError;
use super::news::{News, Wanted};

/// A folder is not looked at more often.
const SHORTEST: Duration = Duration::from_millis(10);

/// A feed of candles from a folder.
#[derive(Debug)]
pub struct FolderFeed {
    folder: PathBuf,
    watches: Vec<Watch>,
    every: Duration,
    /// Whether it was told that the folder is gone.
    is_gone: bool,
}

impl FolderFeed {
    /// A feed of these series from a folder, which is looked at so often (every 10 ms at most).
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn new(folder: PathBuf, wanted: Vec<Wanted>, every: Duration) -> Result<Self, FeedError> {
        if !folder.is_dir() {
            return Err(FeedError::Folder { folder });
        }
        let every = every.max(SHORTEST);
        let watches = wanted.into_iter().enumerate();
        let watches = watches.map(|(series, wanted)| Watch::new(series, wanted, every)).collect();
        Ok(Self { folder, watches, every, is_gone: false })
    }

    /// Tells candles until nobody listens any more.
    pub async fn run(mut self, news: Sender<News>) {
        loop {
            let (every, teller) = (self.every, news.clone());
            let look = spawn_blocking(move || self.look(&teller).map(|()| self));
            // Nobody listens any more, or the runtime is coming to its end.
            let Ok(Ok(feed)) = look.await else { return };
            self = feed;
            tokio::select! {
                () = news.closed() => return,
                () = sleep(every) => {}
            }
        }
    }

    /// Looks at everything once.
    fn look(&mut self, news: &Sender<News>) -> Result<(), Over> {
        let gone = fs::read_dir(&self.folder).err();
        if gone.is_some() != self.is_gone {
            self.is_gone = gone.is_some();
            let said = match gone {
                None => News::Recovered { series: None },
                Some(error) => News::Trouble {
                    series: None,
                    message: format!(
                        "{}: cannot list: {error}; it is looked for again every {:?}",
                        self.folder.display(),
                        self.every
                    ),
                },
            };
            news.blocking_send(said)?;
        }
        if self.is_gone {
            return Ok(());
        }
        self.watches.iter_mut().try_for_each(|watch| watch.look(&self.folder, news))
    }
}
