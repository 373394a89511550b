//! How many records of an event there may be.

use hemiola_adapters::journal::verify::Report;

use super::usage;
use crate::exit::Failure;

/// Bounds, each an event's name and a number of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bounds {
    least: Vec<(String, u64)>,
    most: Vec<(String, u64)>,
}

impl Bounds {
    pub(super) fn parse(least: &[String], most: &[String]) -> Result<Self, Failure> {
        let all = |option: &str, texts: &[String]| -> Result<Vec<_>, Failure> {
            let parse = |text: &String| {
                let bound = text.split_once('=').filter(|(name, _)| !name.is_empty());
                let bound = bound.and_then(|(name, count)| Some((name.to_owned(), count.parse().ok()?)));
                bound.ok_or_else(|| {
                    usage(format!("{option} {text}: write an event and a number, as in order_executed=10"))
                })
            };
            texts.iter().map(parse).collect()
        };
        Ok(Self { least: all("--min-event-count", least)?, most: all("--max-event-count", most)? })
    }

    /// The bounds that do not hold, in words.
    pub(super) fn missed(&self, report: &Report) -> Vec<String> {
        let count = |name: &str| report.events.get(name).copied().unwrap_or_default();
        let least = self.least.iter().filter(|(name, least)| count(name) < *least).map(|(name, least)| {
            format!("--min-event-count: there are {} records of {name}, fewer than {least}", count(name))
        });
        let most = self.most.iter().filter(|(name, most)| count(name) > *most).map(|(name, most)| {
            format!("--max-event-count: there are {} records of {name}, more than {most}", count(name))
        });
        least.chain(most).collect()
    }
}
