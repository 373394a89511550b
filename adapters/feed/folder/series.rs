//! One series: its files, and what has been told of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hemiola_components::candle::Candle;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::SendError;

use super::file::Watched;
use super::told::Told;
use crate::feed::news::{News, Wanted};
use crate::store;
use crate::store::layout::PARQUET;

/// Candles that are told at once.
const AT_ONCE: usize = 1_000;

/// How the names of files end that are looked at.
const EXTENSIONS: [&str; 2] = [PARQUET, "csv"];

/// Nobody listens any more.
#[derive(Debug)]
pub(super) struct Over;

impl From<SendError<News>> for Over {
    fn from(_: SendError<News>) -> Self {
        Self
    }
}

/// A series that is watched.
#[derive(Debug)]
pub(super) struct Watch {
    series: usize,
    wanted: Wanted,
    every: Duration,
    files: BTreeMap<PathBuf, Watched>,
    told: Told,
    /// What was told last of what is wrong.
    trouble: Option<String>,
}

impl Watch {
    pub(super) fn new(series: usize, wanted: Wanted, every: Duration) -> Self {
        let told = Told::new(wanted.since);
        Self { series, wanted, every, files: BTreeMap::new(), told, trouble: None }
    }

    /// Looks at the files in a folder, and tells what is new.
    pub(super) fn look(&mut self, folder: &Path, news: &Sender<News>) -> Result<(), Over> {
        let problem = match self.list(folder) {
            Err(problem) => Some(problem),
            Ok(paths) => {
                self.files.retain(|path, _| paths.contains(path));
                for path in &paths {
                    self.look_at(path, news)?;
                }
                self.problem()
            }
        };
        if problem == self.trouble {
            return Ok(());
        }
        self.trouble.clone_from(&problem);
        let series = Some(self.series);
        news.blocking_send(match problem {
            None => News::Recovered { series },
            Some(problem) => {
                let message = format!("{problem}; the folder is looked at every {:?}", self.every);
                News::Trouble { series, message }
            }
        })?;
        Ok(())
    }

    /// The files of the series in time order.
    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, String> {
        let Wanted { venue, symbol, venue_symbol, interval, .. } = &self.wanted;
        let found = store::find(folder, venue, &[symbol, venue_symbol], *interval, &EXTENSIONS);
        let Some(location) = found.map_err(|error| error.to_string())? else {
            return Err(format!(
                "{}: there are no {interval} candles of {venue}:{symbol} yet",
                folder.display()
            ));
        };
        let files = location.files();
        let twice = files.array_windows().find(|[(_, one), (_, next)]| one == next);
        if let Some([(one, _), (next, _)]) = twice {
            return Err(format!(
                "the same month is stored twice, in `{}` and in `{}`: remove one",
                one.display(),
                next.display()
            ));
        }
        Ok(files.into_iter().map(|(path, _)| path.to_owned()).collect())
    }

    fn look_at(&mut self, path: &Path, news: &Sender<News>) -> Result<(), Over> {
        let Self { files, told, wanted, series, .. } = self;
        let file = files.entry(path.to_owned()).or_insert_with(|| Watched::new(path));
        let since = told.since();
        file.look((wanted.interval.length(), self.every), since, |candles, is_appended| {
            let is_new = |candle: &&Candle| {
                // A row that was appended was not there before, whatever it says.
                let is_news = told.is_news(candle);
                is_news || (is_appended && candle.open_time >= since)
            };
            let new: Vec<Candle> = candles.iter().filter(is_new).copied().collect();
            new.chunks(AT_ONCE).try_for_each(|candles| {
                news.blocking_send(News::Candles { series: *series, candles: candles.to_vec() })
            })
        })?;
        Ok(())
    }

    /// What is wrong with the files.
    fn problem(&self) -> Option<String> {
        let mut problems = self.files.values().filter_map(Watched::problem);
        let first = problems.next()?;
        Some(match problems.count() {
            0 => first.to_owned(),
            more => format!("{first}; and {more} other files cannot be read in full"),
        })
    }
}
